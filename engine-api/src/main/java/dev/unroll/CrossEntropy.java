// SPDX-License-Identifier: Apache-2.0

package dev.unroll;

/**
 * The settings of a cross-entropy between rows of class scores and integer targets.
 *
 * @param input whether the scores are logits or already log-probabilities (then it is the negative
 *     log-likelihood loss)
 * @param reduction how the row losses are put together
 * @param ignoreIndex rows with this target count neither in the loss nor in the gradient
 * @param smoothing label smoothing in [0, 1], 0 for none; logits only
 */
public record CrossEntropy(Input input, Reduction reduction, int ignoreIndex, float smoothing) {
  /** What the scores are. */
  public enum Input {
    /** Unnormalised scores: log-softmax is part of the loss. */
    LOGITS,
    /** Log-probabilities, the output of a log-softmax. */
    LOG_PROBABILITIES
  }

  /** The value of ignoreIndex that PyTorch uses unless told otherwise. */
  public static final int IGNORE_DEFAULT = -100;

  /** Mean over the rows, from logits, nothing smoothed. */
  public static final CrossEntropy MEAN =
      new CrossEntropy(Input.LOGITS, Reduction.MEAN, IGNORE_DEFAULT, 0);

  /**
   * Checks the settings.
   *
   * @param input whether the scores are logits or already log-probabilities (then it is the
   *     negative log-likelihood loss)
   * @param reduction how the row losses are put together
   * @param ignoreIndex rows with this target count neither in the loss nor in the gradient
   * @param smoothing label smoothing in [0, 1], 0 for none; logits only
   */
  public CrossEntropy {
    if (!(smoothing >= 0 && smoothing <= 1)) {
      throw new IllegalArgumentException("crossEntropy: smoothing must be in [0, 1]: " + smoothing);
    }
    if (smoothing != 0 && input == Input.LOG_PROBABILITIES) {
      throw new IllegalArgumentException(
          "crossEntropy: smoothing needs logits, not log-probabilities");
    }
  }
}
