// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

/**
 * What a stack of recurrent layers does beyond the plain form. Start from {@link #PLAIN}:
 *
 * <pre>{@code
 * new Gru(init, shape, RecurrentOptions.PLAIN.withBidirectional().withDropout(0.2f))
 * }</pre>
 *
 * @param bidirectional whether each layer has a second run from the last valid step of a sequence
 *     to its first, with parameters of its own named {@code ..._reverse}; the output has both, the
 *     forward run first
 * @param dropout probability of dropping an element of the output of each layer but the last, in
 *     training; 0 to below 1
 */
public record RecurrentOptions(boolean bidirectional, float dropout) {
  /** One direction, no dropout. */
  public static final RecurrentOptions PLAIN = new RecurrentOptions(false, 0);

  /**
   * Checks the options.
   *
   * @param bidirectional whether each layer runs in both directions
   * @param dropout probability of dropping between layers
   */
  public RecurrentOptions {
    requireProbability("dropout", dropout);
  }

  /**
   * Both directions.
   *
   * @return these options, changed
   */
  public RecurrentOptions withBidirectional() {
    return new RecurrentOptions(true, dropout);
  }

  /**
   * Dropout between layers.
   *
   * @param p probability, 0 to below 1
   * @return these options, changed
   */
  public RecurrentOptions withDropout(float p) {
    return new RecurrentOptions(bidirectional, p);
  }

  /** Runs in each layer: 1 or 2. */
  int directions() {
    return bidirectional ? 2 : 1;
  }

  private static void requireProbability(String what, float p) {
    if (!(p >= 0 && p < 1)) {
      throw new IllegalArgumentException(
          "recurrent layer: " + what + " must be at least 0 and below 1: " + p);
    }
  }
}
