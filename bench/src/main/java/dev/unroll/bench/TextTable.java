// SPDX-License-Identifier: Apache-2.0

package dev.unroll.bench;

import java.util.Locale;

/** Results as lines of text. */
final class TextTable {
  private static final String FORMAT = "%-44s %-8s %10s %10s %10s %9s %6s %9s %9s";

  private TextTable() {}

  static String header() {
    return String.format(
        FORMAT,
        "case",
        "backend",
        "median ms",
        "p10",
        "p90",
        "rate",
        "roof",
        "launches",
        "moved B");
  }

  static String line(Measured m) {
    if (!m.timed()) {
      return String.format("%-44s %-8s %s", m.name(), m.backend(), m.problem());
    }
    Samples s = m.samples();
    return String.format(
        FORMAT,
        m.name(),
        m.backend(),
        millis(s.median()),
        millis(s.p10()),
        millis(s.p90()),
        rate(m),
        Double.isNaN(m.share()) ? "-" : number("%.0f%%", 100 * m.share()),
        m.launches(),
        m.moved());
  }

  /** GFLOP/s where products count, else GB/s. */
  static String rate(Measured m) {
    return m.work().flops() > 0 ? number("%.1f GF", m.gflops()) : number("%.1f GB", m.gigabytes());
  }

  static String millis(double nanos) {
    return number("%.4f", nanos / 1e6);
  }

  static String number(String format, double value) {
    return String.format(Locale.ROOT, format, value);
  }
}
