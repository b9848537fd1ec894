// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * A barrier for threads that meet every few microseconds: they spin, and give their processor away
 * only when somebody is long in coming. Each counts its meetings in cache lines of its own, so that
 * a meeting takes one transfer between processors and not one for each who comes.
 */
final class Meeting {
  private static final int SPINS = 1 << 10;
  private static final int TWO_LINES = 32;

  private final int count;
  private final AtomicIntegerArray met;
  private volatile boolean cancelled;

  Meeting(int count) {
    this.count = count;
    met = new AtomicIntegerArray((count + 1) * TWO_LINES);
  }

  /** Makes it ready for a new task. */
  void open() {
    for (int part = 0; part < count; part++) {
      met.set(at(part), 0);
    }
    cancelled = false;
  }

  /** Lets all who wait, or come later, fail: one of the threads will never come. */
  void cancel() {
    cancelled = true;
  }

  /** Returns when all have come; what each wrote before is seen by all. */
  void await(int part) {
    int now = met.getPlain(at(part)) + 1;
    met.setRelease(at(part), now);
    for (int other = 0; other < count; other++) {
      int spins = 0;
      while (met.getAcquire(at(other)) < now) { // who came first may be one meeting ahead
        if (cancelled) {
          throw new IllegalStateException("another thread of the backend failed");
        }
        if (spins++ < SPINS) {
          Thread.onSpinWait();
        } else {
          Thread.yield();
        }
      }
    }
  }

  private static int at(int part) {
    return (part + 1) * TWO_LINES;
  }
}
