// SPDX-License-Identifier: Apache-2.0

package dev.unroll;

/**
 * A loss computed element by element from a prediction x and a target t of the same shape.
 *
 * @param kind which loss
 * @param delta where {@link Kind#HUBER} turns from square to linear; unused by others
 */
public record ElementLoss(Kind kind, float delta) {
  /** The losses there are. */
  public enum Kind {
    /** (x - t)^2. */
    SQUARED,
    /** -(t ln x + (1 - t) ln(1 - x)), each logarithm at least -100; x is a probability. */
    BINARY_CROSS_ENTROPY,
    /** max(x, 0) - x t + ln(1 + e^-|x|); x is a logit. */
    BINARY_CROSS_ENTROPY_WITH_LOGITS,
    /** d^2 / 2 for |d| at most delta, else delta (|d| - delta / 2), with d = x - t. */
    HUBER
  }

  /** Squared error. */
  public static final ElementLoss SQUARED = new ElementLoss(Kind.SQUARED, 0);

  /** Binary cross-entropy from probabilities. */
  public static final ElementLoss BINARY_CROSS_ENTROPY =
      new ElementLoss(Kind.BINARY_CROSS_ENTROPY, 0);

  /** Binary cross-entropy from logits. */
  public static final ElementLoss BINARY_CROSS_ENTROPY_WITH_LOGITS =
      new ElementLoss(Kind.BINARY_CROSS_ENTROPY_WITH_LOGITS, 0);

  /**
   * Huber's loss.
   *
   * @param delta where the square turns linear, above 0 (PyTorch's default: 1)
   * @return the loss
   * @throws IllegalArgumentException if delta is not above 0
   */
  public static ElementLoss huber(float delta) {
    if (!(delta > 0)) {
      throw new IllegalArgumentException("huber: delta must be above 0: " + delta);
    }
    return new ElementLoss(Kind.HUBER, delta);
  }
}
