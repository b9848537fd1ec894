// SPDX-License-Identifier: Apache-2.0

package dev.unroll.check;

/**
 * What the oracle expects of one result, and how far a float32 computation may be from it.
 *
 * @param value expected values in double
 * @param bound largest error allowed for each; 0 demands the value rounded to float, infinity
 *     leaves the element unjudged
 */
record Judged(Mat value, Mat bound) {
  /** Half an ulp of 1: the error of one rounding is at most this times the result. */
  static final double U = 0x1p-24;

  private static final double OVERFLOW = 0x1p128;
  private static final double TINIEST = 0x1p-149;

  /** The value itself, rounded once. */
  static Judged exact(Mat value) {
    return new Judged(value, new Mat(value.rows, value.cols));
  }

  /** An error of some units in the last place, at least of the smallest subnormal. */
  static Judged ulps(Mat value, double ulps) {
    return within(value, (r, c) -> ulps * 2 * U * magnitude(value.at(r, c)));
  }

  /** An error relative to the element, and a floor relative to the largest element. */
  static Judged relative(Mat value, double relative, double floor) {
    double least = floor * Math.min(value.largest(), OVERFLOW);
    return within(value, (r, c) -> relative * magnitude(value.at(r, c)) + least);
  }

  /** Bounds by element; none is below a few times the smallest subnormal. */
  static Judged within(Mat value, Mat.Cell bound) {
    Mat bounds = Mat.of(value.rows, value.cols, (r, c) -> bound.at(r, c) + 4 * TINIEST);
    return new Judged(value, bounds);
  }

  /** Absolute value, limited to what a float can hold. */
  static double magnitude(double value) {
    return Math.min(Math.abs(value), OVERFLOW);
  }

  /**
   * How bad an element is.
   *
   * @return error over bound: at most 1 passes; NaN never passes
   */
  double badness(int r, int c, float actual) {
    double expected = value.at(r, c);
    double allowed = bound.at(r, c);
    if (allowed == Double.POSITIVE_INFINITY) {
      return 0;
    }
    if (Double.isNaN(expected) || Float.isNaN(actual)) {
      return Double.isNaN(expected) && Float.isNaN(actual) ? 0 : Double.NaN;
    }
    if ((float) expected == actual) {
      return 0;
    }
    double error = Math.abs(limit(actual) - limit(expected));
    return allowed > 0 ? error / allowed : Double.POSITIVE_INFINITY;
  }

  private static double limit(double value) {
    return Math.max(-OVERFLOW, Math.min(OVERFLOW, value));
  }
}
