// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

/**
 * Runs the element-wise and cell kernels on a short row until the JIT compiler has them, as {@link
 * GemmWarmUp} does for products.
 */
final class SpanWarmUp {
  private static final long LIMIT_NANOS = 1_000_000_000L;

  /** Odd, so that the scalar rests are warm too. */
  private static final int N = 131;

  /** Nanoseconds an element may take in compiled code, with room for a busy machine. */
  private static final int NANOS_PER_ELEMENT = 6;

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
    () -> Spans.add(N, p, 0, c, 0, h, 0),
    () -> Spans.axpby(N, 0.5f, p, 0, 0.5f, h, 0),
    () -> Spans.scale(N, 0.5f, p, 0, h, 0),
    () -> Spans.relu(N, g, 0, h, 0),
    () -> Spans.reluGrad(N, g, 0, p, 0, h, 0),
    () -> Spans.tanhGrad(N, t, 0, p, 0, h, 0),
    () -> Spans.shift(4 * N, g, 0, rows.max(4 * N, g, 0), e, 0),
    () -> VectorLoops.EXP.run(4 * N, g, 0, e, 0),
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
    boolean[] fast = new boolean[warmUp.kernels.length];
    long start = System.nanoTime();
    boolean all = false;
    while (!all && System.nanoTime() - start < LIMIT_NANOS) {
      all = warmUp.round(fast);
    }
    return all;
  }

  private boolean round(boolean[] fast) {
    boolean all = true;
    for (int i = 0; i < kernels.length; i++) {
      if (!fast[i]) {
        long start = System.nanoTime();
        kernels[i].run();
        fast[i] = System.nanoTime() - start < 4L * N * NANOS_PER_ELEMENT;
        all &= fast[i];
      }
    }
    return all;
  }
}
