// SPDX-License-Identifier: Apache-2.0

package dev.unroll.train;

/** The mean loss of a language model over many batches, in its usual units. */
public final class TokenLoss {
  private double nats;
  private long tokens;

  /**
   * Adds a batch.
   *
   * @param meanLoss its mean cross-entropy in nats
   * @param count tokens that it is the mean of
   */
  public void add(double meanLoss, long count) {
    if (count < 1) {
      throw new IllegalArgumentException("token loss: a batch has a token at least: " + count);
    }
    nats += meanLoss * count;
    tokens += count;
  }

  /**
   * Mean cross-entropy.
   *
   * @return nats per token; NaN without tokens
   */
  public double nats() {
    return nats / tokens;
  }

  /**
   * Mean cross-entropy in base 2: for a model of characters, bits per character.
   *
   * @return bits per token
   */
  public double bits() {
    return nats() / StrictMath.log(2);
  }

  /**
   * Among how many equally likely tokens the model seems to choose.
   *
   * @return e^nats
   */
  public double perplexity() {
    return StrictMath.exp(nats());
  }
}
