// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Element-wise loops over contiguous spans: whole vectors first, then the rest by the scalar form
 * of the same operations, which gives the same bits. Each method holds one loop with at most one
 * function of {@link VectorFunctions}, so that C2 inlines everything. A result may be written over
 * an operand.
 */
final class Spans {
  private static final VectorSpecies<Float> F = Lanes.F;
  private static final int L = F.length();

  private Spans() {}

  /** dx = dy * (y * (1 - y)). */
  static void sigmoidGrad(int n, float[] y, int yo, float[] dy, int dyo, float[] dx, int dxo) {
    int i = 0;
    for (; i <= n - L; i += L) {
      FloatVector v = at(y, yo + i);
      at(dy, dyo + i).mul(v.mul(one().sub(v))).intoArray(dx, dxo + i);
    }
    for (; i < n; i++) {
      float v = y[yo + i];
      dx[dxo + i] = dy[dyo + i] * (v * (1f - v));
    }
  }

  /** dx = dy * (1 - y * y). */
  static void tanhGrad(int n, float[] y, int yo, float[] dy, int dyo, float[] dx, int dxo) {
    int i = 0;
    for (; i <= n - L; i += L) {
      FloatVector v = at(y, yo + i);
      at(dy, dyo + i).mul(one().sub(v.mul(v))).intoArray(dx, dxo + i);
    }
    for (; i < n; i++) {
      float v = y[yo + i];
      dx[dxo + i] = dy[dyo + i] * (1f - v * v);
    }
  }

  /** y = x, or +0 where x is at most 0. */
  static void relu(int n, float[] x, int xo, float[] y, int yo) {
    int i = 0;
    for (; i <= n - L; i += L) {
      FloatVector v = at(x, xo + i);
      v.blend(0f, v.compare(VectorOperators.LE, 0f)).intoArray(y, yo + i);
    }
    for (; i < n; i++) {
      float v = x[xo + i];
      y[yo + i] = v <= 0f ? 0f : v;
    }
  }

  /** dx = dy, or +0 where y is at most 0. */
  static void reluGrad(int n, float[] y, int yo, float[] dy, int dyo, float[] dx, int dxo) {
    int i = 0;
    for (; i <= n - L; i += L) {
      at(dy, dyo + i)
          .blend(0f, at(y, yo + i).compare(VectorOperators.LE, 0f))
          .intoArray(dx, dxo + i);
    }
    for (; i < n; i++) {
      dx[dxo + i] = y[yo + i] <= 0f ? 0f : dy[dyo + i];
    }
  }

  /** y = a + b. */
  static void add(int n, float[] a, int ao, float[] b, int bo, float[] y, int yo) {
    int i = 0;
    for (; i <= n - L; i += L) {
      at(a, ao + i).add(at(b, bo + i)).intoArray(y, yo + i);
    }
    for (; i < n; i++) {
      y[yo + i] = a[ao + i] + b[bo + i];
    }
  }

  /** y = a - b. */
  static void sub(int n, float[] a, int ao, float[] b, int bo, float[] y, int yo) {
    int i = 0;
    for (; i <= n - L; i += L) {
      at(a, ao + i).sub(at(b, bo + i)).intoArray(y, yo + i);
    }
    for (; i < n; i++) {
      y[yo + i] = a[ao + i] - b[bo + i];
    }
  }

  /** y = (a - b) * (a - b). */
  static void squaredDifference(int n, float[] a, int ao, float[] b, int bo, float[] y, int yo) {
    int i = 0;
    for (; i <= n - L; i += L) {
      FloatVector d = at(a, ao + i).sub(at(b, bo + i));
      d.mul(d).intoArray(y, yo + i);
    }
    for (; i < n; i++) {
      float d = a[ao + i] - b[bo + i];
      y[yo + i] = d * d;
    }
  }

  /** y = g * (2 * (a - b)). */
  static void twiceDifference(
      int n, float g, float[] a, int ao, float[] b, int bo, float[] y, int yo) {
    int i = 0;
    for (; i <= n - L; i += L) {
      at(a, ao + i).sub(at(b, bo + i)).mul(2f).mul(g).intoArray(y, yo + i);
    }
    for (; i < n; i++) {
      y[yo + i] = g * (2f * (a[ao + i] - b[bo + i]));
    }
  }

  /** y = y + four rows of x, one after the other; the rows stand stride apart. */
  static void addRows4(int n, float[] x, int xo, int stride, float[] y, int yo) {
    int x1 = xo + stride;
    int x2 = x1 + stride;
    int x3 = x2 + stride;
    int i = 0;
    for (; i <= n - L; i += L) {
      at(y, yo + i)
          .add(at(x, xo + i))
          .add(at(x, x1 + i))
          .add(at(x, x2 + i))
          .add(at(x, x3 + i))
          .intoArray(y, yo + i);
    }
    for (; i < n; i++) {
      y[yo + i] = y[yo + i] + x[xo + i] + x[x1 + i] + x[x2 + i] + x[x3 + i];
    }
  }

  /** y = a * b. */
  static void mul(int n, float[] a, int ao, float[] b, int bo, float[] y, int yo) {
    int i = 0;
    for (; i <= n - L; i += L) {
      at(a, ao + i).mul(at(b, bo + i)).intoArray(y, yo + i);
    }
    for (; i < n; i++) {
      y[yo + i] = a[ao + i] * b[bo + i];
    }
  }

  /** y = a / b. */
  static void div(int n, float[] a, int ao, float[] b, int bo, float[] y, int yo) {
    int i = 0;
    for (; i <= n - L; i += L) {
      at(a, ao + i).div(at(b, bo + i)).intoArray(y, yo + i);
    }
    for (; i < n; i++) {
      y[yo + i] = a[ao + i] / b[bo + i];
    }
  }

  /** y = alpha * x. */
  static void scale(int n, float alpha, float[] x, int xo, float[] y, int yo) {
    int i = 0;
    for (; i <= n - L; i += L) {
      at(x, xo + i).mul(alpha).intoArray(y, yo + i);
    }
    for (; i < n; i++) {
      y[yo + i] = alpha * x[xo + i];
    }
  }

  /** y = x / divisor. */
  static void divide(int n, float[] x, int xo, float divisor, float[] y, int yo) {
    int i = 0;
    for (; i <= n - L; i += L) {
      at(x, xo + i).div(divisor).intoArray(y, yo + i);
    }
    for (; i < n; i++) {
      y[yo + i] = x[xo + i] / divisor;
    }
  }

  /** y = (alpha * x) + (beta * y). */
  static void axpby(int n, float alpha, float[] x, int xo, float beta, float[] y, int yo) {
    int i = 0;
    for (; i <= n - L; i += L) {
      at(x, xo + i).mul(alpha).add(at(y, yo + i).mul(beta)).intoArray(y, yo + i);
    }
    for (; i < n; i++) {
      y[yo + i] = alpha * x[xo + i] + beta * y[yo + i];
    }
  }

  /** y = x - value. */
  static void shift(int n, float[] x, int xo, float value, float[] y, int yo) {
    int i = 0;
    for (; i <= n - L; i += L) {
      at(x, xo + i).sub(value).intoArray(y, yo + i);
    }
    for (; i < n; i++) {
      y[yo + i] = x[xo + i] - value;
    }
  }

  /** y = (x - max) - log. */
  static void logShift(int n, float[] x, int xo, float max, float log, float[] y, int yo) {
    int i = 0;
    for (; i <= n - L; i += L) {
      at(x, xo + i).sub(max).sub(log).intoArray(y, yo + i);
    }
    for (; i < n; i++) {
      y[yo + i] = x[xo + i] - max - log;
    }
  }

  /** dx = factor * ((dy - mean) - (y * along)). */
  static void normGrad(
      int n,
      float[] y,
      int yo,
      float[] dy,
      int dyo,
      float mean,
      float along,
      float factor,
      float[] dx,
      int dxo) {
    int i = 0;
    for (; i <= n - L; i += L) {
      FloatVector centred = at(dy, dyo + i).sub(mean).sub(at(y, yo + i).mul(along));
      centred.mul(factor).intoArray(dx, dxo + i);
    }
    for (; i < n; i++) {
      dx[dxo + i] = factor * ((dy[dyo + i] - mean) - y[yo + i] * along);
    }
  }

  /** y = g * (x / divisor). */
  static void divideScale(int n, float[] x, int xo, float divisor, float g, float[] y, int yo) {
    int i = 0;
    for (; i <= n - L; i += L) {
      at(x, xo + i).div(divisor).mul(g).intoArray(y, yo + i);
    }
    for (; i < n; i++) {
      y[yo + i] = g * (x[xo + i] / divisor);
    }
  }

  private static FloatVector at(float[] x, int i) {
    return FloatVector.fromArray(F, x, i);
  }

  private static FloatVector one() {
    return FloatVector.broadcast(F, 1f);
  }
}
