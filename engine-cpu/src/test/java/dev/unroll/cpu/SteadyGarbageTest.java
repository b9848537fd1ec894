// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.unroll.Arena;
import dev.unroll.Backends;
import dev.unroll.Ops;
import dev.unroll.Recording;
import dev.unroll.Tensor;
import dev.unroll.nn.Parameter;
import dev.unroll.train.Clipping;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What steady work leaves to the garbage collector. */
class SteadyGarbageTest {
  private static final int STEPS = 20;

  /** Of six small networks, each step of which makes some dozens of tensors. */
  private static final long MOST_BYTES = 6 * 10_000;

  private static final long LIMIT_NANOS = 60_000_000_000L;

  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private Ops ops;
  private Arena arena;

  @BeforeEach
  final void open() {
    ops = Backends.open("cpu");
    arena = ops.arena("test");
  }

  @AfterEach
  final void close() {
    arena.close();
    ops.close();
  }

  @Test
  void plainStepsAllocateNoMoreThanTheirHandles() {
    TrainingWarmUp training = new TrainingWarmUp(ops, arena);
    assertThat(least(MOST_BYTES, training::step)).isLessThanOrEqualTo(MOST_BYTES);
  }

  @Test
  void recordedStepsAllocateNothing() {
    List<TrainingWarmUp.Network> networks = new TrainingWarmUp(ops, arena).networks();
    List<Recording> recordings = new ArrayList<>();
    for (TrainingWarmUp.Network network : networks) {
      recordings.add(
          ops.record(
              "step",
              step -> {
                network.clear(ops);
                network.gradients().accept(step);
                List<Parameter> parameters = network.optimizer().trained();
                Clipping.byNorm(1).apply(step, parameters, Clipping.norm(step, parameters));
              }));
    }
    assertThat(
            least(
                0,
                () -> {
                  for (int i = 0; i < networks.size(); i++) {
                    recordings.get(i).run();
                    networks.get(i).update();
                  }
                }))
        .isZero();
    recordings.forEach(Recording::close);
  }

  /** Their kernels are the largest, and the first in which HotSpot gives up on vectors. */
  @Test
  void largeProductsAllocateNothing() {
    Tensor a = filled(120, 64);
    Tensor b = filled(64, 96);
    Tensor turned = filled(64, 120);
    Tensor c = filled(120, 96);
    try (Recording products =
        ops.record(
            "products",
            step -> {
              ops.matmul(a, b, 1, c);
              ops.matmul(turned.t(), b, 0, c);
            })) {
      assertThat(least(0, products::run)).isZero();
    }
  }

  private Tensor filled(int rows, int cols) {
    Tensor tensor = arena.tensor(rows, cols);
    ops.fill(0.01f, tensor);
    return tensor;
  }

  /** Bytes per run on all threads, in the best window within a minute: the compiler may lag. */
  private double least(long enough, Runnable work) {
    long start = System.nanoTime();
    double least = Double.MAX_VALUE;
    while (least > enough && System.nanoTime() - start < LIMIT_NANOS) {
      least = Math.min(least, bytesPerRun(work));
    }
    return least;
  }

  private double bytesPerRun(Runnable work) {
    long[] ids =
        Thread.getAllStackTraces().keySet().stream()
            .filter(t -> t == Thread.currentThread() || t.getName().startsWith("unroll-cpu-"))
            .mapToLong(Thread::getId)
            .toArray();
    long[] before = threads.getThreadAllocatedBytes(ids);
    long[] atOnce = threads.getThreadAllocatedBytes(ids); // what the measurement takes itself
    for (int i = 0; i < STEPS; i++) {
      work.run();
    }
    long[] after = threads.getThreadAllocatedBytes(ids);
    long bytes = 0;
    for (int i = 0; i < ids.length; i++) {
      bytes += after[i] - atOnce[i] - (atOnce[i] - before[i]);
    }
    return Math.abs(bytes) / (double) STEPS; // below 0 where the measurement itself changed
  }
}
