// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

/**
 * A strided float matrix on a raw array: element (r, c) stands at {@code offset + r * rowStride + c
 * * colStride}. Mutable, so that hot paths reuse one instance instead of allocating.
 */
final class Mat {
  float[] data;
  int offset;
  int rows;
  int cols;
  int rowStride;
  int colStride;

  /** Points this matrix at other data and returns it. */
  Mat set(float[] data, int offset, int rows, int cols, int rowStride, int colStride) {
    this.data = data;
    this.offset = offset;
    this.rows = rows;
    this.cols = cols;
    this.rowStride = rowStride;
    this.colStride = colStride;
    return this;
  }

  /** Points this matrix at the data of another one and returns it. */
  Mat set(Mat m) {
    return set(m.data, m.offset, m.rows, m.cols, m.rowStride, m.colStride);
  }

  /** Points this matrix at the transpose of another one and returns it. */
  Mat setTransposed(Mat m) {
    return set(m.data, m.offset, m.cols, m.rows, m.colStride, m.rowStride);
  }

  /** The index of element (row, col) in {@link #data}. */
  int at(int row, int col) {
    return offset + row * rowStride + col * colStride;
  }
}
