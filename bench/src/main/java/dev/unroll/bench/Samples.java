// SPDX-License-Identifier: Apache-2.0

package dev.unroll.bench;

import java.util.Arrays;

/**
 * How long a run took.
 *
 * @param count number of samples
 * @param median in nanoseconds, as the others
 * @param p10 the 10th percentile
 * @param p90 the 90th percentile
 */
record Samples(int count, double median, double p10, double p90) {
  static Samples of(double... nanos) {
    if (nanos.length == 0) {
      throw new IllegalArgumentException("samples: there must be at least one");
    }
    double[] sorted = nanos.clone();
    Arrays.sort(sorted);
    return new Samples(
        sorted.length, quantile(sorted, 0.5), quantile(sorted, 0.1), quantile(sorted, 0.9));
  }

  /** Half the range of the middle 80 %, as a share of the median. */
  double spread() {
    return (p90 - p10) / (2 * median);
  }

  private static double quantile(double[] sorted, double share) {
    double at = share * (sorted.length - 1);
    int low = (int) at;
    int high = Math.min(low + 1, sorted.length - 1);
    return sorted[low] + (at - low) * (sorted[high] - sorted[low]);
  }
}
