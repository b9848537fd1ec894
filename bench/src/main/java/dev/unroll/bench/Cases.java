// SPDX-License-Identifier: Apache-2.0

package dev.unroll.bench;

import dev.unroll.bench.Benchmark.Group;
import dev.unroll.bench.TrainingCase.Cell;
import dev.unroll.check.OpCase;
import dev.unroll.check.TimedCases;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** The table of what is timed. */
public final class Cases {
  /** The networks that engines are compared on. */
  public static final List<TrainingCase> NETWORKS =
      List.of(
          new TrainingCase(
              "i RNN 128 V=1000 T=20 SGD", Cell.RNN, 1000, 128, 128, 1, 10, true, 1, 20, false),
          new TrainingCase(
              "i RNN 128 V=1000 T=20 SGD", Cell.RNN, 1000, 128, 128, 1, 10, true, 32, 20, false),
          new TrainingCase(
              "ii LSTM 128 V=96 T=64 Adam", Cell.LSTM, 96, 64, 128, 1, 96, false, 32, 64, true),
          new TrainingCase(
              "iii 2xLSTM 256 V=10000 T=32 Adam",
              Cell.LSTM,
              10_000,
              128,
              256,
              2,
              10_000,
              true,
              32,
              32,
              true),
          new TrainingCase(
              "iv GRU 256 T=50 Adam", Cell.GRU, 0, 256, 256, 1, 0, false, 64, 50, true),
          new TrainingCase(
              "v LSTM 256 T=50 Adam", Cell.LSTM, 0, 256, 256, 1, 0, false, 64, 50, true));

  /** Operations whose operands are also timed coming from memory. */
  private static final Set<String> COLD =
      Set.of(
          "activate tanh 64x10000",
          "axpby 64x10000 alpha=2.0 beta=0.5",
          "softmax 64x10000",
          "matmul 1x256x1024");

  /** A few of each kind, for a quick look. */
  private static final List<String> QUICK =
      List.of(
          "matmul 256x256x256",
          "matmul 64x256x1024",
          "matmul 1x256x1024",
          "activate tanh 64x10000",
          "softmax 64x10000",
          "crossEntropyWithGrad 64x10000",
          "lstmSequence 20 steps of 32",
          "lstmSequenceGrad 20 steps of 32",
          "forward i ",
          "train i ",
          "train ii ");

  private Cases() {}

  /**
   * The table.
   *
   * @return all benchmarks, products first, training steps last
   */
  public static List<Benchmark> all() {
    List<Benchmark> all = new ArrayList<>();
    add(all, TimedCases.products(), Group.PRODUCTS);
    add(all, TimedCases.rows(), Group.ROWS);
    add(all, TimedCases.sequences(), Group.SEQUENCES);
    NETWORKS.stream()
        .filter(n -> n.batch() > 1)
        .forEach(n -> all.add(new NetworkBenchmark(n.withBatch(1), false)));
    NETWORKS.forEach(n -> all.add(new NetworkBenchmark(n, true)));
    return all;
  }

  private static void add(List<Benchmark> all, List<OpCase> cases, Group group) {
    for (OpCase test : cases) {
      OpBenchmark hot = new OpBenchmark(test, group, false);
      all.add(hot);
      if (COLD.contains(hot.name())) {
        all.add(new OpBenchmark(test, group, true));
      }
    }
  }

  /**
   * A benchmark of the table.
   *
   * @param name its name
   * @return the benchmark
   * @throws IllegalArgumentException if there is none of that name
   */
  public static Benchmark named(String name) {
    return all().stream()
        .filter(b -> b.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("bench: there is no case '" + name + "'"));
  }

  /**
   * A few of each kind.
   *
   * @return some of {@link #all}
   */
  public static List<Benchmark> quick() {
    return all().stream()
        .filter(b -> QUICK.stream().anyMatch(start -> b.name().startsWith(start)))
        .toList();
  }
}
