// SPDX-License-Identifier: Apache-2.0

package dev.unroll.train;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * Which examples each training step sees: every epoch has all of them once, in an order of its own.
 * A step's examples depend on its number and the seed alone, so that a resumed run goes on where it
 * was. The last batch of an epoch may be smaller.
 *
 * <p>With lengths, examples of similar length meet (bucketing): the shuffled examples are sorted by
 * length within groups of {@value #BUCKET} batches, and the batches are shuffled again.
 */
public final class Batches {
  /** The first instance of {@link dev.unroll.Philox#DATA} that splits and batches leave free. */
  public static final int FREE_INSTANCE = 3;

  private static final int BUCKET = 32;
  private static final int EXAMPLES = 1;
  private static final int ORDER = 2;

  private final int[] examples;
  private final int batch;
  private final long seed;
  private final int[] lengths;
  private long epoch = -1;
  private int[] order;
  private int[] batches;

  /**
   * Batches of equal worth.
   *
   * @param examples numbers of the examples, at least one
   * @param batch examples of a batch, at least 1
   * @param seed of the orders
   */
  public Batches(int[] examples, int batch, long seed) {
    this(examples, batch, seed, null);
  }

  /**
   * Batches of examples of similar length.
   *
   * @param examples numbers of the examples, at least one
   * @param batch examples of a batch, at least 1
   * @param seed of the orders
   * @param lengths length of every example, by its number; null for no bucketing
   */
  public Batches(int[] examples, int batch, long seed, int[] lengths) {
    if (examples.length == 0 || batch < 1) {
      throw new IllegalArgumentException(
          "batches: there must be at least one example and a batch of at least 1: "
              + examples.length
              + " examples, batch "
              + batch);
    }
    this.examples = examples.clone();
    this.batch = batch;
    this.seed = seed;
    this.lengths = lengths;
  }

  /**
   * Steps that see every example once.
   *
   * @return number of batches
   */
  public int perEpoch() {
    return (examples.length - 1) / batch + 1;
  }

  /**
   * The examples of a step.
   *
   * @param step number of the step, from 1
   * @return numbers of its examples
   */
  public int[] at(long step) {
    prepare((step - 1) / perEpoch());
    int from = batches[(int) ((step - 1) % perEpoch())] * batch;
    return Arrays.copyOfRange(order, from, Math.min(order.length, from + batch));
  }

  private void prepare(long wanted) {
    if (wanted == epoch) {
      return;
    }
    order = examples.clone();
    Shuffle.inPlace(order, seed, EXAMPLES, wanted);
    batches = IntStream.range(0, perEpoch()).toArray();
    if (lengths != null) {
      for (int from = 0; from < order.length; from += BUCKET * batch) {
        sortByLength(from, Math.min(order.length, from + BUCKET * batch));
      }
      Shuffle.inPlace(batches, seed, ORDER, wanted);
    }
    epoch = wanted;
  }

  private void sortByLength(int from, int to) {
    int[] sorted =
        Arrays.stream(order, from, to)
            .boxed()
            .sorted(Comparator.comparingInt(i -> lengths[i]))
            .mapToInt(Integer::intValue)
            .toArray();
    System.arraycopy(sorted, 0, order, from, sorted.length);
  }
}
