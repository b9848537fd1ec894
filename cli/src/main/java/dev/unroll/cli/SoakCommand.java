// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.Arena;
import dev.unroll.BackendProvider;
import dev.unroll.Ops;
import dev.unroll.train.Trainer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code unroll soak}: trains for a while and watches whether memory grows. */
@Command(name = "soak", description = "Trains a small network and checks that memory stays flat.")
final class SoakCommand implements Callable<Integer> {
  /**
   * Growth of the heap that is no leak: what the JVM itself keeps, and 4 bytes a step of losses.
   */
  private static final long HEAP_TOLERANCE = 1 << 20;

  /** Growth of the whole process that is no leak: room for the heap, compiled code, drivers. */
  private static final long RESIDENT_TOLERANCE = 64 << 20;

  private static final int MEASUREMENTS = 10;
  private static final int BATCH = 4;
  private static final int SEQ = 8;
  private static final int EMBEDDING = 16;
  private static final int HIDDEN = 32;

  @Option(names = "--backend", paramLabel = "B", description = "default: auto")
  private String backend = "auto";

  @Option(names = "--steps", paramLabel = "N", description = "training steps (default: 10000)")
  private int steps = 10_000;

  private final Console console;

  SoakCommand(Console console) {
    this.console = console;
  }

  /** Memory after some steps, in bytes. */
  record Measurement(long step, long heap, long pool, long resident) {}

  @Override
  public Integer call() throws IOException {
    if (steps < MEASUREMENTS) {
      throw CliException.usage("--steps must be at least " + MEASUREMENTS + ": " + steps);
    }
    Corpus corpus = Corpus.load(Corpus.BUILT_IN, CharLm.RECIPE.resource());
    TrainSettings settings = TrainSettings.of("char-lm", BATCH, SEQ, 0.004, 1);
    try (Ops ops = BackendChoice.open(backend, BackendProvider.Options.DEFAULT);
        Arena model = ops.arena("model")) {
      Session session = new CharLm(model, settings, corpus, EMBEDDING, HIDDEN);
      List<Measurement> measured = measure(ops, TrainRun.trainer(session));
      return verdict(ops.placement().backend(), measured);
    }
  }

  private List<Measurement> measure(Ops ops, Trainer trainer) throws IOException {
    console.print("%8s %14s %14s %14s", "step", "heap bytes", "pool bytes", "resident bytes");
    List<Measurement> measured = new ArrayList<>();
    for (int m = 1; m <= MEASUREMENTS; m++) {
      trainer.run((long) steps * m / MEASUREMENTS, () -> false);
      long pool = ops.memory().liveBytes() + ops.memory().pooledBytes();
      long heap = heapAfterGc();
      Measurement now = new Measurement(trainer.steps(), heap, pool, Machine.residentBytes());
      console.print("%8d %14d %14d %14d", now.step(), now.heap(), now.pool(), now.resident());
      measured.add(now);
    }
    return measured;
  }

  /** Bytes of live objects: the least of a few collections. */
  private static long heapAfterGc() {
    Runtime runtime = Runtime.getRuntime();
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 3; i++) {
      System.gc();
      least = Math.min(least, runtime.totalMemory() - runtime.freeMemory());
    }
    return least;
  }

  private int verdict(String name, List<Measurement> measured) {
    boolean flat = isFlat(measured);
    console.print("soak backend=%s steps=%d verdict=%s", name, steps, flat ? "flat" : "growing");
    return flat ? ExitCode.DONE : ExitCode.CHECK_FAILED;
  }

  /**
   * Whether memory stays as it is once the run is warm. The first measurements do not count; from
   * the third on the pool, which is the device's memory, must not grow at all, the heap and the
   * whole process no more than their tolerances.
   */
  static boolean isFlat(List<Measurement> measured) {
    Measurement warm = measured.get(2);
    Measurement last = measured.get(measured.size() - 1);
    return last.pool() <= warm.pool()
        && last.heap() - warm.heap() <= HEAP_TOLERANCE
        && last.resident() - warm.resident() <= RESIDENT_TOLERANCE;
  }
}
