// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import dev.unroll.AdamStep;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The element-wise and cell kernels on a short row, as {@link GemmWarmUp} has products. */
final class SpanWarmUp {
  private static final int L = Lanes.F.length();

  /**
   * A few vectors, and as long a rest as there can be: its rounds count when HotSpot looks for what
   * to compile, and cost little before that.
   */
  private static final int N = 5 * L - 1;

  /**
   * Nanoseconds that the functions of a row may take in compiled code, whatever the lanes: the
   * vectors are as many. Boxed vectors take ten times as long.
   */
  private static final double FUNCTIONS = 1000;

  /** Nanoseconds for a row of simple arithmetic, which boxed vectors take up to four times. */
  private static final double ARITHMETIC = 160;

  private static final AdamStep ADAM = new AdamStep(0.9f, 0.1f, 0.999f, 0.001f, 1e-8f, 0f);

  /**
   * The operands. What is written and read again keeps to numbers near 1: anything that decays ends
   * in subnormal numbers, on which compiled code is slow too.
   */
  private final float[] ones = new float[4 * N];

  private final float[] gates = new float[4 * N];
  private final float[] state = new float[N];
  private final float[] first = new float[N];
  private final float[] second = new float[N];
  private final float[] out = new float[4 * N];
  private final float[] more = new float[4 * N];
  private final Rows rows = new Rows();

  private final Runnable[] functions = {
    () -> Cells.lstm(N, N, gates, 0, ones, 0, out, 0, out, N, out, 2 * N),
    () -> Cells.lstmGrad(N, N, ones, 0, ones, 0, ones, 0, ones, 0, state, 0, out, 0),
    () -> Cells.gru(N, N, gates, 0, ones, 0, ones, 0, out, 0),
    () -> Cells.gruGrad(N, N, ones, 0, ones, 0, ones, 0, state, 0, out, 0, more, 0),
    () -> VectorLoops.TANH.run(N, ones, 0, out, 0),
    () -> VectorLoops.SIGMOID.run(N, ones, 0, out, 0),
    () -> SpanOptimisers.adam(N, ADAM, 0.1f, 1f, 1f, 1f, state, 0, ones, 0, first, 0, second, 0),
    () -> VectorLoops.SHIFTED_EXP.run(N, ones, 0, rows.max(N, ones, 0), out, 0),
    () -> VectorLoops.LOG.run(N, ones, 0, out, 0),
    () -> Spans.divideScale(N, ones, 0, rows.sum(N, ones, 0), 1f, out, 0),
    () -> RowOperations.sumChunk(9, N, ones, 0, 0, out),
    () -> rows.sumOfProducts(N, ones, 0, ones, 0),
  };

  private final Runnable[] arithmetic = {
    () -> Spans.add(N, ones, 0, ones, 0, out, 0),
    () -> Spans.mul(N, ones, 0, ones, 0, out, 0),
    () -> Spans.divide(N, ones, 0, 3f, out, 0),
    () -> Spans.squaredDifference(N, ones, 0, state, 0, out, 0),
    () -> Spans.twiceDifference(N, 0.5f, ones, 0, state, 0, out, 0),
    () -> SpanOptimisers.plain(N, 0.5f, 1f, ones, 0, out, 0),
    () -> Spans.axpby(N, 0.5f, ones, 0, 0.5f, out, 0),
    () -> Spans.scale(N, 0.5f, ones, 0, out, 0),
    () -> Spans.relu(N, ones, 0, out, 0),
    () -> Spans.reluGrad(N, ones, 0, ones, 0, out, 0),
    () -> Spans.tanhGrad(N, ones, 0, ones, 0, out, 0),
    () -> Spans.shift(N, ones, 0, 0.5f, out, 0),
  };

  SpanWarmUp() {
    Arrays.fill(ones, 1f);
    Arrays.fill(state, 1f);
  }

  /** All of them. */
  List<WarmUp.Kernel> kernels() {
    List<WarmUp.Kernel> kernels = new ArrayList<>();
    for (Runnable kernel : functions) {
      kernels.add(new WarmUp.Kernel(kernel, FUNCTIONS));
    }
    for (Runnable kernel : arithmetic) {
      kernels.add(new WarmUp.Kernel(kernel, ARITHMETIC));
    }
    return kernels;
  }

  /** What the kernels read and write. */
  List<float[]> operands() {
    return List.of(ones, gates, state, first, second, out, more);
  }
}
