// SPDX-License-Identifier: Apache-2.0

package dev.unroll.io;

/**
 * The spread of finite values.
 *
 * @param limits upper end of each bucket
 * @param counts values in each bucket
 */
record Histogram(
    double low,
    double high,
    double count,
    double sum,
    double squares,
    double[] limits,
    double[] counts) {
  private static final int BUCKETS = 30;

  /** Values that are not finite do not count; without any there is one empty bucket at 0. */
  static Histogram of(float[] values) {
    double low = Double.POSITIVE_INFINITY;
    double high = Double.NEGATIVE_INFINITY;
    double sum = 0;
    double squares = 0;
    long count = 0;
    for (float v : values) {
      if (Float.isFinite(v)) {
        low = Math.min(low, v);
        high = Math.max(high, v);
        sum += v;
        squares += (double) v * v;
        count++;
      }
    }
    if (count == 0) {
      return new Histogram(0, 0, 0, 0, 0, new double[1], new double[1]);
    }
    double[] limits = limits(low, high);
    return new Histogram(
        low, high, count, sum, squares, limits, counts(values, low, high, limits.length));
  }

  private static double[] limits(double low, double high) {
    double[] limits = new double[low == high ? 1 : BUCKETS];
    for (int b = 0; b < limits.length; b++) {
      limits[b] = low + (high - low) * (b + 1) / limits.length;
    }
    return limits;
  }

  private static double[] counts(float[] values, double low, double high, int buckets) {
    double[] counts = new double[buckets];
    for (float v : values) {
      if (Float.isFinite(v)) {
        int b = low == high ? 0 : (int) ((v - low) / (high - low) * buckets);
        counts[Math.min(b, buckets - 1)]++;
      }
    }
    return counts;
  }
}
