// SPDX-License-Identifier: Apache-2.0

package dev.unroll.bench;

/** Runs something until the compiler is done with it. */
final class Warming {
  private static final int MOST_WINDOWS = 10;

  /** A window that gains less than this on the one before is the last. */
  private static final double GAIN = 0.9;

  private Warming() {}

  /**
   * Repeats a run for at least two windows of time, and for as long as windows become faster.
   *
   * @return the nanoseconds of the fastest run
   */
  static long run(Runnable once, long windowNanos) {
    long before = fastest(once, windowNanos);
    long best = before;
    for (int i = 1; i < MOST_WINDOWS; i++) {
      best = fastest(once, windowNanos);
      if (best > GAIN * before) {
        break;
      }
      before = best;
    }
    return Math.min(best, before);
  }

  private static long fastest(Runnable once, long windowNanos) {
    long end = System.nanoTime() + windowNanos;
    long fastest = Long.MAX_VALUE;
    do {
      long start = System.nanoTime();
      once.run();
      fastest = Math.min(fastest, System.nanoTime() - start);
    } while (System.nanoTime() < end);
    return fastest;
  }
}
