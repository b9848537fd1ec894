// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

/**
 * The right operand of a product, laid out for the micro-kernels and usable for many products: k in
 * chunks of {@link Gemm#CHUNK}; a chunk holds panels of {@link MicroKernels#PANEL} columns, the
 * last filled up with anything; a panel holds its rows one after the other. Reusing one instance
 * for matrices of the same size allocates nothing. Threads may read it while none packs.
 */
final class Packed {
  float[] data = new float[0];
  private int rows;
  private int cols;

  int rows() {
    return rows;
  }

  int cols() {
    return cols;
  }

  /** Makes room for a matrix of this size; the panels are undefined until they are packed. */
  void resize(int rows, int cols) {
    long size = (long) rows * MicroKernels.padded(cols);
    if (size > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          "pack: [" + rows + "x" + cols + "] does not fit into one array; split its columns");
    }
    if (data.length < size) {
      data = new float[(int) size];
    }
    this.rows = rows;
    this.cols = cols;
  }

  /** Where the panel of column col (a multiple of PANEL) stands in the chunk that starts at k0. */
  int panel(int k0, int chunk, int col) {
    return k0 * MicroKernels.padded(cols) + col * chunk;
  }

  /** Packs all of b, growing the storage when needed. */
  Packed pack(Mat b) {
    resize(b.rows, b.cols);
    packPanels(b, 0, b.cols);
    return this;
  }

  /** Packs columns from (a multiple of PANEL) to to; ranges may be packed by several threads. */
  void packPanels(Mat b, int from, int to) {
    for (int k0 = 0; k0 < b.rows; k0 += Gemm.CHUNK) {
      int kc = Math.min(Gemm.CHUNK, b.rows - k0);
      Packing.panels(b, k0, kc, from, to - from, data, panel(k0, kc, from));
    }
  }
}
