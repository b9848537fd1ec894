// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import java.util.ArrayList;
import java.util.List;

/**
 * Tiny products that use every vector kernel of {@link Gemm}. Before these are compiled vector code
 * is about a hundred times slower, and a first training step would take seconds.
 */
final class GemmWarmUp {
  /** Short, but enough loop rounds per call for HotSpot to compile after some hundred calls. */
  private static final int DEPTH = 24;

  private static final int[] HEIGHTS = {12, 8, 6, 4, 2, 1};

  private static final int PANEL = MicroKernels.PANEL;
  private static final int GROUP = MicroKernels.TILE_ROWS;

  private final GemmThread thread = new GemmThread();
  private final float[] data = new float[DEPTH * 8 * PANEL];
  private final float[] out = new float[Math.max(GROUP, 8) * PANEL];
  private final Mat a = new Mat();
  private final Mat b = new Mat();
  private final Mat c = new Mat();
  private final Packed packed = new Packed();

  private GemmWarmUp() {}

  /** One for each height, the group kernel, the wide row in place and packed, B or C turned. */
  static List<WarmUp.Kernel> kernels() {
    GemmWarmUp products = new GemmWarmUp();
    List<WarmUp.Kernel> kernels = new ArrayList<>();
    for (int i = 0; i < HEIGHTS.length + 5; i++) {
      int kernel = i;
      products.select(kernel);
      kernels.add(new WarmUp.Kernel(() -> products.run(kernel), products.nanos()));
    }
    return kernels;
  }

  private void run(int kernel) {
    select(kernel);
    if (packs(kernel)) {
      thread.multiply(a, packed.pack(b), 0, c);
    } else {
      thread.multiply(a, b, 0, c);
    }
  }

  private static boolean packs(int kernel) {
    return kernel == HEIGHTS.length + 2;
  }

  private void select(int kernel) {
    if (kernel < HEIGHTS.length) {
      int rows = HEIGHTS[kernel];
      a.set(data, 0, rows, DEPTH, DEPTH, 1);
      b.set(data, 0, DEPTH, PANEL, PANEL, 1);
    } else if (kernel == HEIGHTS.length) {
      a.set(data, 0, GROUP, DEPTH, 1, GROUP);
      b.set(data, 0, DEPTH, PANEL, PANEL, 1);
    } else if (kernel == HEIGHTS.length + 1 || packs(kernel)) {
      a.set(data, 0, 1, DEPTH, DEPTH, 1);
      b.set(data, 0, DEPTH, 8 * PANEL, 8 * PANEL, 1);
    } else {
      boolean turned = kernel == HEIGHTS.length + 3;
      a.set(data, 0, turned ? 4 : GROUP, DEPTH, DEPTH, 1);
      b.set(data, 0, DEPTH, PANEL, 1, DEPTH);
    }
    c.set(out, 0, a.rows, b.cols, b.cols, 1);
  }

  /** One for each multiply-add with 16 lanes, four with 4. */
  private double nanos() {
    return 32.0 * a.rows * b.cols * DEPTH / PANEL;
  }
}
