// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

/**
 * The operands of one matrix product C = beta * old + A B, brought into the form that the blocked
 * loop likes best. A reusable holder: it copies what describes the matrices, never their elements.
 */
final class Product {
  private static final int TURNED_ROWS = 64;

  final Mat a = new Mat();
  final Mat b = new Mat();
  final Mat c = new Mat();

  /** What the product is added to: C itself, or apart from it, and then its strides may be 0. */
  final Mat old = new Mat();

  /** The right operand when it was packed before, or null when it is {@link #b}. */
  Packed packed;

  float beta;

  Product set(Mat a, Mat b, float beta, Mat c) {
    return set(a, b, beta, c, c);
  }

  Product set(Mat a, Mat b, float beta, Mat old, Mat c) {
    check(a, b.rows, b.cols, c);
    // Rounding does not know which factor came first, so C' = beta * C' + B' A' has the same bits.
    boolean transposed =
        (c.colStride != 1 && c.rowStride == 1)
            || (c.cols == 1 && c.rows > 1)
            || (b.rowStride == 1 && b.colStride != 1 && fewRows(c));
    if (transposed) {
      this.a.setTransposed(b);
      this.b.setTransposed(a);
      this.old.setTransposed(old);
      this.c.setTransposed(c);
    } else {
      this.a.set(a);
      this.b.set(b);
      this.old.set(old);
      this.c.set(c);
    }
    this.packed = null;
    this.beta = beta;
    return this;
  }

  /** Whether turning the tiles of C costs less than turning all of B for so few rows. */
  private static boolean fewRows(Mat c) {
    return c.rows > 1 && c.rows <= TURNED_ROWS && c.cols > 4 * c.rows;
  }

  Product set(Mat a, Packed b, float beta, Mat old, Mat c) {
    check(a, b.rows(), b.cols(), c);
    this.a.set(a);
    this.old.set(old);
    this.c.set(c);
    this.packed = b;
    this.beta = beta;
    return this;
  }

  /** Drops the references to the caller's arrays. */
  void clear() {
    a.data = null;
    b.data = null;
    old.data = null;
    c.data = null;
    packed = null;
  }

  long multiplyAdds() {
    return (long) c.rows * c.cols * a.cols;
  }

  private static void check(Mat a, int bRows, int bCols, Mat c) {
    if (a.cols != bRows || a.rows != c.rows || bCols != c.cols) {
      throw new IllegalArgumentException(
          String.format(
              "matmul: sizes differ: a is [%dx%d], b is [%dx%d], out is [%dx%d]",
              a.rows, a.cols, bRows, bCols, c.rows, c.cols));
    }
  }
}
