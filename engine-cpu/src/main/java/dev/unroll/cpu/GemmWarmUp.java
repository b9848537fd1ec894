// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

/**
 * Runs tiny products until the JIT compiler has every vector kernel of {@link Gemm}. Before that
 * vector code is about a hundred times slower, and a first training step would take seconds.
 */
final class GemmWarmUp {
  private static final long LIMIT_NANOS = 2_000_000_000L;

  /** Short, but enough loop rounds per call for HotSpot to compile after some hundred calls. */
  private static final int DEPTH = 24;

  private static final int[] HEIGHTS = {12, 8, 6, 4, 2, 1};

  private static final int PANEL = MicroKernels.PANEL;
  private static final int GROUP = MicroKernels.TILE_ROWS;

  private final GemmThread thread = new GemmThread();
  private final float[] data = new float[DEPTH * 8 * PANEL];
  private final float[] out = new float[GROUP * PANEL + 8 * PANEL];
  private final Mat a = new Mat();
  private final Mat b = new Mat();
  private final Mat c = new Mat();
  private final Packed packed = new Packed();

  /**
   * Which kernels were fast once: one for each height, the group kernel, the wide row in place and
   * packed, and B or C turned.
   */
  private final boolean[] fast = new boolean[HEIGHTS.length + 5];

  private boolean packedRow;

  private GemmWarmUp() {}

  /**
   * Warms all kernels; takes some tenths of a second, at most two seconds.
   *
   * @return whether all vector kernels became fast
   */
  static boolean run() {
    GemmWarmUp warmUp = new GemmWarmUp();
    long start = System.nanoTime();
    boolean all = false;
    while (!all && System.nanoTime() - start < LIMIT_NANOS) {
      all = warmUp.round();
    }
    return all;
  }

  private boolean round() {
    boolean all = true;
    for (int kernel = 0; kernel < fast.length; kernel++) {
      if (!fast[kernel]) {
        select(kernel);
        fast[kernel] = isFast();
        all &= fast[kernel];
      }
    }
    return all;
  }

  private void select(int kernel) {
    if (kernel < HEIGHTS.length) {
      int rows = HEIGHTS[kernel];
      a.set(data, 0, rows, DEPTH, DEPTH, 1);
      b.set(data, 0, DEPTH, PANEL, PANEL, 1);
    } else if (kernel == HEIGHTS.length) {
      a.set(data, 0, GROUP, DEPTH, 1, GROUP);
      b.set(data, 0, DEPTH, PANEL, PANEL, 1);
    } else if (kernel <= HEIGHTS.length + 2) {
      a.set(data, 0, 1, DEPTH, DEPTH, 1);
      b.set(data, 0, DEPTH, 8 * PANEL, 8 * PANEL, 1);
    } else {
      boolean turned = kernel == HEIGHTS.length + 3;
      a.set(data, 0, turned ? 4 : GROUP, DEPTH, DEPTH, 1);
      b.set(data, 0, DEPTH, PANEL, 1, DEPTH);
    }
    packedRow = kernel == HEIGHTS.length + 2;
    if (packedRow) {
      packed.pack(b);
    }
    c.set(out, 0, a.rows, b.cols, b.cols, 1);
  }

  /**
   * Whether it is compiled: at least one multiply-add per nanosecond with 16 lanes, a quarter with
   * 4.
   */
  private boolean isFast() {
    long start = System.nanoTime();
    if (packedRow) {
      thread.multiply(a, packed, 0, c);
    } else {
      thread.multiply(a, b, 0, c);
    }
    long nanos = System.nanoTime() - start;
    return 32L * a.rows * b.cols * DEPTH > nanos * PANEL;
  }
}
