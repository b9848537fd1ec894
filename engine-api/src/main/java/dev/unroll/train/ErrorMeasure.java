// SPDX-License-Identifier: Apache-2.0

package dev.unroll.train;

/** Errors of predicted numbers, gathered batch by batch in double. */
public final class ErrorMeasure {
  private long count;
  private double absolute;
  private double squares;
  private double targetMean;
  private double targetSquares;

  /**
   * Adds predictions.
   *
   * @param predicted predictions
   * @param target what was right, as many
   */
  public void add(float[] predicted, float[] target) {
    if (predicted.length != target.length) {
      throw new IllegalArgumentException(
          "error measure: " + predicted.length + " predictions for " + target.length + " targets");
    }
    for (int i = 0; i < target.length; i++) {
      double error = (double) predicted[i] - target[i];
      absolute += Math.abs(error);
      squares += error * error;
      // Welford's update: mean and squared deviations without cancellation.
      count++;
      double off = target[i] - targetMean;
      targetMean += off / count;
      targetSquares += off * (target[i] - targetMean);
    }
  }

  /**
   * Mean absolute error.
   *
   * @return in the targets' unit; NaN without predictions
   */
  public double mae() {
    return absolute / count;
  }

  /**
   * Mean squared error.
   *
   * @return in the square of the targets' unit; NaN without predictions
   */
  public double mse() {
    return squares / count;
  }

  /**
   * Root of the mean squared error.
   *
   * @return in the targets' unit; NaN without predictions
   */
  public double rmse() {
    return StrictMath.sqrt(mse());
  }

  /**
   * Share of the targets' variance that the predictions explain, R squared.
   *
   * @return 1 for perfect predictions, 0 for their mean, below 0 for worse
   */
  public double explained() {
    return 1 - squares / targetSquares;
  }
}
