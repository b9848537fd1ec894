// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cuda;

import dev.unroll.Tensor;
import java.util.Optional;

/**
 * A product as BLAS takes it: c = beta c + op(a) op(b) of matrices whose columns are contiguous.
 * Our rows are such columns, so that what is computed is the transposed product, with the factors
 * swapped: out^T = b^T a^T.
 *
 * @param a first factor, [m, k] once transposed or not
 * @param b second factor, [k, n] once transposed or not
 * @param c the result [m, n]
 */
record Gemm(Operand a, Operand b, Operand c, int m, int n, int k) {
  /**
   * A matrix in memory.
   *
   * @param tensor whose elements it is
   * @param transposed whether BLAS has to transpose what it reads
   * @param leading elements from one column to the next
   */
  record Operand(Tensor tensor, boolean transposed, int leading) {}

  /** The call that computes out = beta out + a b; empty if the strides fit none. */
  static Optional<Gemm> of(Tensor a, Tensor b, Tensor out) {
    if (out.size() == 0 || a.cols() == 0) {
      return Optional.empty();
    }
    Operand result = operand(out);
    if (result == null) {
      return Optional.empty();
    }
    return result.transposed() ? of(b.t(), a.t(), out.t()) : rows(a, b, result);
  }

  private static Optional<Gemm> rows(Tensor a, Tensor b, Operand out) {
    Operand first = operand(b);
    Operand second = operand(a);
    if (first == null || second == null) {
      return Optional.empty();
    }
    return Optional.of(new Gemm(first, second, out, b.cols(), a.rows(), a.cols()));
  }

  /** A tensor's rows as columns, or its columns as they are; null if neither is contiguous. */
  private static Operand operand(Tensor x) {
    int rows = leading(x.rows(), x.cols(), x.rowStride(), x.colStride());
    if (rows > 0) {
      return new Operand(x, false, rows);
    }
    int columns = leading(x.cols(), x.rows(), x.colStride(), x.rowStride());
    return columns > 0 ? new Operand(x, true, columns) : null;
  }

  /** The distance of lines that are contiguous in themselves and apart from each other, or 0. */
  private static int leading(int lines, int length, int lineStride, int stride) {
    if (length > 1 && stride != 1) {
      return 0;
    }
    return lines == 1 ? length : lineStride >= length ? lineStride : 0;
  }
}
