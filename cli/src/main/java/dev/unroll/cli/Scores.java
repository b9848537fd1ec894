// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

/** How near predicted numbers are. */
final class Scores {
  private Scores() {}

  /** 1 - sum of squared errors / sum of squared distances from the mean. */
  static double r2(float[] predicted, float... truth) {
    double mean = 0;
    for (float t : truth) {
      mean += t / (double) truth.length;
    }
    double errors = 0;
    double spread = 0;
    for (int i = 0; i < truth.length; i++) {
      errors += square(predicted[i] - (double) truth[i]);
      spread += square(truth[i] - mean);
    }
    return 1 - errors / spread;
  }

  /** Root of the mean squared error. */
  static double rmse(double[] predicted, double... truth) {
    double errors = 0;
    for (int i = 0; i < truth.length; i++) {
      errors += square(predicted[i] - truth[i]);
    }
    return Math.sqrt(errors / truth.length);
  }

  private static double square(double value) {
    return value * value;
  }
}
