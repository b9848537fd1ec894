// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class WorkersTest {
  /** Plain fields and arrays only: whether the writes of either side are seen is what is tested. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 8})
  void everyPartRunsOnceAndSeesTheCallersWrites(int count) {
    int[] input = new int[1];
    int[] output = new int[count];
    IntConsumer task = part -> output[part] += input[0] + part;
    try (Workers workers = new Workers(count)) {
      assertThat(workers.count()).isEqualTo(count);
      int sum = 0;
      for (int round = 0; round < 2000; round++) {
        input[0] = round;
        sum += round;
        workers.run(task);
        for (int part = 0; part < count; part++) {
          assertThat(output[part]).isEqualTo(sum + part * (round + 1));
        }
      }
    }
  }

  @Test
  void partZeroIsTheCallersAndTheOthersAreDaemons() {
    Thread[] threads = new Thread[3];
    try (Workers workers = new Workers(3)) {
      workers.runTogether(part -> threads[part] = Thread.currentThread());
    }
    assertThat(threads[0]).isSameAs(Thread.currentThread());
    assertThat(threads).doesNotHaveDuplicates();
    assertThat(threads[1].isDaemon()).isTrue();
    assertThat(threads[2].isDaemon()).isTrue();
  }

  /** Longer than the spinning on both sides, so that both park and must be woken. */
  @Test
  void parkedThreadsAreWoken() throws InterruptedException {
    AtomicInteger runs = new AtomicInteger();
    try (Workers workers = new Workers(2)) {
      for (int round = 0; round < 20; round++) {
        Thread.sleep(2);
        workers.runTogether(
            part -> {
              runs.incrementAndGet();
              if (part == 1) {
                sleep(3);
              }
            });
        assertThat(runs.get()).isEqualTo(2 * (round + 1));
      }
    }
  }

  /** The other threads sleep by then, and waking takes longer than the task. */
  @Test
  void theCallerDoesWhatNobodyHasBegun() throws InterruptedException {
    Thread caller = Thread.currentThread();
    AtomicInteger byCaller = new AtomicInteger();
    AtomicInteger runs = new AtomicInteger();
    try (Workers workers = new Workers(4)) {
      for (int round = 1; byCaller.get() == 0; round++) {
        Thread.sleep(1);
        workers.run(
            part -> {
              runs.incrementAndGet();
              if (part > 0 && Thread.currentThread() == caller) {
                byCaller.incrementAndGet();
              }
            });
        assertThat(runs.get()).isEqualTo(4 * round);
      }
    }
  }

  @Test
  void partsOfATogetherTaskMayWaitForEachOther() {
    try (Workers workers = new Workers(3)) {
      for (int round = 0; round < 200; round++) {
        CyclicBarrier barrier = new CyclicBarrier(3);
        workers.runTogether(part -> assertThat(arrives(barrier)).isTrue());
      }
    }
  }

  private static boolean arrives(CyclicBarrier barrier) {
    try {
      barrier.await(20, TimeUnit.SECONDS);
      return true;
    } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
      return false;
    }
  }

  private static void sleep(int millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void exceptionReachesTheCallerAfterAllPartsEnded(int failing) {
    AtomicInteger ended = new AtomicInteger();
    try (Workers workers = new Workers(3)) {
      assertThatThrownBy(
              () ->
                  workers.run(
                      part -> {
                        if (part == failing) {
                          throw new ArithmeticException("part " + part);
                        }
                        sleep(5);
                        ended.incrementAndGet();
                      }))
          .isInstanceOf(ArithmeticException.class)
          .hasMessage("part " + failing);
      assertThat(ended.get()).isEqualTo(2);
      workers.run(part -> ended.incrementAndGet());
      assertThat(ended.get()).isEqualTo(5);
    }
  }

  @Test
  void allFailuresAreKept() {
    AssertionError shared = new AssertionError("shared");
    try (Workers workers = new Workers(4)) {
      assertThatThrownBy(
              () ->
                  workers.run(
                      part -> {
                        if (part == 2) {
                          throw new IllegalStateException("two");
                        }
                        throw shared;
                      }))
          .isSameAs(shared)
          .satisfies(
              e -> assertThat(e.getSuppressed()).extracting(Throwable::getMessage).contains("two"));
    }
  }

  @Test
  void aTaskInsideATaskIsRefused() {
    try (Workers workers = new Workers(2)) {
      for (int part : new int[] {0, 1}) {
        assertThatThrownBy(
                () ->
                    workers.run(
                        p -> {
                          if (p == part) {
                            workers.run(q -> {});
                          }
                        }))
            .isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("already running");
      }
    }
  }

  @Test
  void anInterruptedCallerStillWaitsAndStaysInterrupted() {
    AtomicInteger ended = new AtomicInteger();
    try (Workers workers = new Workers(2)) {
      Thread.currentThread().interrupt();
      workers.runTogether(
          part -> {
            if (part == 1) {
              sleep(5);
              ended.incrementAndGet();
            }
          });
      assertThat(ended.get()).isEqualTo(1);
      assertThat(Thread.interrupted()).isTrue();
    }
  }

  @Test
  void closeEndsTheThreads() throws InterruptedException {
    Thread[] threads = new Thread[3];
    Workers workers = new Workers(3);
    workers.runTogether(part -> threads[part] = Thread.currentThread());
    Thread.sleep(1);
    workers.close();
    workers.close();
    assertThat(threads[1].isAlive()).isFalse();
    assertThat(threads[2].isAlive()).isFalse();
    assertThatThrownBy(() -> workers.run(part -> {}))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }

  @Test
  @SuppressWarnings("try") // the explicit close is the test
  void closeInsideATaskIsRefused() {
    try (Workers workers = new Workers(2)) {
      assertThatThrownBy(() -> workers.run(part -> workers.close()))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("running");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1})
  void atLeastOneThread(int count) {
    assertThatThrownBy(() -> new Workers(count))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(String.valueOf(count));
  }

  @Test
  void threadsLeftOpenDoNotKeepTheProcessAlive() throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                WorkersTest.class.getName())
            .redirectErrorStream(true)
            .start();
    boolean ended = process.waitFor(20, TimeUnit.SECONDS);
    if (!ended) {
      process.destroyForcibly();
    }
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(output).contains("ran 3");
    assertThat(ended).isTrue();
  }

  /** What the process of {@link #threadsLeftOpenDoNotKeepTheProcessAlive} runs: no close. */
  @SuppressWarnings("resource")
  public static void main(String[] args) {
    AtomicInteger runs = new AtomicInteger();
    new Workers(3).run(part -> runs.incrementAndGet());
    System.out.println("ran " + runs.get());
  }
}
