// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;

/**
 * A fixed set of persistent daemon threads that run the parts of one task together.
 *
 * <p>The caller is thread 0 and does part 0 itself; {@code count - 1} threads do the others. Both
 * sides wait by spinning for a short while, because the next task of a training step usually comes
 * within microseconds, and park after that. With more threads than processors nobody spins. A part
 * that its thread has not begun when the caller is through with its own, the caller does too: the
 * system may have put both on one processor, and waiting would cost more than the part. What the
 * caller wrote before {@link #run} is seen by every part, and what the parts wrote is seen by the
 * caller afterwards. A run allocates nothing when the task object is reused.
 */
final class Workers implements AutoCloseable {
  private static final long SPIN_NANOS = 100_000;

  /** After this the processor is offered to others: the one waited for may be queued on it. */
  private static final long PAUSE_NANOS = 10_000;

  private static final int SPINS_PER_CLOCK_READ = 16;

  private final Worker[] workers; // workers[i] does part i + 1
  private final long spinNanos;
  private final AtomicBoolean running = new AtomicBoolean();
  private final AtomicInteger unfinished = new AtomicInteger();
  private IntConsumer task; // published by round
  private final AtomicInteger round = new AtomicInteger();
  private volatile Thread waiter; // the caller, while it may be parked
  private volatile boolean closed;

  /**
   * Starts the threads.
   *
   * @param count threads that run a task, the caller included; 1 starts none
   * @throws IllegalArgumentException if count is below 1
   */
  Workers(int count) {
    if (count < 1) {
      throw new IllegalArgumentException("threads: " + count + " given, at least 1 is needed");
    }
    spinNanos = count > Runtime.getRuntime().availableProcessors() ? 0 : SPIN_NANOS;
    workers = new Worker[count - 1];
    for (int i = 0; i < workers.length; i++) {
      workers[i] = new Worker(i + 1);
      workers[i].start();
    }
  }

  /** The number of parts of every task: the caller and the threads. */
  int count() {
    return workers.length + 1;
  }

  /**
   * Runs {@code task.accept(0)} to {@code task.accept(count() - 1)} and returns when all have
   * ended. Parts do not wait for each other: one thread may do several. If parts throw, the
   * exception of the lowest part is thrown here and carries those of the others as suppressed.
   *
   * @throws IllegalStateException if closed, or if a task is already running: a task must not start
   *     another one on the same workers
   */
  void run(IntConsumer task) {
    run(task, true);
  }

  /** As {@link #run}, but each part on its own thread, so that parts may wait for each other. */
  void runTogether(IntConsumer task) {
    run(task, false);
  }

  private void run(IntConsumer task, boolean callerHelps) {
    if (!running.compareAndSet(false, true)) {
      throw new IllegalStateException(
          "workers: a task is already running; one backend serves one thread at a time");
    }
    try {
      if (closed) {
        throw new IllegalStateException("workers: closed; open a new backend");
      }
      runAll(task, callerHelps);
    } finally {
      running.set(false);
    }
  }

  private void runAll(IntConsumer task, boolean callerHelps) {
    if (workers.length == 0) {
      task.accept(0);
      return;
    }
    start(task);
    Throwable failure = null;
    try {
      task.accept(0);
    } catch (Throwable e) {
      failure = e;
    }
    if (callerHelps) {
      help();
    }
    await();
    this.task = null;
    Workers.<RuntimeException>rethrow(withFailuresOfWorkers(failure));
  }

  private void start(IntConsumer task) {
    this.task = task;
    unfinished.set(workers.length);
    nextRound();
  }

  private void nextRound() {
    round.incrementAndGet();
    for (Worker worker : workers) {
      if (worker.parked) {
        LockSupport.unpark(worker);
      }
    }
  }

  /** Does the parts that nobody has begun. */
  private void help() {
    for (Worker worker : workers) {
      if (worker.claim(round.get())) {
        worker.runPart();
        unfinished.decrementAndGet();
      }
    }
  }

  private void await() {
    long start = System.nanoTime();
    while (unfinished.get() != 0) {
      if (!spin(start)) {
        parkUntilFinished();
      }
    }
  }

  private void parkUntilFinished() {
    boolean interrupted = false;
    waiter = Thread.currentThread();
    while (unfinished.get() != 0) {
      LockSupport.park(this);
      interrupted |= Thread.interrupted(); // an interrupted thread would not park
    }
    waiter = null;
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Spins a little; false once the time since start is over and the thread should park. */
  private boolean spin(long start) {
    long waited = System.nanoTime() - start;
    if (waited >= spinNanos) {
      return false;
    }
    if (waited >= PAUSE_NANOS) {
      Thread.yield();
      return true;
    }
    for (int i = 0; i < SPINS_PER_CLOCK_READ; i++) {
      Thread.onSpinWait();
    }
    return true;
  }

  private Throwable withFailuresOfWorkers(Throwable failure) {
    Throwable first = failure;
    for (Worker worker : workers) {
      Throwable next = worker.failure;
      worker.failure = null;
      if (first == null) {
        first = next;
      } else if (next != null && next != first) {
        first.addSuppressed(next);
      }
    }
    return first;
  }

  /** Throws it unchanged, even where the compiler would want a checked one declared. */
  @SuppressWarnings("unchecked")
  private static <T extends Throwable> void rethrow(Throwable failure) throws T {
    if (failure != null) {
      throw (T) failure;
    }
  }

  /**
   * Ends the threads and waits for them. Closing twice does nothing.
   *
   * @throws IllegalStateException if a task is running
   */
  @Override
  public void close() {
    if (!running.compareAndSet(false, true)) {
      throw new IllegalStateException("workers: closed while a task is running");
    }
    try {
      closed = true;
      nextRound();
      for (Worker worker : workers) {
        worker.join();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // the threads end all the same
    } finally {
      running.set(false);
    }
  }

  private final class Worker extends Thread {
    private final int part;
    private int seen;
    private final AtomicInteger claimed = new AtomicInteger(); // the last round begun
    private volatile boolean parked;
    private Throwable failure; // published by unfinished

    Worker(int part) {
      super("unroll-cpu-" + part);
      this.part = part;
      setDaemon(true);
    }

    @Override
    public void run() {
      while (true) {
        awaitRound();
        if (closed) {
          return;
        }
        if (claim(seen)) {
          runPart();
          if (unfinished.decrementAndGet() == 0) {
            LockSupport.unpark(waiter); // null when the caller is not parked: does nothing
          }
        }
      }
    }

    /** Whether the part of this round is the calling thread's to do. */
    private boolean claim(int round) {
      return claimed.compareAndSet(round - 1, round);
    }

    private void runPart() {
      try {
        task.accept(part);
      } catch (Throwable e) {
        failure = e;
      }
    }

    private void awaitRound() {
      long start = System.nanoTime();
      while (round.get() == seen) {
        if (spin(start)) {
          continue;
        }
        parked = true;
        while (round.get() == seen) {
          LockSupport.park(Workers.this);
          Thread.interrupted(); // a task may have left it set; park would not wait
        }
        parked = false;
      }
      seen = round.get(); // the caller may have done the parts of rounds between
    }
  }
}
