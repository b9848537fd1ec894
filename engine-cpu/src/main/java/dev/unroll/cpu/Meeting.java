// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * A barrier for threads that meet every few microseconds: they spin, and give their processor away
 * only when somebody is long in coming.
 */
final class Meeting {
  private static final int SPINS = 1 << 10;

  private final int count;
  private final AtomicInteger arrived = new AtomicInteger();
  private volatile int round;
  private volatile boolean cancelled;

  Meeting(int count) {
    this.count = count;
  }

  /** Makes it ready for a new task. */
  void open() {
    arrived.set(0);
    cancelled = false;
  }

  /** Lets all who wait, or come later, fail: one of the threads will never come. */
  void cancel() {
    cancelled = true;
  }

  /** Returns when all have come; what each wrote before is seen by all. */
  void await() {
    int now = round;
    if (arrived.incrementAndGet() == count) {
      arrived.set(0);
      round = now + 1;
      return;
    }
    for (int spins = 0; round == now; spins++) {
      if (cancelled) {
        throw new IllegalStateException("another thread of the backend failed");
      }
      if (spins < SPINS) {
        Thread.onSpinWait();
      } else {
        Thread.yield();
      }
    }
  }
}
