// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import dev.unroll.AdamStep;

/**
 * Runs the element-wise and cell kernels on a short row until the JIT compiler has them, as {@link
 * GemmWarmUp} does for products.
 */
final class SpanWarmUp {
  private static final long LIMIT_NANOS = 1_000_000_000L;

  /** Odd, so that the scalar rests are warm too. */
  private static final int N = 131;

  /** Nanoseconds an element may take in compiled code, with room for a busy machine. */
  private static final double NANOS_PER_ELEMENT = 1;

  /** So often in a row a kernel must be fast: a single time may be luck. */
  private static final int TIMES = 3;

  private static final AdamStep ADAM = new AdamStep(0.9f, 0.1f, 0.999f, 0.001f, 1e-8f, 0f);

  private final float[] g = new float[4 * N];
  private final float[] d = new float[4 * N];
  private final float[] e = new float[4 * N];
  private final float[] p = new float[N];
  private final float[] c = new float[N];
  private final float[] t = new float[N];
  private final float[] h = new float[N];
  private final float[] dh = new float[N];
  private final float[] dc = new float[N];
  private final Rows rows = new Rows();

  private final Runnable[] kernels = {
    () -> Cells.lstm(N, N, g, 0, p, 0, c, 0, t, 0, h, 0),
    () -> Cells.lstmGrad(N, N, g, 0, p, 0, t, 0, dh, 0, dc, 0, d, 0),
    () -> Cells.gru(N, N, g, 0, e, 0, p, 0, h, 0),
    () -> Cells.gruGrad(N, N, g, 0, e, 0, p, 0, dh, 0, d, 0, d, N),
    () -> VectorLoops.TANH.run(4 * N, g, 0, e, 0),
    () -> VectorLoops.SIGMOID.run(4 * N, g, 0, e, 0),
    () -> Spans.add(N, p, 0, c, 0, h, 0),
    () -> Spans.mul(N, p, 0, c, 0, h, 0),
    () -> Spans.divide(N, p, 0, 3f, h, 0),
    () -> Spans.addRows4(N, d, 0, N, h, 0),
    () -> Spans.squaredDifference(N, p, 0, c, 0, h, 0),
    () -> Spans.twiceDifference(N, 0.5f, p, 0, c, 0, h, 0),
    () -> SpanOptimisers.plain(N, 0.5f, 1f, p, 0, h, 0),
    () -> SpanOptimisers.adam(N, ADAM, 0.1f, 1f, 1f, 1f, h, 0, p, 0, c, 0, t, 0),
    () -> Spans.axpby(N, 0.5f, p, 0, 0.5f, h, 0),
    () -> Spans.scale(N, 0.5f, p, 0, h, 0),
    () -> Spans.relu(N, g, 0, h, 0),
    () -> Spans.reluGrad(N, g, 0, p, 0, h, 0),
    () -> Spans.tanhGrad(N, t, 0, p, 0, h, 0),
    () -> Spans.shift(4 * N, g, 0, 0.5f, e, 0),
    () -> VectorLoops.SHIFTED_EXP.run(4 * N, g, 0, rows.max(4 * N, g, 0), e, 0),
    () -> Spans.divideScale(4 * N, g, 0, 1f + Math.abs(rows.sum(4 * N, g, 0)), 1f, e, 0),
    () -> rows.sumOfProducts(4 * N, g, 0, g, 0),
  };

  private SpanWarmUp() {}

  /**
   * Warms all kernels; takes some tenths of a second, at most one.
   *
   * @return whether all became fast
   */
  static boolean run() {
    SpanWarmUp warmUp = new SpanWarmUp();
    int[] fast = new int[warmUp.kernels.length];
    long start = System.nanoTime();
    boolean all = false;
    while (!all && System.nanoTime() - start < LIMIT_NANOS) {
      all = warmUp.round(fast);
    }
    return all;
  }

  private boolean round(int[] fast) {
    boolean all = true;
    for (int i = 0; i < kernels.length; i++) {
      if (fast[i] < TIMES) {
        long start = System.nanoTime();
        kernels[i].run();
        boolean quick = System.nanoTime() - start < 4 * N * NANOS_PER_ELEMENT;
        fast[i] = quick ? fast[i] + 1 : 0;
        all &= fast[i] == TIMES;
      }
    }
    return all;
  }
}
