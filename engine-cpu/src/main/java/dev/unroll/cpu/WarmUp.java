// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import dev.unroll.Arena;
import dev.unroll.BackendException;
import dev.unroll.Ops;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Has the JIT compiler compile all kernels and the code around them, once per process, before the
 * first step needs them.
 *
 * <p>On one thread: the compiler's own threads need the other processors, and are what it waits
 * for.
 */
final class WarmUp {
  /** Only a very busy machine comes here. */
  private static final long LIMIT_NANOS = 4_000_000_000L;

  /**
   * HotSpot's last compiler takes a method after 5000 calls, some of which a network makes once in
   * a step; what it has not finished when the backend is open takes a processor from the first
   * steps.
   */
  private static final int ROUNDS = 1500;

  /** Many, so that most of the time goes to kernels as long as one is slow. */
  private static final int PASSES = 16;

  private static final AtomicBoolean STARTED = new AtomicBoolean();
  private static volatile String note = "kernels not warm yet: another backend is being opened";

  private WarmUp() {}

  /**
   * Runs each kernel until it is fast, and training steps of tiny networks meanwhile; takes two or
   * three seconds.
   *
   * @param threads of the backend that the networks are trained on, one of its own
   */
  static void once(int threads) {
    if (!STARTED.compareAndSet(false, true)) {
      return;
    }
    try (Ops ops = new Ops(new CpuBackend(threads));
        Arena arena = ops.arena("warm-up")) {
      boolean all = run(new TrainingWarmUp(ops, arena));
      note = all ? "kernels warm" : "kernels not all warm when the backend opened";
    } catch (BackendException e) { // a limit of memory that even these networks exceed
      note = "kernels not warm: " + e.getMessage();
    }
  }

  private static boolean run(TrainingWarmUp training) {
    List<Kernel> slow = new ArrayList<>(new SpanWarmUp().kernels());
    slow.addAll(GemmWarmUp.kernels());
    long start = System.nanoTime();
    int round = 0;
    while (System.nanoTime() - start < LIMIT_NANOS && (!slow.isEmpty() || round < ROUNDS)) {
      for (int i = 0; i < PASSES; i++) {
        slow.removeIf(Kernel::warm);
      }
      training.step();
      round++;
    }
    return slow.isEmpty();
  }

  /** What came of it, for the placement record. */
  static String note() {
    return note;
  }

  /** A kernel that is run until it is fast. */
  static final class Kernel {
    /**
     * Few, so that kernels with different operations take turns: HotSpot bets on what it has seen,
     * and code that lost such a bet too often is compiled for good to boxed vectors in large
     * kernels.
     */
    private static final int RUNS = 8;

    /** So often in a row it must be fast: a single time may be luck. */
    private static final int TIMES = 3;

    private final Runnable code;
    private final double nanos;

    /**
     * A kernel with its operands.
     *
     * @param code runs it once
     * @param nanos what a run takes in compiled code, with room for a busy machine
     */
    Kernel(Runnable code, double nanos) {
      this.code = code;
      this.nanos = nanos;
    }

    /** Some runs; whether it is fast now. */
    boolean warm() {
      int fast = 0;
      for (int i = 0; i < RUNS && fast < TIMES; i++) {
        long start = System.nanoTime();
        code.run();
        fast = System.nanoTime() - start < nanos ? fast + 1 : 0;
      }
      return fast == TIMES;
    }
  }
}
