// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Reductions of contiguous rows, in the one order that docs/numerics.md allows. */
final class Rows {
  private static final VectorSpecies<Float> F = Lanes.F;
  private static final int L = F.length();
  private static final int LANES = 32;

  /** Columns that are summed before the sum is added to those of earlier segments. */
  static final int SEGMENT = 1024;

  private final float[] lanes = new float[LANES];
  private float[] terms = new float[SEGMENT];
  private float[] column = new float[SEGMENT];

  /** Scratch memory for so many floats; the sums of products and exponentials use it too. */
  float[] terms(int count) {
    if (terms.length < count) {
      terms = new float[count];
    }
    return terms;
  }

  /** Scratch memory for so many floats that no method here uses. */
  float[] column(int count) {
    if (column.length < count) {
      column = new float[count];
    }
    return column;
  }

  /** The largest element; NaN if there is one, -inf if there is none. */
  float max(int n, float[] x, int xo) {
    FloatVector m0 = FloatVector.broadcast(F, Float.NEGATIVE_INFINITY);
    FloatVector m1 = m0;
    FloatVector m2 = m0;
    FloatVector m3 = m0;
    int i = 0;
    for (; i <= n - 4 * L; i += 4 * L) { // four chains, since a maximum that minds NaN is slow
      m0 = m0.lanewise(VectorOperators.MAX, FloatVector.fromArray(F, x, xo + i));
      m1 = m1.lanewise(VectorOperators.MAX, FloatVector.fromArray(F, x, xo + i + L));
      m2 = m2.lanewise(VectorOperators.MAX, FloatVector.fromArray(F, x, xo + i + 2 * L));
      m3 = m3.lanewise(VectorOperators.MAX, FloatVector.fromArray(F, x, xo + i + 3 * L));
    }
    for (; i <= n - L; i += L) {
      m0 = m0.lanewise(VectorOperators.MAX, FloatVector.fromArray(F, x, xo + i));
    }
    m0 = m0.lanewise(VectorOperators.MAX, m1);
    m2 = m2.lanewise(VectorOperators.MAX, m3);
    float max = m0.lanewise(VectorOperators.MAX, m2).reduceLanes(VectorOperators.MAX);
    for (; i < n; i++) {
      max = Math.max(max, x[xo + i]);
    }
    return max;
  }

  /** The sum of the elements. */
  float sum(int n, float[] x, int xo) {
    float total = segment(Math.min(SEGMENT, n), x, xo);
    for (int from = SEGMENT; from < n; from += SEGMENT) {
      total = total + segment(Math.min(SEGMENT, n - from), x, xo + from);
    }
    return total;
  }

  /** The sum of the products of elements, each rounded before it is added. */
  float sumOfProducts(int n, float[] a, int ao, float[] b, int bo) {
    float total = productSegment(Math.min(SEGMENT, n), a, ao, b, bo);
    for (int from = SEGMENT; from < n; from += SEGMENT) {
      int count = Math.min(SEGMENT, n - from);
      total = total + productSegment(count, a, ao + from, b, bo + from);
    }
    return total;
  }

  /** The sum of e^(x - max), each rounded before it is added. */
  float sumOfExp(int n, float[] x, int xo, float max) {
    float total = expSegment(Math.min(SEGMENT, n), x, xo, max);
    for (int from = SEGMENT; from < n; from += SEGMENT) {
      total = total + expSegment(Math.min(SEGMENT, n - from), x, xo + from, max);
    }
    return total;
  }

  private float expSegment(int n, float[] x, int xo, float max) {
    VectorLoops.SHIFTED_EXP.run(n, x, xo, max, terms, 0);
    return segment(n, terms, 0);
  }

  private float productSegment(int n, float[] a, int ao, float[] b, int bo) {
    Spans.mul(n, a, ao, b, bo, terms, 0);
    return segment(n, terms, 0);
  }

  private float segment(int n, float[] x, int xo) {
    int whole = n - n % LANES;
    for (int l = 0; l < LANES; l += 2 * L) {
      twoVectors(whole, x, xo + l, lanes, l);
    }
    for (int i = whole; i < n; i++) {
      int l = i - whole;
      lanes[l] = lanes[l] + x[xo + i];
    }
    return fold(lanes);
  }

  /** The sums of two vectors of lanes, side by side, as each is one chain. */
  private static void twoVectors(int whole, float[] x, int xo, float[] lanes, int l) {
    FloatVector first = FloatVector.zero(F);
    FloatVector second = FloatVector.zero(F);
    for (int i = 0; i < whole; i += LANES) {
      first = first.add(FloatVector.fromArray(F, x, xo + i));
      second = second.add(FloatVector.fromArray(F, x, xo + i + L));
    }
    first.intoArray(lanes, l);
    second.intoArray(lanes, l + L);
  }

  /** The sum of the 32 lanes, by halves; written out, for it is short and comes often. */
  private static float fold(float[] a) {
    for (int i = 0; i < LANES / 2; i += L) {
      FloatVector upper = FloatVector.fromArray(F, a, i + LANES / 2);
      FloatVector.fromArray(F, a, i).add(upper).intoArray(a, i);
    }
    float s0 = a[0] + a[8];
    float s1 = a[1] + a[9];
    float s2 = a[2] + a[10];
    float s3 = a[3] + a[11];
    float s4 = a[4] + a[12];
    float s5 = a[5] + a[13];
    float s6 = a[6] + a[14];
    float s7 = a[7] + a[15];
    return ((s0 + s4) + (s2 + s6)) + ((s1 + s5) + (s3 + s7));
  }
}
