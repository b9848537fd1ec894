// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.unroll.Arena;
import dev.unroll.Backends;
import dev.unroll.Ops;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;

/** What a steady training step leaves to the collector: handles and traces, never numbers. */
class SteadyGarbageTest {
  private static final int STEPS = 20;

  /** Of six small networks, each step of which makes some dozens of tensors. */
  private static final long MOST_BYTES = 6 * 20_000;

  private static final int MOST_WINDOWS = 500;

  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @Test
  void stepsAllocateNoMoreThanTheirHandles() {
    try (Ops ops = Backends.open("cpu");
        Arena arena = ops.arena("networks")) {
      TrainingWarmUp training = new TrainingWarmUp(ops, arena);
      long least = Long.MAX_VALUE;
      for (int i = 0; i < MOST_WINDOWS && least > MOST_BYTES; i++) { // the compiler may lag behind
        least = Math.min(least, bytesPerStep(training));
      }
      assertThat(least).isLessThanOrEqualTo(MOST_BYTES);
    }
  }

  private long bytesPerStep(TrainingWarmUp training) {
    long[] ids =
        Thread.getAllStackTraces().keySet().stream()
            .filter(t -> t == Thread.currentThread() || t.getName().startsWith("unroll-cpu-"))
            .mapToLong(Thread::getId)
            .toArray();
    long before = sum(threads.getThreadAllocatedBytes(ids));
    for (int i = 0; i < STEPS; i++) {
      training.step();
    }
    return (sum(threads.getThreadAllocatedBytes(ids)) - before) / STEPS;
  }

  private static long sum(long... bytes) {
    long sum = 0;
    for (long b : bytes) {
      sum += Math.max(0, b);
    }
    return sum;
  }
}
