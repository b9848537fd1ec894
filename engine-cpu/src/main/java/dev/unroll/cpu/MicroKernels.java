// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The innermost loops of the matrix product: one tile of C, one chunk of k, all sums in registers.
 *
 * <p>A tile is up to 12 rows by one panel of two vectors. Every kernel computes {@code c[i, j] =
 * old[i, j] + (sum over k of a[i, k] * b[k, j])}, the sum being one chain of fma from +0 in
 * ascending k and then + (+0), which turns -0 into +0. {@code old} is C itself, or an array of +0
 * (row distance {@code ldo} 0) where C must not be read. Rows of B stand {@code ldb} apart, rows of
 * C {@code ldc}; {@code ao}, {@code bo}, {@code oo}, {@code co} are the first elements. Rows of A
 * stand {@link #ROW_PITCH} apart.
 *
 * <p>The file is long because each height is written out: one local variable per register, no
 * array, no branch and no call between vector values, and constant distances between the rows of A,
 * so that the compiler keeps everything in registers. A branch that joins two vector values made
 * JDK 17 allocate every vector. The start of a row of B is counted up: JDK 25 made of the product
 * {@code k * ldb} code that took half as long again.
 */
final class MicroKernels {
  private static final VectorSpecies<Float> F = Lanes.F;
  private static final int L = F.length();

  /** Columns of a panel of B and of a tile of C. */
  static final int PANEL = 2 * L;

  /**
   * Rows of the largest tile: 12 by 2 vectors of sums where there are 32 vector registers (as with
   * 16 lanes), 6 by 2 where there are 16.
   */
  static final int TILE_ROWS = L == 16 ? 12 : 6;

  /**
   * Distance between the rows of a block of A: a chunk and one cache line, so that the rows of a
   * tile do not fall on the same cache lines.
   */
  static final int ROW_PITCH = Gemm.CHUNK + 16;

  private static final int P = ROW_PITCH;

  private MicroKernels() {}

  /** The number of columns rounded up to whole panels. */
  static int padded(int cols) {
    return (cols + PANEL - 1) / PANEL * PANEL;
  }

  /** The height of the next tile when so many rows are left; there is a kernel for each. */
  static int tileRows(int left) {
    if (left >= TILE_ROWS) {
      return TILE_ROWS;
    }
    return left >= 8 && L == 16 ? 8 : left >= 6 ? 6 : left >= 4 ? 4 : left >= 2 ? 2 : 1;
  }

  /** Twelve rows. */
  static void rows12(
      int kc,
      float[] a,
      int ao,
      float[] b,
      int bo,
      int ldb,
      float[] old,
      int oo,
      int ldo,
      float[] c,
      int co,
      int ldc) {
    FloatVector zero = FloatVector.zero(F);
    FloatVector c00 = zero;
    FloatVector c01 = zero;
    FloatVector c10 = zero;
    FloatVector c11 = zero;
    FloatVector c20 = zero;
    FloatVector c21 = zero;
    FloatVector c30 = zero;
    FloatVector c31 = zero;
    FloatVector c40 = zero;
    FloatVector c41 = zero;
    FloatVector c50 = zero;
    FloatVector c51 = zero;
    FloatVector c60 = zero;
    FloatVector c61 = zero;
    FloatVector c70 = zero;
    FloatVector c71 = zero;
    FloatVector c80 = zero;
    FloatVector c81 = zero;
    FloatVector c90 = zero;
    FloatVector c91 = zero;
    FloatVector ca0 = zero;
    FloatVector ca1 = zero;
    FloatVector cb0 = zero;
    FloatVector cb1 = zero;
    int bk = bo;
    for (int k = 0; k < kc; k++, bk += ldb) {
      FloatVector b0 = FloatVector.fromArray(F, b, bk);
      FloatVector b1 = FloatVector.fromArray(F, b, bk + L);
      FloatVector x = FloatVector.broadcast(F, a[ao + k]);
      c00 = x.fma(b0, c00);
      c01 = x.fma(b1, c01);
      x = FloatVector.broadcast(F, a[ao + P + k]);
      c10 = x.fma(b0, c10);
      c11 = x.fma(b1, c11);
      x = FloatVector.broadcast(F, a[ao + 2 * P + k]);
      c20 = x.fma(b0, c20);
      c21 = x.fma(b1, c21);
      x = FloatVector.broadcast(F, a[ao + 3 * P + k]);
      c30 = x.fma(b0, c30);
      c31 = x.fma(b1, c31);
      x = FloatVector.broadcast(F, a[ao + 4 * P + k]);
      c40 = x.fma(b0, c40);
      c41 = x.fma(b1, c41);
      x = FloatVector.broadcast(F, a[ao + 5 * P + k]);
      c50 = x.fma(b0, c50);
      c51 = x.fma(b1, c51);
      x = FloatVector.broadcast(F, a[ao + 6 * P + k]);
      c60 = x.fma(b0, c60);
      c61 = x.fma(b1, c61);
      x = FloatVector.broadcast(F, a[ao + 7 * P + k]);
      c70 = x.fma(b0, c70);
      c71 = x.fma(b1, c71);
      x = FloatVector.broadcast(F, a[ao + 8 * P + k]);
      c80 = x.fma(b0, c80);
      c81 = x.fma(b1, c81);
      x = FloatVector.broadcast(F, a[ao + 9 * P + k]);
      c90 = x.fma(b0, c90);
      c91 = x.fma(b1, c91);
      x = FloatVector.broadcast(F, a[ao + 10 * P + k]);
      ca0 = x.fma(b0, ca0);
      ca1 = x.fma(b1, ca1);
      x = FloatVector.broadcast(F, a[ao + 11 * P + k]);
      cb0 = x.fma(b0, cb0);
      cb1 = x.fma(b1, cb1);
    }
    c00.add(zero).add(FloatVector.fromArray(F, old, oo)).intoArray(c, co);
    c01.add(zero).add(FloatVector.fromArray(F, old, oo + L)).intoArray(c, co + L);
    c10.add(zero).add(FloatVector.fromArray(F, old, oo + ldo)).intoArray(c, co + ldc);
    c11.add(zero).add(FloatVector.fromArray(F, old, oo + ldo + L)).intoArray(c, co + ldc + L);
    c20.add(zero).add(FloatVector.fromArray(F, old, oo + 2 * ldo)).intoArray(c, co + 2 * ldc);
    c21.add(zero)
        .add(FloatVector.fromArray(F, old, oo + 2 * ldo + L))
        .intoArray(c, co + 2 * ldc + L);
    c30.add(zero).add(FloatVector.fromArray(F, old, oo + 3 * ldo)).intoArray(c, co + 3 * ldc);
    c31.add(zero)
        .add(FloatVector.fromArray(F, old, oo + 3 * ldo + L))
        .intoArray(c, co + 3 * ldc + L);
    c40.add(zero).add(FloatVector.fromArray(F, old, oo + 4 * ldo)).intoArray(c, co + 4 * ldc);
    c41.add(zero)
        .add(FloatVector.fromArray(F, old, oo + 4 * ldo + L))
        .intoArray(c, co + 4 * ldc + L);
    c50.add(zero).add(FloatVector.fromArray(F, old, oo + 5 * ldo)).intoArray(c, co + 5 * ldc);
    c51.add(zero)
        .add(FloatVector.fromArray(F, old, oo + 5 * ldo + L))
        .intoArray(c, co + 5 * ldc + L);
    c60.add(zero).add(FloatVector.fromArray(F, old, oo + 6 * ldo)).intoArray(c, co + 6 * ldc);
    c61.add(zero)
        .add(FloatVector.fromArray(F, old, oo + 6 * ldo + L))
        .intoArray(c, co + 6 * ldc + L);
    c70.add(zero).add(FloatVector.fromArray(F, old, oo + 7 * ldo)).intoArray(c, co + 7 * ldc);
    c71.add(zero)
        .add(FloatVector.fromArray(F, old, oo + 7 * ldo + L))
        .intoArray(c, co + 7 * ldc + L);
    c80.add(zero).add(FloatVector.fromArray(F, old, oo + 8 * ldo)).intoArray(c, co + 8 * ldc);
    c81.add(zero)
        .add(FloatVector.fromArray(F, old, oo + 8 * ldo + L))
        .intoArray(c, co + 8 * ldc + L);
    c90.add(zero).add(FloatVector.fromArray(F, old, oo + 9 * ldo)).intoArray(c, co + 9 * ldc);
    c91.add(zero)
        .add(FloatVector.fromArray(F, old, oo + 9 * ldo + L))
        .intoArray(c, co + 9 * ldc + L);
    ca0.add(zero).add(FloatVector.fromArray(F, old, oo + 10 * ldo)).intoArray(c, co + 10 * ldc);
    ca1.add(zero)
        .add(FloatVector.fromArray(F, old, oo + 10 * ldo + L))
        .intoArray(c, co + 10 * ldc + L);
    cb0.add(zero).add(FloatVector.fromArray(F, old, oo + 11 * ldo)).intoArray(c, co + 11 * ldc);
    cb1.add(zero)
        .add(FloatVector.fromArray(F, old, oo + 11 * ldo + L))
        .intoArray(c, co + 11 * ldc + L);
  }

  /** Eight rows. */
  static void rows8(
      int kc,
      float[] a,
      int ao,
      float[] b,
      int bo,
      int ldb,
      float[] old,
      int oo,
      int ldo,
      float[] c,
      int co,
      int ldc) {
    FloatVector zero = FloatVector.zero(F);
    FloatVector c00 = zero;
    FloatVector c01 = zero;
    FloatVector c10 = zero;
    FloatVector c11 = zero;
    FloatVector c20 = zero;
    FloatVector c21 = zero;
    FloatVector c30 = zero;
    FloatVector c31 = zero;
    FloatVector c40 = zero;
    FloatVector c41 = zero;
    FloatVector c50 = zero;
    FloatVector c51 = zero;
    FloatVector c60 = zero;
    FloatVector c61 = zero;
    FloatVector c70 = zero;
    FloatVector c71 = zero;
    int bk = bo;
    for (int k = 0; k < kc; k++, bk += ldb) {
      FloatVector b0 = FloatVector.fromArray(F, b, bk);
      FloatVector b1 = FloatVector.fromArray(F, b, bk + L);
      FloatVector x = FloatVector.broadcast(F, a[ao + k]);
      c00 = x.fma(b0, c00);
      c01 = x.fma(b1, c01);
      x = FloatVector.broadcast(F, a[ao + P + k]);
      c10 = x.fma(b0, c10);
      c11 = x.fma(b1, c11);
      x = FloatVector.broadcast(F, a[ao + 2 * P + k]);
      c20 = x.fma(b0, c20);
      c21 = x.fma(b1, c21);
      x = FloatVector.broadcast(F, a[ao + 3 * P + k]);
      c30 = x.fma(b0, c30);
      c31 = x.fma(b1, c31);
      x = FloatVector.broadcast(F, a[ao + 4 * P + k]);
      c40 = x.fma(b0, c40);
      c41 = x.fma(b1, c41);
      x = FloatVector.broadcast(F, a[ao + 5 * P + k]);
      c50 = x.fma(b0, c50);
      c51 = x.fma(b1, c51);
      x = FloatVector.broadcast(F, a[ao + 6 * P + k]);
      c60 = x.fma(b0, c60);
      c61 = x.fma(b1, c61);
      x = FloatVector.broadcast(F, a[ao + 7 * P + k]);
      c70 = x.fma(b0, c70);
      c71 = x.fma(b1, c71);
    }
    c00.add(zero).add(FloatVector.fromArray(F, old, oo)).intoArray(c, co);
    c01.add(zero).add(FloatVector.fromArray(F, old, oo + L)).intoArray(c, co + L);
    c10.add(zero).add(FloatVector.fromArray(F, old, oo + ldo)).intoArray(c, co + ldc);
    c11.add(zero).add(FloatVector.fromArray(F, old, oo + ldo + L)).intoArray(c, co + ldc + L);
    c20.add(zero).add(FloatVector.fromArray(F, old, oo + 2 * ldo)).intoArray(c, co + 2 * ldc);
    c21.add(zero)
        .add(FloatVector.fromArray(F, old, oo + 2 * ldo + L))
        .intoArray(c, co + 2 * ldc + L);
    c30.add(zero).add(FloatVector.fromArray(F, old, oo + 3 * ldo)).intoArray(c, co + 3 * ldc);
    c31.add(zero)
        .add(FloatVector.fromArray(F, old, oo + 3 * ldo + L))
        .intoArray(c, co + 3 * ldc + L);
    c40.add(zero).add(FloatVector.fromArray(F, old, oo + 4 * ldo)).intoArray(c, co + 4 * ldc);
    c41.add(zero)
        .add(FloatVector.fromArray(F, old, oo + 4 * ldo + L))
        .intoArray(c, co + 4 * ldc + L);
    c50.add(zero).add(FloatVector.fromArray(F, old, oo + 5 * ldo)).intoArray(c, co + 5 * ldc);
    c51.add(zero)
        .add(FloatVector.fromArray(F, old, oo + 5 * ldo + L))
        .intoArray(c, co + 5 * ldc + L);
    c60.add(zero).add(FloatVector.fromArray(F, old, oo + 6 * ldo)).intoArray(c, co + 6 * ldc);
    c61.add(zero)
        .add(FloatVector.fromArray(F, old, oo + 6 * ldo + L))
        .intoArray(c, co + 6 * ldc + L);
    c70.add(zero).add(FloatVector.fromArray(F, old, oo + 7 * ldo)).intoArray(c, co + 7 * ldc);
    c71.add(zero)
        .add(FloatVector.fromArray(F, old, oo + 7 * ldo + L))
        .intoArray(c, co + 7 * ldc + L);
  }

  /** Six rows. */
  static void rows6(
      int kc,
      float[] a,
      int ao,
      float[] b,
      int bo,
      int ldb,
      float[] old,
      int oo,
      int ldo,
      float[] c,
      int co,
      int ldc) {
    FloatVector zero = FloatVector.zero(F);
    FloatVector c00 = zero;
    FloatVector c01 = zero;
    FloatVector c10 = zero;
    FloatVector c11 = zero;
    FloatVector c20 = zero;
    FloatVector c21 = zero;
    FloatVector c30 = zero;
    FloatVector c31 = zero;
    FloatVector c40 = zero;
    FloatVector c41 = zero;
    FloatVector c50 = zero;
    FloatVector c51 = zero;
    int bk = bo;
    for (int k = 0; k < kc; k++, bk += ldb) {
      FloatVector b0 = FloatVector.fromArray(F, b, bk);
      FloatVector b1 = FloatVector.fromArray(F, b, bk + L);
      FloatVector x = FloatVector.broadcast(F, a[ao + k]);
      c00 = x.fma(b0, c00);
      c01 = x.fma(b1, c01);
      x = FloatVector.broadcast(F, a[ao + P + k]);
      c10 = x.fma(b0, c10);
      c11 = x.fma(b1, c11);
      x = FloatVector.broadcast(F, a[ao + 2 * P + k]);
      c20 = x.fma(b0, c20);
      c21 = x.fma(b1, c21);
      x = FloatVector.broadcast(F, a[ao + 3 * P + k]);
      c30 = x.fma(b0, c30);
      c31 = x.fma(b1, c31);
      x = FloatVector.broadcast(F, a[ao + 4 * P + k]);
      c40 = x.fma(b0, c40);
      c41 = x.fma(b1, c41);
      x = FloatVector.broadcast(F, a[ao + 5 * P + k]);
      c50 = x.fma(b0, c50);
      c51 = x.fma(b1, c51);
    }
    c00.add(zero).add(FloatVector.fromArray(F, old, oo)).intoArray(c, co);
    c01.add(zero).add(FloatVector.fromArray(F, old, oo + L)).intoArray(c, co + L);
    c10.add(zero).add(FloatVector.fromArray(F, old, oo + ldo)).intoArray(c, co + ldc);
    c11.add(zero).add(FloatVector.fromArray(F, old, oo + ldo + L)).intoArray(c, co + ldc + L);
    c20.add(zero).add(FloatVector.fromArray(F, old, oo + 2 * ldo)).intoArray(c, co + 2 * ldc);
    c21.add(zero)
        .add(FloatVector.fromArray(F, old, oo + 2 * ldo + L))
        .intoArray(c, co + 2 * ldc + L);
    c30.add(zero).add(FloatVector.fromArray(F, old, oo + 3 * ldo)).intoArray(c, co + 3 * ldc);
    c31.add(zero)
        .add(FloatVector.fromArray(F, old, oo + 3 * ldo + L))
        .intoArray(c, co + 3 * ldc + L);
    c40.add(zero).add(FloatVector.fromArray(F, old, oo + 4 * ldo)).intoArray(c, co + 4 * ldc);
    c41.add(zero)
        .add(FloatVector.fromArray(F, old, oo + 4 * ldo + L))
        .intoArray(c, co + 4 * ldc + L);
    c50.add(zero).add(FloatVector.fromArray(F, old, oo + 5 * ldo)).intoArray(c, co + 5 * ldc);
    c51.add(zero)
        .add(FloatVector.fromArray(F, old, oo + 5 * ldo + L))
        .intoArray(c, co + 5 * ldc + L);
  }

  /** Four rows. */
  static void rows4(
      int kc,
      float[] a,
      int ao,
      float[] b,
      int bo,
      int ldb,
      float[] old,
      int oo,
      int ldo,
      float[] c,
      int co,
      int ldc) {
    FloatVector zero = FloatVector.zero(F);
    FloatVector c00 = zero;
    FloatVector c01 = zero;
    FloatVector c10 = zero;
    FloatVector c11 = zero;
    FloatVector c20 = zero;
    FloatVector c21 = zero;
    FloatVector c30 = zero;
    FloatVector c31 = zero;
    int bk = bo;
    for (int k = 0; k < kc; k++, bk += ldb) {
      FloatVector b0 = FloatVector.fromArray(F, b, bk);
      FloatVector b1 = FloatVector.fromArray(F, b, bk + L);
      FloatVector x = FloatVector.broadcast(F, a[ao + k]);
      c00 = x.fma(b0, c00);
      c01 = x.fma(b1, c01);
      x = FloatVector.broadcast(F, a[ao + P + k]);
      c10 = x.fma(b0, c10);
      c11 = x.fma(b1, c11);
      x = FloatVector.broadcast(F, a[ao + 2 * P + k]);
      c20 = x.fma(b0, c20);
      c21 = x.fma(b1, c21);
      x = FloatVector.broadcast(F, a[ao + 3 * P + k]);
      c30 = x.fma(b0, c30);
      c31 = x.fma(b1, c31);
    }
    c00.add(zero).add(FloatVector.fromArray(F, old, oo)).intoArray(c, co);
    c01.add(zero).add(FloatVector.fromArray(F, old, oo + L)).intoArray(c, co + L);
    c10.add(zero).add(FloatVector.fromArray(F, old, oo + ldo)).intoArray(c, co + ldc);
    c11.add(zero).add(FloatVector.fromArray(F, old, oo + ldo + L)).intoArray(c, co + ldc + L);
    c20.add(zero).add(FloatVector.fromArray(F, old, oo + 2 * ldo)).intoArray(c, co + 2 * ldc);
    c21.add(zero)
        .add(FloatVector.fromArray(F, old, oo + 2 * ldo + L))
        .intoArray(c, co + 2 * ldc + L);
    c30.add(zero).add(FloatVector.fromArray(F, old, oo + 3 * ldo)).intoArray(c, co + 3 * ldc);
    c31.add(zero)
        .add(FloatVector.fromArray(F, old, oo + 3 * ldo + L))
        .intoArray(c, co + 3 * ldc + L);
  }

  /** Two rows. */
  static void rows2(
      int kc,
      float[] a,
      int ao,
      float[] b,
      int bo,
      int ldb,
      float[] old,
      int oo,
      int ldo,
      float[] c,
      int co,
      int ldc) {
    FloatVector zero = FloatVector.zero(F);
    FloatVector c00 = zero;
    FloatVector c01 = zero;
    FloatVector c10 = zero;
    FloatVector c11 = zero;
    int bk = bo;
    for (int k = 0; k < kc; k++, bk += ldb) {
      FloatVector b0 = FloatVector.fromArray(F, b, bk);
      FloatVector b1 = FloatVector.fromArray(F, b, bk + L);
      FloatVector x = FloatVector.broadcast(F, a[ao + k]);
      c00 = x.fma(b0, c00);
      c01 = x.fma(b1, c01);
      x = FloatVector.broadcast(F, a[ao + P + k]);
      c10 = x.fma(b0, c10);
      c11 = x.fma(b1, c11);
    }
    c00.add(zero).add(FloatVector.fromArray(F, old, oo)).intoArray(c, co);
    c01.add(zero).add(FloatVector.fromArray(F, old, oo + L)).intoArray(c, co + L);
    c10.add(zero).add(FloatVector.fromArray(F, old, oo + ldo)).intoArray(c, co + ldc);
    c11.add(zero).add(FloatVector.fromArray(F, old, oo + ldo + L)).intoArray(c, co + ldc + L);
  }
}
