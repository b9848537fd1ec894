// SPDX-License-Identifier: Apache-2.0

package dev.unroll.bench;

import dev.unroll.Ops;
import dev.unroll.Placement;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** A run of the benchmark. */
public final class Bench {
  private final Map<String, Ops> backends;
  private final boolean quick;
  private final Consumer<String> out;

  /**
   * A run to be.
   *
   * @param backends open backends by the name they were asked for by
   * @param quick less time for each benchmark; no warm-up, no scaling
   * @param out takes the lines of the table as they are found
   */
  public Bench(Map<String, Ops> backends, boolean quick, Consumer<String> out) {
    this.backends = new LinkedHashMap<>(backends);
    this.quick = quick;
    this.out = out;
  }

  /**
   * Runs benchmarks; the training steps among them also in fresh processes.
   *
   * @param benchmarks such as {@link Cases#all}
   * @param scaling whether to measure the scaling curves too
   * @return what was found
   * @throws IOException if a further process fails
   */
  public BenchReport run(List<Benchmark> benchmarks, boolean scaling) throws IOException {
    Roofline roofline = Roofline.measure(Runtime.getRuntime().availableProcessors());
    out.accept(describe(roofline));
    out.accept(TextTable.header());
    Suite suite = new Suite(backends, roofline, quick ? Suite.Effort.QUICK : Suite.Effort.FULL);
    List<Measured> found = suite.run(benchmarks, m -> out.accept(TextTable.line(m)));
    Map<String, Placement> placements = new LinkedHashMap<>();
    backends.forEach((id, ops) -> placements.put(id, ops.placement()));
    BenchReport report =
        new BenchReport(
            placements,
            roofline,
            found,
            quick ? List.of() : warmUps(benchmarks),
            scaling ? scaling() : List.of());
    out.accept(describeLoad(report.foreignLoad()));
    return report;
  }

  private List<String> timed() {
    return backends.entrySet().stream()
        .filter(b -> !Suite.isEmulated(b))
        .map(Map.Entry::getKey)
        .toList();
  }

  private List<WarmUp> warmUps(List<Benchmark> benchmarks) throws IOException {
    List<WarmUp> found = new ArrayList<>();
    for (Benchmark b : benchmarks) {
      if (b.group() == Benchmark.Group.TRAINING) {
        for (String backend : timed()) {
          WarmUp w = WarmUp.measure(backend, b.name());
          found.add(w);
          out.accept(
              String.format(
                  "warm-up %-36s %-8s first %d steps %s times as long as steady ones",
                  w.name(), backend, WarmUp.STEPS, TextTable.number("%.2f", w.ratio())));
        }
      }
    }
    return found;
  }

  private List<Scaling.Point> scaling() {
    List<Scaling.Point> points = new ArrayList<>();
    for (String backend : timed()) {
      points.addAll(Scaling.measure(backend));
      out.accept("scaling curves of " + backend + " are done");
    }
    return points;
  }

  static String describeLoad(double foreign) {
    return foreign > ForeignLoad.QUIET
        ? TextTable.number(
            "NOT QUIET: other processes used up to %.0f %% of the processors;"
                + " figures of several threads are not to be trusted",
            100 * foreign)
        : TextTable.number("quiet: others used at most %.0f %% of the processors", 100 * foreign);
  }

  static String describe(Roofline roofline) {
    if (roofline == null) {
      return "roofline: unknown; start java with --add-modules jdk.incubator.vector";
    }
    StringBuilder text = new StringBuilder("roofline of " + roofline.threads() + " threads: ");
    text.append(TextTable.number("%.0f GFLOP/s", roofline.peakFlops() / 1e9));
    roofline
        .bandwidths()
        .forEach(
            (size, rate) ->
                text.append(", ")
                    .append(TextTable.number("%.0f GB/s", rate / 1e9))
                    .append(" over ")
                    .append(size >> 10)
                    .append(" KiB"));
    return text.toString();
  }
}
