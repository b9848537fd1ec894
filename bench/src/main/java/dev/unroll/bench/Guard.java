// SPDX-License-Identifier: Apache-2.0

package dev.unroll.bench;

import dev.unroll.Arena;
import dev.unroll.BackendProvider;
import dev.unroll.Backends;
import dev.unroll.Ops;
import dev.unroll.Precision;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Watches for the cliffs of the JVM: in some orders of compilation vector code becomes 15 to 100
 * times slower for the rest of the process. Several processes run the kernels of the backend {@code
 * cpu} in different orders; each kernel must reach a share of what the micro-benchmarks of the same
 * process allow. All with one thread and by its own clock: the code is the same, and other
 * processes disturb it less.
 */
public final class Guard {
  /** Share of the roofline that a kernel must reach: far below what it has, far above a cliff. */
  static final double FLOOR = 0.3;

  private static final int ORDERS = 3;

  /** Each try is longer than the one before: on a busy machine the compiler needs its time too. */
  private static final long[] TRY_NANOS = {300_000_000L, 1_500_000_000L, 6_000_000_000L};

  /** Additions and multiplications for an element of operations that are no products. */
  private static final Map<String, Integer> FLOPS_PER_ELEMENT =
      Map.of(
          "activate", 60,
          "activateGrad", 3,
          "map", 60,
          "axpby", 3,
          "softmax", 90,
          "sumRows", 1,
          "crossEntropyWithGrad", 120,
          "adamStep", 4);

  private Guard() {}

  /**
   * Runs the guard.
   *
   * @param out takes a line for each kernel and order
   * @return whether every kernel reached the floor
   * @throws IOException if a process fails
   */
  public static boolean run(Consumer<String> out) throws IOException {
    boolean passed = true;
    for (int order = 0; order < ORDERS; order++) {
      Map<String, Double> shares = new TreeMap<>();
      List<String> command = Jvm.command("", Guard.class.getName());
      command.add(Integer.toString(order));
      try (EngineProcess process =
          new EngineProcess(new EngineProcess.Launch("guard", 0, command, Map.of()))) {
        for (Benchmark kernel : kernels(order)) {
          shares.put(kernel.name(), process.numbers(kernel.name())[0]);
        }
      }
      for (Map.Entry<String, Double> share : shares.entrySet()) {
        boolean reached = share.getValue() >= FLOOR;
        passed &= reached;
        out.accept(
            String.format(
                "order %d  %-44s %s %s",
                order,
                share.getKey(),
                TextTable.number("%4.0f%%", 100 * share.getValue()),
                reached ? "" : "BELOW " + TextTable.number("%.0f%%", 100 * FLOOR)));
      }
    }
    return passed;
  }

  /**
   * One process: measures the roofline, then each kernel that it reads the name of.
   *
   * @param args the order, for the record
   * @throws IOException if the input cannot be read
   */
  public static void main(String[] args) throws IOException {
    Roofline roofline = Roofline.measure(1);
    if (roofline == null) {
      throw new IllegalStateException("guard: start java with --add-modules jdk.incubator.vector");
    }
    Map<String, Benchmark> kernels = new LinkedHashMap<>();
    kernels(0).forEach(k -> kernels.put(k.name(), k));
    try (Ops cpu = Backends.open("cpu", new BackendProvider.Options(Precision.EXACT, 1))) {
      EngineServer.answerLines(
          System.in, System.out, name -> Double.toString(share(cpu, kernels.get(name), roofline)));
    }
  }

  /** The kernels that arithmetic or memory bounds, not the start of each row; shuffled. */
  private static List<Benchmark> kernels(int order) {
    List<Benchmark> kernels = new ArrayList<>();
    for (Benchmark b : Cases.all()) {
      boolean kernel = b.group().ordinal() <= Benchmark.Group.SEQUENCES.ordinal();
      boolean small = b.name().matches(".* (1x|1600x96|.* of 1 rows).*");
      if (kernel && !small && !b.name().endsWith(" cold")) {
        kernels.add(b);
      }
    }
    Collections.shuffle(kernels, new Random(order));
    return kernels;
  }

  /** The best share of the roofline in three tries; one that reaches the floor is the last. */
  private static double share(Ops cpu, Benchmark kernel, Roofline roofline) {
    try (Arena arena = cpu.arena(kernel.name())) {
      Benchmark.Prepared prepared = kernel.prepare(cpu, arena);
      double bound = roofline.nanos(work(kernel));
      double best = 0;
      for (int i = 0; i < TRY_NANOS.length && best < FLOOR; i++) {
        best = Math.max(best, bound / fastest(cpu, prepared, TRY_NANOS[i]));
      }
      return best;
    }
  }

  private static double fastest(Ops cpu, Benchmark.Prepared prepared, long nanos) {
    long end = System.nanoTime() + nanos;
    long fastest = Long.MAX_VALUE;
    do {
      long start = Roofline.threadNanos();
      prepared.launch();
      cpu.synchronize();
      fastest = Math.min(fastest, Roofline.threadNanos() - start);
    } while (System.nanoTime() < end);
    return fastest;
  }

  private static Benchmark.Work work(Benchmark kernel) {
    Benchmark.Work work = kernel.work();
    if (work.flops() > 0) {
      return work;
    }
    String op = kernel.name().substring(0, kernel.name().indexOf(' '));
    long elements = ((OpBenchmark) kernel).test().flops();
    return new Benchmark.Work(elements * FLOPS_PER_ELEMENT.get(op), work.bytes());
  }
}
