// SPDX-License-Identifier: Apache-2.0

package dev.unroll.text;

/**
 * Batches for truncated back-propagation with carried state. A token sequence is cut into B streams
 * of equal length, which are read in parallel, T tokens at a time: batch k + 1 goes on in each
 * stream where batch k ended, so the state after batch k is the initial state of batch k + 1.
 *
 * <p>Stream b starts at token b*S, S = (tokens - 1) / B rounded down. An epoch has S / T (rounded
 * down) batches; the tokens that are left over at the end of each stream are not used as inputs.
 * After an epoch all streams start again, from a zero state.
 */
public final class StreamBatches {
  private final int[] tokens;
  private final int batch;
  private final int steps;
  private final int streamLength;
  private final int batchesPerEpoch;
  private long position;

  /**
   * Cuts a token sequence into streams.
   *
   * @param tokens the sequence; not copied, must not change
   * @param batch number of streams B, at least 1
   * @param steps tokens of each stream in a batch T, at least 1
   * @throws IllegalArgumentException if a size is below 1 or there are fewer than B*T + 1 tokens
   */
  public StreamBatches(int[] tokens, int batch, int steps) {
    if (batch < 1 || steps < 1) {
      throw new IllegalArgumentException(
          "batch and seq must be at least 1, but batch is " + batch + " and seq is " + steps);
    }
    long needed = (long) batch * steps + 1;
    if (tokens.length < needed) {
      throw new IllegalArgumentException(
          "the text has "
              + tokens.length
              + " tokens, but batch "
              + batch
              + " and seq "
              + steps
              + " need at least "
              + needed
              + " (batch * seq + 1); use a smaller batch or seq, or"
              + " more text");
    }
    this.tokens = tokens;
    this.batch = batch;
    this.steps = steps;
    this.streamLength = (tokens.length - 1) / batch;
    this.batchesPerEpoch = streamLength / steps;
  }

  /**
   * Number of batches in an epoch, at least 1.
   *
   * @return the number
   */
  public int batchesPerEpoch() {
    return batchesPerEpoch;
  }

  /**
   * Number of batches given since the start: what a checkpoint keeps.
   *
   * @return the position
   */
  public long position() {
    return position;
  }

  /**
   * Number of the epoch that the next batch belongs to, from 0.
   *
   * @return the epoch
   */
  public long epoch() {
    return position / batchesPerEpoch;
  }

  /**
   * Whether the next batch is the first of an epoch: the carried state must be reset before it.
   *
   * @return true at the start of an epoch
   */
  public boolean startsEpoch() {
    return position % batchesPerEpoch == 0;
  }

  /**
   * Goes to a position that {@link #position} gave.
   *
   * @param position batches given before
   * @throws IllegalArgumentException if it is negative
   */
  public void seek(long position) {
    if (position < 0) {
      throw new IllegalArgumentException("data position is " + position + ", must not be negative");
    }
    this.position = position;
  }

  /**
   * Gives the next batch and moves on.
   *
   * @param inputs {@code [T*B]}, time-major: row t*B + b is token t of stream b
   * @param targets {@code [T*B]}: the token that follows each input
   * @throws IllegalArgumentException if an array has another length
   */
  public void next(int[] inputs, int[] targets) {
    requireLength("inputs", inputs);
    requireLength("targets", targets);
    int first = (int) (position % batchesPerEpoch) * steps;
    for (int b = 0; b < batch; b++) {
      int from = b * streamLength + first;
      for (int t = 0; t < steps; t++) {
        inputs[t * batch + b] = tokens[from + t];
        targets[t * batch + b] = tokens[from + t + 1];
      }
    }
    position++;
  }

  private void requireLength(String name, int[] array) {
    if (array.length != steps * batch) {
      throw new IllegalArgumentException(
          name
              + " has "
              + array.length
              + " elements, must have seq "
              + steps
              + " * batch "
              + batch
              + " = "
              + steps * batch);
    }
  }
}
