// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * As {@link MicroKernels}, for a tile of {@link MicroKernels#TILE_ROWS} rows of A that are
 * interleaved: element (i, k) at {@code ao + k * TILE_ROWS + i}.
 */
final class GroupKernels {
  private static final VectorSpecies<Float> F = Lanes.F;
  private static final int L = F.length();
  private static final int G = MicroKernels.TILE_ROWS;

  private GroupKernels() {}

  /** Twelve rows. */
  static void group12(
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
      int ak = ao + k * G;
      FloatVector b0 = FloatVector.fromArray(F, b, bk);
      FloatVector b1 = FloatVector.fromArray(F, b, bk + L);
      FloatVector x = FloatVector.broadcast(F, a[ak]);
      c00 = x.fma(b0, c00);
      c01 = x.fma(b1, c01);
      x = FloatVector.broadcast(F, a[ak + 1]);
      c10 = x.fma(b0, c10);
      c11 = x.fma(b1, c11);
      x = FloatVector.broadcast(F, a[ak + 2]);
      c20 = x.fma(b0, c20);
      c21 = x.fma(b1, c21);
      x = FloatVector.broadcast(F, a[ak + 3]);
      c30 = x.fma(b0, c30);
      c31 = x.fma(b1, c31);
      x = FloatVector.broadcast(F, a[ak + 4]);
      c40 = x.fma(b0, c40);
      c41 = x.fma(b1, c41);
      x = FloatVector.broadcast(F, a[ak + 5]);
      c50 = x.fma(b0, c50);
      c51 = x.fma(b1, c51);
      x = FloatVector.broadcast(F, a[ak + 6]);
      c60 = x.fma(b0, c60);
      c61 = x.fma(b1, c61);
      x = FloatVector.broadcast(F, a[ak + 7]);
      c70 = x.fma(b0, c70);
      c71 = x.fma(b1, c71);
      x = FloatVector.broadcast(F, a[ak + 8]);
      c80 = x.fma(b0, c80);
      c81 = x.fma(b1, c81);
      x = FloatVector.broadcast(F, a[ak + 9]);
      c90 = x.fma(b0, c90);
      c91 = x.fma(b1, c91);
      x = FloatVector.broadcast(F, a[ak + 10]);
      ca0 = x.fma(b0, ca0);
      ca1 = x.fma(b1, ca1);
      x = FloatVector.broadcast(F, a[ak + 11]);
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

  /** Six rows. */
  static void group6(
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
      int ak = ao + k * G;
      FloatVector b0 = FloatVector.fromArray(F, b, bk);
      FloatVector b1 = FloatVector.fromArray(F, b, bk + L);
      FloatVector x = FloatVector.broadcast(F, a[ak]);
      c00 = x.fma(b0, c00);
      c01 = x.fma(b1, c01);
      x = FloatVector.broadcast(F, a[ak + 1]);
      c10 = x.fma(b0, c10);
      c11 = x.fma(b1, c11);
      x = FloatVector.broadcast(F, a[ak + 2]);
      c20 = x.fma(b0, c20);
      c21 = x.fma(b1, c21);
      x = FloatVector.broadcast(F, a[ak + 3]);
      c30 = x.fma(b0, c30);
      c31 = x.fma(b1, c31);
      x = FloatVector.broadcast(F, a[ak + 4]);
      c40 = x.fma(b0, c40);
      c41 = x.fma(b1, c41);
      x = FloatVector.broadcast(F, a[ak + 5]);
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
}
