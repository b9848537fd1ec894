// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cuda;

import dev.unroll.Arena;
import dev.unroll.Ops;
import dev.unroll.bench.TrainingCase;
import dev.unroll.bench.TrainingCase.Cell;
import dev.unroll.bench.TrainingRun;
import dev.unroll.cuda.LaunchRecorder.Launch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a kernel does for each unit of its work (see {@link Work}), as the emulated driver counts it
 * in training steps of small networks.
 *
 * @param instructions of a thread, in PTX
 * @param loaded bytes from global memory
 * @param stored bytes to global memory
 * @param used percent of the bytes of the 32-byte sectors that were touched
 * @param conflicts further turns of accesses to shared memory because of banks, percent of the
 *     accesses
 * @param divergent branches that parted a warp, for a thousand instructions of a warp
 */
record KernelCosts(
    double instructions, double loaded, double stored, long used, long conflicts, long divergent) {
  static final Path TABLE = Path.of("../docs/gpu-kernels.tsv");

  private static final String HEAD =
      "kernel\tinstructions\tloaded\tstored\tsectors_used\tbank_conflicts\tdivergent\n";

  /** Multiprocessors of the emulated device. */
  private static final int UNITS = 4;

  private static final int WARP = 32;

  /** Together they launch every kernel that the networks of the page do. */
  private static final List<TrainingCase> NETWORKS =
      List.of(
          network(Cell.RNN, 50, 64, 128, 10, true, 1, 3, false),
          network(Cell.RNN, 50, 64, 128, 10, true, 32, 3, false),
          network(Cell.LSTM, 96, 64, 128, 96, false, 32, 4, true),
          network(Cell.GRU, 0, 128, 128, 0, false, 64, 8, true),
          network(Cell.LSTM, 0, 128, 128, 0, false, 64, 8, true));

  private static TrainingCase network(
      Cell cell,
      int vocabulary,
      int input,
      int hidden,
      int classes,
      boolean lastOnly,
      int batch,
      int length,
      boolean adam) {
    return new TrainingCase(
        "small", cell, vocabulary, input, hidden, 1, classes, lastOnly, batch, length, adam);
  }

  /** The committed table. */
  static Map<String, KernelCosts> committed() throws IOException {
    Map<String, KernelCosts> found = new TreeMap<>();
    List<String> lines = Files.readAllLines(TABLE);
    for (String line : lines.subList(1, lines.size())) {
      String[] f = line.split("\t");
      found.put(
          f[0],
          new KernelCosts(
              real(f[1]), real(f[2]), real(f[3]), whole(f[4]), whole(f[5]), whole(f[6])));
    }
    return found;
  }

  private static double real(String text) {
    return Double.parseDouble(text);
  }

  private static long whole(String text) {
    return Long.parseLong(text);
  }

  static String table(Map<String, KernelCosts> costs) {
    StringBuilder text = new StringBuilder(HEAD);
    costs.forEach(
        (kernel, c) ->
            text.append(
                String.format(
                    Locale.ROOT,
                    "%s\t%.2f\t%.3f\t%.3f\t%d\t%d\t%d\n",
                    kernel,
                    c.instructions,
                    c.loaded,
                    c.stored,
                    c.used,
                    c.conflicts,
                    c.divergent)));
    return text.toString();
  }

  /** Counts on the emulated driver. */
  static Map<String, KernelCosts> counted() throws IOException {
    Map<String, Long> work = new TreeMap<>();
    Map<String, Long> counters = new TreeMap<>();
    try (Ops ops = Emulated.open("seed=0")) {
      for (TrainingCase network : NETWORKS) {
        for (Launch launch : LaunchRecorder.ofStep(network, UNITS)) {
          work.merge(launch.kernel(), Work.of(launch), Long::sum);
        }
        countStep(ops, network, counters);
      }
    }
    Map<String, KernelCosts> costs = new TreeMap<>();
    work.forEach((kernel, units) -> costs.put(kernel, of(kernel, units, counters)));
    return costs;
  }

  private static void countStep(Ops ops, TrainingCase network, Map<String, Long> sums) {
    try (Arena arena = ops.arena("network")) {
      TrainingRun run = network.open(arena);
      run.step(null);
      ops.synchronize();
      Map<String, Long> before = EmulatedDriver.counters();
      run.step(null);
      ops.synchronize();
      EmulatedDriver.counters()
          .forEach((name, n) -> sums.merge(name, n - before.getOrDefault(name, 0L), Long::sum));
    }
  }

  private static KernelCosts of(String kernel, double units, Map<String, Long> counters) {
    double instructions = counters.get(kernel + ".instructions");
    double loaded = counters.get(kernel + ".globalLoads");
    double stored = counters.get(kernel + ".globalStores");
    double sectors = WARP * counters.get(kernel + ".globalTransactions");
    double shared = counters.get(kernel + ".sharedAccesses");
    return new KernelCosts(
        WARP * instructions / units,
        loaded / units,
        stored / units,
        Math.round(100 * (loaded + stored) / sectors),
        shared == 0 ? 0 : Math.round(100 * counters.get(kernel + ".bankConflicts") / shared),
        Math.round(1000 * counters.get(kernel + ".divergentBranches") / instructions));
  }
}
