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
    float max = Float.NEGATIVE_INFINITY;
    int i = 0;
    if (n >= L) {
      FloatVector m = FloatVector.fromArray(F, x, xo);
      for (i = L; i <= n - L; i += L) {
        m = m.lanewise(VectorOperators.MAX, FloatVector.fromArray(F, x, xo + i));
      }
      m.intoArray(lanes, 0);
      for (int l = 0; l < L; l++) {
        max = Math.max(max, lanes[l]);
      }
    }
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
    Spans.shift(n, x, xo, max, terms, 0);
    VectorLoops.EXP.run(n, terms, 0, terms, 0);
    return segment(n, terms, 0);
  }

  private float productSegment(int n, float[] a, int ao, float[] b, int bo) {
    Spans.mul(n, a, ao, b, bo, terms, 0);
    return segment(n, terms, 0);
  }

  private float segment(int n, float[] x, int xo) {
    int whole = n - n % LANES;
    for (int l = 0; l < LANES; l += L) {
      lane(whole, x, xo + l, l);
    }
    for (int i = whole; i < n; i++) {
      lanes[i - whole] = lanes[i - whole] + x[xo + i];
    }
    for (int half = LANES / 2; half > 0; half /= 2) {
      for (int l = 0; l < half; l++) {
        lanes[l] = lanes[l] + lanes[l + half];
      }
    }
    return lanes[0];
  }

  private void lane(int whole, float[] x, int xo, int l) {
    FloatVector sum = FloatVector.zero(F);
    for (int i = 0; i < whole; i += LANES) {
      sum = sum.add(FloatVector.fromArray(F, x, xo + i));
    }
    sum.intoArray(lanes, l);
  }
}
