// SPDX-License-Identifier: Apache-2.0

package dev.unroll.text;

import dev.unroll.Philox;
import java.util.Arrays;

/**
 * Chooses the next token from logits, in double with {@link StrictMath} and with random numbers
 * that depend on seed and position only: equal logits give the same text everywhere.
 *
 * <p>Tokens are ranked by descending logit, equal ones by ascending id. Of these the first {@code
 * topK} stay; of these, with weights exp((logit - largest) / temperature), the shortest beginning
 * whose weight is at least {@code topP} of their sum (nucleus sampling, Holtzman et al., 2020). One
 * of the rest is drawn in proportion to its weight. A sampler belongs to one thread.
 */
public final class Sampler {
  private final double temperature;
  private final int topK;
  private final double topP;
  private final long seed;

  // Scratch, grown to the largest number of logits seen.
  private long[] ranking = new long[0];
  private double[] cumulative = new double[0];

  /**
   * Sets the way of choosing.
   *
   * @param temperature 0 for the most likely token always; 1 for the model's own distribution
   * @param topK number of tokens to draw from; 0 for all
   * @param topP share of the probability to draw from, in (0, 1]; 1 for all
   * @param seed of the random numbers
   * @throws IllegalArgumentException if an argument is out of range
   */
  public Sampler(double temperature, int topK, double topP, long seed) {
    if (!(temperature >= 0 && temperature <= Double.MAX_VALUE)) {
      throw new IllegalArgumentException(
          "temperature is "
              + temperature
              + ", must be a number from 0 (always the most likely) up");
    }
    if (topK < 0) {
      throw new IllegalArgumentException(
          "top-k is " + topK + ", must be 1 or more, or 0 to draw from all");
    }
    if (!(topP > 0 && topP <= 1)) {
      throw new IllegalArgumentException(
          "top-p is " + topP + ", must be above 0 and at most 1 (1 draws from all)");
    }
    this.temperature = temperature;
    this.topK = topK;
    this.topP = topP;
    this.seed = seed;
  }

  /**
   * Chooses a token.
   *
   * @param logits one logit for each token, at least one; minus infinity excludes a token
   * @param position position of the token in the text: each has a random number of its own
   * @return the id of the token
   * @throws IllegalArgumentException if there are no logits
   * @throws IllegalStateException if a logit is NaN or plus infinity, or all are minus infinity
   */
  public int next(float[] logits, long position) {
    int best = mostLikely(logits);
    if (temperature == 0) {
      return best;
    }
    rank(logits);
    int kept = topK == 0 ? logits.length : Math.min(topK, logits.length);
    double sum = 0;
    for (int i = 0; i < kept; i++) {
      double logit = logits[token(i)];
      sum += StrictMath.exp((logit - logits[best]) / temperature);
      cumulative[i] = sum;
    }
    double mass = topP == 1 ? sum : cumulative[firstAtLeast(topP * sum)];
    double drawn = mass * Philox.uniform(seed, Philox.SAMPLING, position, 0);
    int chosen = 0;
    while (cumulative[chosen] <= drawn) {
      chosen++;
    }
    return token(chosen);
  }

  private static int mostLikely(float[] logits) {
    if (logits.length == 0) {
      throw new IllegalArgumentException("sampling: there are no logits to choose from");
    }
    int best = 0;
    for (int i = 0; i < logits.length; i++) {
      if (!(logits[i] < Float.POSITIVE_INFINITY)) {
        throw new IllegalStateException(
            "sampling: logit "
                + i
                + " is "
                + logits[i]
                + "; the model is damaged or its training"
                + " diverged: use an earlier one");
      }
      if (logits[i] > logits[best]) {
        best = i;
      }
    }
    if (logits[best] == Float.NEGATIVE_INFINITY) {
      throw new IllegalStateException(
          "sampling: every logit is -Infinity; leave at least one token to choose");
    }
    return best;
  }

  /** Sorts tokens by descending logit, then by ascending id: one key holds both. */
  private void rank(float[] logits) {
    if (ranking.length < logits.length) {
      ranking = new long[logits.length];
      cumulative = new double[logits.length];
    }
    for (int i = 0; i < logits.length; i++) {
      // Adding +0 makes -0 equal to +0; the bits of negative floats run backwards.
      int bits = Float.floatToIntBits(logits[i] + 0f);
      int ascending = bits >= 0 ? bits : bits ^ Integer.MAX_VALUE;
      ranking[i] = ((long) ~ascending << 32) | i;
    }
    Arrays.sort(ranking, 0, logits.length);
  }

  private int token(int rank) {
    return (int) ranking[rank];
  }

  private int firstAtLeast(double mass) {
    int i = 0;
    while (cumulative[i] < mass) {
      i++;
    }
    return i;
  }
}
