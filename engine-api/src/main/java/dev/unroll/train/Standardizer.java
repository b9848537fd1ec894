// SPDX-License-Identifier: Apache-2.0

package dev.unroll.train;

/**
 * Brings values to mean 0 and standard deviation 1, and back.
 *
 * @param mean mean of the training values
 * @param deviation their standard deviation, above 0
 */
public record Standardizer(double mean, double deviation) {
  /**
   * Checks the numbers.
   *
   * @param mean mean of the training values
   * @param deviation their standard deviation, above 0
   */
  public Standardizer {
    if (!Double.isFinite(mean) || !(deviation > 0 && deviation <= Double.MAX_VALUE)) {
      throw new IllegalArgumentException(
          "standardizer: mean " + mean + ", deviation " + deviation + ": values must differ");
    }
  }

  /**
   * Measures values; the deviation is that of the whole population.
   *
   * @param values at least two different ones
   * @return the standardizer
   * @throws IllegalArgumentException if all are equal, or one is not finite
   */
  public static Standardizer of(double... values) {
    double sum = 0;
    for (double value : values) {
      sum += value;
    }
    double mean = sum / values.length;
    double squares = 0;
    for (double value : values) {
      squares += (value - mean) * (value - mean);
    }
    return new Standardizer(mean, StrictMath.sqrt(squares / values.length));
  }

  /**
   * Standardizes.
   *
   * @param value in the data's unit
   * @return (value - mean) / deviation
   */
  public float apply(double value) {
    return (float) ((value - mean) / deviation);
  }

  /**
   * The way back.
   *
   * @param standardized what {@link #apply} gives
   * @return in the data's unit
   */
  public double invert(float standardized) {
    return standardized * deviation + mean;
  }
}
