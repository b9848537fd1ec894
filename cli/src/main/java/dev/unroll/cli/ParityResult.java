// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.Precision;
import dev.unroll.check.Parity;
import dev.unroll.check.golden.GoldenReport;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * What {@code unroll parity} found, whatever it compared with.
 *
 * @param backend name of the backend that was judged
 * @param device its device
 * @param reference what it was compared with
 * @param precision in force
 * @param families one line for each
 * @param failures one line for each failing case
 * @param skipped one line for each reason, with the number of cases
 * @param skippedCases number of cases that were not run
 */
record ParityResult(
    String backend,
    String device,
    String reference,
    String precision,
    List<Family> families,
    List<String> failures,
    List<String> skipped,
    int skippedCases) {

  /**
   * The cases of a family.
   *
   * @param name of the family
   * @param cases number that ran
   * @param passed number that passed
   * @param worst the worst error, in units of {@code unit}
   * @param unit of the worst error
   * @param mean geometric mean of the errors relative to PyTorch float32's; NaN if not known
   * @param high their 95th percentile; NaN if not known
   */
  record Family(
      String name, int cases, int passed, double worst, String unit, double mean, double high) {}

  /** The result of the table of cases. */
  static ParityResult of(String backend, Parity.Report report) {
    boolean exact = report.precision() == Precision.EXACT;
    return new ParityResult(
        backend,
        report.backend(),
        report.reference(),
        report.precision().name().toLowerCase(Locale.ROOT),
        report.families().stream().map(f -> family(f, exact ? "ulp" : "tolerance")).toList(),
        report.failures().stream().map(ParityResult::line).toList(),
        List.of(),
        0);
  }

  /** The result of golden files. */
  static ParityResult of(String backend, String precision, Path folder, GoldenReport report) {
    return new ParityResult(
        backend,
        report.backend(),
        "golden files in " + folder,
        precision,
        report.families().stream().map(ParityResult::family).toList(),
        report.failures().stream().map(c -> c.name() + ": " + c.detail()).toList(),
        report.skipped().entrySet().stream()
            .map(e -> e.getValue() + " cases: " + e.getKey())
            .toList(),
        report.cases() - report.passed() - report.failures().size());
  }

  private static Family family(GoldenReport.Family f) {
    int ran = f.cases() - f.skipped();
    return new Family(
        f.name(), ran, f.passed(), f.worst(), "tolerance", f.meanRatio(), f.highRatio());
  }

  private static Family family(Parity.Family f, String unit) {
    return new Family(f.op(), f.cases(), f.passed(), f.worst(), unit, Double.NaN, Double.NaN);
  }

  private static String line(Parity.Outcome outcome) {
    return outcome.test().name() + ": " + outcome.problems().get(0);
  }

  int passed() {
    return families.stream().mapToInt(Family::passed).sum();
  }

  int failed() {
    return families.stream().mapToInt(f -> f.cases() - f.passed()).sum();
  }

  /** The line that ends the output: a contract. */
  String lastLine() {
    return "parity backend="
        + backend
        + " passed="
        + passed()
        + " failed="
        + failed()
        + " skipped="
        + skippedCases;
  }
}
