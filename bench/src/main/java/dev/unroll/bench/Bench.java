// SPDX-License-Identifier: Apache-2.0

package dev.unroll.bench;

import dev.unroll.Ops;
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
   * @param quick less time for each benchmark
   * @param out takes the lines of the table as they are found
   */
  public Bench(Map<String, Ops> backends, boolean quick, Consumer<String> out) {
    this.backends = backends;
    this.quick = quick;
    this.out = out;
  }

  /**
   * Runs benchmarks.
   *
   * @param benchmarks such as {@link Cases#all}
   * @return what was found
   */
  public BenchReport run(List<Benchmark> benchmarks) {
    Roofline roofline = Roofline.measure();
    out.accept(describe(roofline));
    out.accept(TextTable.header());
    Suite suite = new Suite(backends, roofline, quick ? Suite.Effort.QUICK : Suite.Effort.FULL);
    List<Measured> found = suite.run(benchmarks, m -> out.accept(TextTable.line(m)));
    double worst = found.stream().mapToDouble(Measured::foreignLoad).max().orElse(0);
    if (worst > ForeignLoad.QUIET) {
      out.accept(
          TextTable.number(
              "NOT QUIET: other processes used up to %.0f %% of the processors;"
                  + " figures of several threads are not to be trusted",
              100 * worst));
    } else {
      out.accept(TextTable.number("quiet: others used at most %.0f %%", 100 * worst));
    }
    return new BenchReport(backends, roofline, found);
  }

  private static String describe(Roofline roofline) {
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
