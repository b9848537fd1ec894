// SPDX-License-Identifier: Apache-2.0

package dev.unroll.train;

import dev.unroll.Philox;

/** Seeded random orders, the same on every machine (Fisher and Yates' shuffle). */
final class Shuffle {
  private Shuffle() {}

  /**
   * Puts elements in random order.
   *
   * @param elements changed in place
   * @param seed seed of the run
   * @param instance which of the run's uses of data randomness this is
   * @param round another order for each
   */
  static void inPlace(int[] elements, long seed, int instance, long round) {
    int stream = Philox.stream(Philox.DATA, instance);
    for (int i = elements.length - 1; i > 0; i--) {
      long bits = Integer.toUnsignedLong(Philox.bits(seed, stream, round, i));
      int j = (int) (bits * (i + 1) >>> 32);
      int swapped = elements[i];
      elements[i] = elements[j];
      elements[j] = swapped;
    }
  }
}
