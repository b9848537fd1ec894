// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * As {@link MicroKernels}, for a single row of A: each element of B is read once, so what counts is
 * how B comes from the caches.
 */
final class RowKernels {
  private static final VectorSpecies<Float> F = Lanes.F;
  private static final int L = F.length();
  private static final int PANEL = MicroKernels.PANEL;

  private RowKernels() {}

  /** One panel, packed or in place. */
  static void panel1(
      int kc,
      float[] a,
      int ao,
      float[] b,
      int bo,
      int ldb,
      float[] old,
      int oo,
      float[] c,
      int co) {
    FloatVector zero = FloatVector.zero(F);
    FloatVector c0 = zero;
    FloatVector c1 = zero;
    int kb = 0;
    for (int k = 0; k < kc; k++, kb += ldb) {
      FloatVector x = FloatVector.broadcast(F, a[ao + k]);
      c0 = x.fma(FloatVector.fromArray(F, b, bo + kb), c0);
      c1 = x.fma(FloatVector.fromArray(F, b, bo + kb + L), c1);
    }
    c0.add(zero).add(FloatVector.fromArray(F, old, oo)).intoArray(c, co);
    c1.add(zero).add(FloatVector.fromArray(F, old, oo + L)).intoArray(c, co + L);
  }

  /**
   * Two packed panels: each is read in the order of memory, and more of them side by side come from
   * the second-level cache up to a sixth slower.
   */
  static void packed2(
      int kc, float[] a, int ao, float[] b, int bo, float[] old, int oo, float[] c, int co) {
    FloatVector zero = FloatVector.zero(F);
    FloatVector c0 = zero;
    FloatVector c1 = zero;
    FloatVector c2 = zero;
    FloatVector c3 = zero;
    int q1 = bo + kc * PANEL;
    for (int k = 0; k < kc; k++) {
      int kb = k * PANEL;
      FloatVector x = FloatVector.broadcast(F, a[ao + k]);
      c0 = x.fma(FloatVector.fromArray(F, b, bo + kb), c0);
      c1 = x.fma(FloatVector.fromArray(F, b, bo + kb + L), c1);
      c2 = x.fma(FloatVector.fromArray(F, b, q1 + kb), c2);
      c3 = x.fma(FloatVector.fromArray(F, b, q1 + kb + L), c3);
    }
    c0.add(zero).add(FloatVector.fromArray(F, old, oo)).intoArray(c, co);
    c1.add(zero).add(FloatVector.fromArray(F, old, oo + L)).intoArray(c, co + L);
    c2.add(zero).add(FloatVector.fromArray(F, old, oo + 2 * L)).intoArray(c, co + 2 * L);
    c3.add(zero).add(FloatVector.fromArray(F, old, oo + 3 * L)).intoArray(c, co + 3 * L);
  }

  /**
   * Eight panels in place: the longer the pieces of rows of B, the better they are fetched ahead.
   */
  static void inPlace8(
      int kc,
      float[] a,
      int ao,
      float[] b,
      int bo,
      int ldb,
      float[] old,
      int oo,
      float[] c,
      int co) {
    FloatVector zero = FloatVector.zero(F);
    FloatVector c0 = zero;
    FloatVector c1 = zero;
    FloatVector c2 = zero;
    FloatVector c3 = zero;
    FloatVector c4 = zero;
    FloatVector c5 = zero;
    FloatVector c6 = zero;
    FloatVector c7 = zero;
    FloatVector c8 = zero;
    FloatVector c9 = zero;
    FloatVector c10 = zero;
    FloatVector c11 = zero;
    FloatVector c12 = zero;
    FloatVector c13 = zero;
    FloatVector c14 = zero;
    FloatVector c15 = zero;
    int bk = bo;
    for (int k = 0; k < kc; k++, bk += ldb) {
      FloatVector x = FloatVector.broadcast(F, a[ao + k]);
      c0 = x.fma(FloatVector.fromArray(F, b, bk), c0);
      c1 = x.fma(FloatVector.fromArray(F, b, bk + L), c1);
      c2 = x.fma(FloatVector.fromArray(F, b, bk + 2 * L), c2);
      c3 = x.fma(FloatVector.fromArray(F, b, bk + 3 * L), c3);
      c4 = x.fma(FloatVector.fromArray(F, b, bk + 4 * L), c4);
      c5 = x.fma(FloatVector.fromArray(F, b, bk + 5 * L), c5);
      c6 = x.fma(FloatVector.fromArray(F, b, bk + 6 * L), c6);
      c7 = x.fma(FloatVector.fromArray(F, b, bk + 7 * L), c7);
      c8 = x.fma(FloatVector.fromArray(F, b, bk + 8 * L), c8);
      c9 = x.fma(FloatVector.fromArray(F, b, bk + 9 * L), c9);
      c10 = x.fma(FloatVector.fromArray(F, b, bk + 10 * L), c10);
      c11 = x.fma(FloatVector.fromArray(F, b, bk + 11 * L), c11);
      c12 = x.fma(FloatVector.fromArray(F, b, bk + 12 * L), c12);
      c13 = x.fma(FloatVector.fromArray(F, b, bk + 13 * L), c13);
      c14 = x.fma(FloatVector.fromArray(F, b, bk + 14 * L), c14);
      c15 = x.fma(FloatVector.fromArray(F, b, bk + 15 * L), c15);
    }
    c0.add(zero).add(FloatVector.fromArray(F, old, oo)).intoArray(c, co);
    c1.add(zero).add(FloatVector.fromArray(F, old, oo + L)).intoArray(c, co + L);
    c2.add(zero).add(FloatVector.fromArray(F, old, oo + 2 * L)).intoArray(c, co + 2 * L);
    c3.add(zero).add(FloatVector.fromArray(F, old, oo + 3 * L)).intoArray(c, co + 3 * L);
    c4.add(zero).add(FloatVector.fromArray(F, old, oo + 4 * L)).intoArray(c, co + 4 * L);
    c5.add(zero).add(FloatVector.fromArray(F, old, oo + 5 * L)).intoArray(c, co + 5 * L);
    c6.add(zero).add(FloatVector.fromArray(F, old, oo + 6 * L)).intoArray(c, co + 6 * L);
    c7.add(zero).add(FloatVector.fromArray(F, old, oo + 7 * L)).intoArray(c, co + 7 * L);
    c8.add(zero).add(FloatVector.fromArray(F, old, oo + 8 * L)).intoArray(c, co + 8 * L);
    c9.add(zero).add(FloatVector.fromArray(F, old, oo + 9 * L)).intoArray(c, co + 9 * L);
    c10.add(zero).add(FloatVector.fromArray(F, old, oo + 10 * L)).intoArray(c, co + 10 * L);
    c11.add(zero).add(FloatVector.fromArray(F, old, oo + 11 * L)).intoArray(c, co + 11 * L);
    c12.add(zero).add(FloatVector.fromArray(F, old, oo + 12 * L)).intoArray(c, co + 12 * L);
    c13.add(zero).add(FloatVector.fromArray(F, old, oo + 13 * L)).intoArray(c, co + 13 * L);
    c14.add(zero).add(FloatVector.fromArray(F, old, oo + 14 * L)).intoArray(c, co + 14 * L);
    c15.add(zero).add(FloatVector.fromArray(F, old, oo + 15 * L)).intoArray(c, co + 15 * L);
  }
}
