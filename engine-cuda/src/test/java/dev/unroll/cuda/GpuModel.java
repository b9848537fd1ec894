// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cuda;

import dev.unroll.bench.TrainingCase;
import dev.unroll.cuda.LaunchRecorder.Launch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The model of docs/gpu-performance.md: the time of a launch on a card, from what it has to do, the
 * counted costs of its kernel and the occupancy that its machine code allows.
 */
final class GpuModel {
  /** Between the end of a kernel and the start of the next in the same graph. */
  static final double GAP_NANOS = 1000;

  /** From a load that misses the first-level cache to the barrier behind its use. */
  static final double TRIP_CYCLES = 350;

  /** From an instruction to one that needs its result. */
  static final double STEP_CYCLES = 4;

  /** Instructions that a multiprocessor issues in a cycle. */
  private static final double ISSUED = 4;

  private static final int WARP = 32;

  /**
   * A card, as its maker describes it.
   *
   * @param capability compute capability
   * @param units multiprocessors
   * @param gigahertz highest clock
   * @param fmas multiply-adds of a warp that a multiprocessor starts in a cycle
   * @param gigabytes of memory bandwidth in a second
   */
  record Card(
      String name, int capability, int units, double gigahertz, int fmas, double gigabytes) {
    /** Additions and multiplications in a nanosecond. */
    double peak() {
      return 2.0 * WARP * fmas * units * gigahertz;
    }
  }

  static final List<Card> CARDS =
      List.of(
          new Card("A100", 80, 108, 1.41, 2, 1555),
          new Card("H100", 90, 132, 1.98, 4, 3350),
          new Card("RTX 4090", 89, 128, 2.52, 4, 1008));

  /**
   * The launches of a kernel in a step.
   *
   * @param kernel its name
   * @param launches how many
   * @param blocks of all launches together
   * @param bytes moved if what is read twice is at hand
   * @param gap nanoseconds between kernels
   * @param busy nanoseconds that the kernels run
   * @param waiting nanoseconds of these that latency alone explains
   */
  record Sum(
      String kernel,
      int launches,
      long blocks,
      double bytes,
      double gap,
      double busy,
      double waiting) {
    Sum plus(Sum other) {
      return new Sum(
          kernel,
          launches + other.launches,
          blocks + other.blocks,
          bytes + other.bytes,
          gap + other.gap,
          busy + other.busy,
          waiting + other.waiting);
    }

    double nanos() {
      return gap + busy;
    }
  }

  private final Map<String, KernelCosts> costs;
  private final Map<String, Map<Integer, Integer>> occupancy;
  private final Map<List<Object>, Map<String, Sum>> steps = new HashMap<>();

  /** From the committed tables. */
  GpuModel() throws IOException {
    this.costs = KernelCosts.committed();
    this.occupancy = occupancy();
  }

  /** Percent by kernel and compute capability, from docs/cuda-kernels.tsv. */
  private static Map<String, Map<Integer, Integer>> occupancy() throws IOException {
    List<String> lines = Files.readAllLines(Path.of("../docs/cuda-kernels.tsv"));
    List<String> head = List.of(lines.get(0).split("\t"));
    Map<String, Map<Integer, Integer>> found = new HashMap<>();
    for (String line : lines.subList(1, lines.size())) {
      String[] fields = line.split("\t");
      Map<Integer, Integer> ofKernel = new HashMap<>();
      for (Card card : CARDS) {
        int column = head.indexOf("occupancy_" + card.capability());
        ofKernel.put(card.capability(), Integer.parseInt(fields[column]));
      }
      found.put(fields[0], ofKernel);
    }
    return found;
  }

  /** A training step by kernel, the same object at every call. */
  Map<String, Sum> step(TrainingCase network, Card card) {
    return steps.computeIfAbsent(List.of(network, card), any -> timed(network, card));
  }

  private Map<String, Sum> timed(TrainingCase network, Card card) {
    Map<String, Sum> sums = new TreeMap<>();
    for (Launch launch : LaunchRecorder.ofStep(network, card.units())) {
      sums.merge(launch.kernel(), time(launch, card), Sum::plus);
    }
    return sums;
  }

  static Sum total(Map<String, Sum> kernels) {
    return kernels.values().stream().reduce(Sum::plus).orElseThrow();
  }

  private Sum time(Launch launch, Card card) {
    KernelCosts cost = costs.get(launch.kernel());
    double instructions = cost.instructions() * Work.of(launch) / launch.blocks();
    int blocksOfUnit = ceilDiv(launch.blocks(), card.units());
    int waves = ceilDiv(blocksOfUnit, resident(launch, card));
    double issue = blocksOfUnit * instructions / WARP / ISSUED;
    double multiply =
        Work.isProduct(launch.kernel())
            ? (double) blocksOfUnit * Work.of(launch) / launch.blocks() / WARP / card.fmas()
            : 0;
    double alone =
        Work.isProduct(launch.kernel()) ? 0 : STEP_CYCLES * instructions / launch.threads();
    double waiting = waves * (Work.slices(launch) * TRIP_CYCLES + alone) / card.gigahertz();
    double bytes = Work.bytes(launch, cost);
    double working =
        Math.max(Math.max(issue, multiply) / card.gigahertz(), bytes / card.gigabytes());
    return new Sum(
        launch.kernel(),
        1,
        launch.blocks(),
        bytes,
        GAP_NANOS,
        Math.max(working, waiting),
        waiting > working ? waiting : 0);
  }

  /** Blocks that a multiprocessor holds at once. */
  private int resident(Launch launch, Card card) {
    int percent = occupancy.get(launch.kernel()).get(card.capability());
    int warps = MachineCode.Processor.of(card.capability()).warps() * percent / 100;
    return Math.max(1, warps / ceilDiv(launch.threads(), WARP));
  }

  private static int ceilDiv(int a, int b) {
    return (a - 1) / b + 1;
  }
}
