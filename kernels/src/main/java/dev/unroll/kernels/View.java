// SPDX-License-Identifier: Apache-2.0

package dev.unroll.kernels;

import dev.unroll.Buffer;
import dev.unroll.Tensor;

/** A matrix as kernels are given it: four arguments. Rows and columns are for the bounds check. */
record View(Buffer buffer, int offset, int rows, int cols, int rowStride, int colStride) {
  /** A tensor as it is. */
  static View of(Tensor x) {
    return new View(x.buffer(), x.offset(), x.rows(), x.cols(), x.rowStride(), x.colStride());
  }

  /** A dense tensor as one row. */
  static View folded(Tensor x) {
    return dense(x.buffer(), x.offset(), x.size());
  }

  /** Part of a buffer as one row. */
  static View dense(Buffer buffer, int offset, int count) {
    return new View(buffer, offset, 1, count, count, 1);
  }

  /** In place of an operand that is not there: memory that a flag tells the kernel not to read. */
  static View absent(Tensor any) {
    return new View(any.buffer(), 0, 0, 0, 0, 0);
  }

  /** x, or if it is null something in its place. */
  static View orAbsent(Tensor x, Tensor any) {
    return x == null ? absent(any) : of(x);
  }

  View transposed() {
    return new View(buffer, offset, cols, rows, colStride, rowStride);
  }

  /** Whether all elements lie inside the buffer. */
  boolean fits() {
    if (rows == 0 || cols == 0) {
      return true;
    }
    long last = offset + (rows - 1L) * rowStride + (cols - 1L) * colStride;
    return offset >= 0 && last < buffer.capacity();
  }
}
