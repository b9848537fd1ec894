// SPDX-License-Identifier: Apache-2.0

package dev.unroll.check.golden;

import java.util.Arrays;
import java.util.Locale;

/**
 * One tensor against its expected values.
 *
 * @param problem what is wrong with the first bad element, or empty
 * @param worst largest error over what the tolerance allows; at most 1 passes
 * @param ratio largest error over that of PyTorch's own float32 result, each at least half an ulp
 *     of the largest element; NaN where it is not to be counted
 */
record Comparison(String problem, double worst, double ratio) {
  /** Half an ulp of 1. */
  private static final double U = 0x1p-24;

  static Comparison of(GoldenFile golden, String name, Sheet.Result actual) {
    if (actual == null) {
      return new Comparison(name + " was not computed", Double.POSITIVE_INFINITY, Double.NaN);
    }
    int[] shape = golden.shape(name);
    if (!Arrays.equals(shape, actual.shape())) {
      return new Comparison(
          name + ": shape is " + text(actual.shape()) + ", expected is " + text(shape),
          Double.POSITIVE_INFINITY,
          Double.NaN);
    }
    return new Tensors(golden, name, actual.values()).compare();
  }

  private static String text(int... shape) {
    return Arrays.toString(shape);
  }

  /** The values of one comparison. */
  private static final class Tensors {
    private final GoldenFile golden;
    private final String name;
    private final float[] actual;
    private final float[] expected;
    private final float[] alternative;
    private final double rtol;
    private final double atol;

    Tensors(GoldenFile golden, String name, float[] actual) {
      this.golden = golden;
      this.name = name;
      this.actual = actual;
      this.expected = golden.floats(name);
      this.alternative = golden.has("alt." + name) ? golden.floats("alt." + name) : expected;
      this.rtol = golden.number("rtol." + name);
      this.atol = golden.number("atol." + name);
    }

    Comparison compare() {
      String problem = "";
      double worst = 0;
      for (int i = 0; i < actual.length; i++) {
        double bad = Math.min(badness(actual[i], expected[i]), badness(actual[i], alternative[i]));
        worst = Math.max(worst, bad);
        if (!(bad <= 1) && problem.isEmpty()) {
          problem =
              String.format(
                  Locale.ROOT,
                  "%s[%d]: expected %s, got %s (rtol %.3g, atol %.3g)",
                  name,
                  i,
                  expected[i],
                  actual[i],
                  rtol,
                  atol);
        }
      }
      return new Comparison(problem, worst, ratio());
    }

    private double badness(float y, float r) {
      if (y == r || (Float.isNaN(y) && Float.isNaN(r))) {
        return 0;
      }
      if (!Float.isFinite(y) || !Float.isFinite(r)) {
        return Double.POSITIVE_INFINITY;
      }
      double error = Math.abs((double) y - r);
      return error / (atol + rtol * Math.abs((double) r));
    }

    private double ratio() {
      double error = 0;
      double largest = 0;
      for (int i = 0; i < actual.length; i++) {
        error = Math.max(error, Math.abs((double) actual[i] - expected[i]));
        largest = Math.max(largest, Math.abs(expected[i]));
      }
      double floor = U * largest;
      double torch = Double.parseDouble(golden.text("torch_f32_max_abs_err." + name, "NaN"));
      return Math.max(error, floor) / Math.max(torch, floor);
    }
  }
}
