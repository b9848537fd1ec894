// SPDX-License-Identifier: Apache-2.0

package dev.unroll.bench;

import dev.unroll.io.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Two runs of the benchmark side by side. A benchmark is slower only if its middle samples do not
 * overlap and the medians differ by more than runs on a quiet machine do; if the machine was not
 * quiet nothing is said of it.
 */
public final class Comparison {
  /** What runs of the same code differ by. */
  static final double FLOOR = 0.05;

  /** What became of a benchmark. */
  enum Verdict {
    SAME,
    FASTER,
    SLOWER,
    /** Other processes disturbed one of the runs. */
    UNCLEAR,
    /** Only one of the runs has a time. */
    ALONE
  }

  /** One benchmark on one backend; NaN where a run has no time. */
  record Line(String name, double oldNanos, double newNanos, Verdict verdict) {
    @Override
    public String toString() {
      String text = String.format("%-54s", name);
      text += Double.isNaN(oldNanos) ? "          -" : " " + pad(oldNanos);
      text += Double.isNaN(newNanos) ? "          -" : " " + pad(newNanos);
      return text
          + TextTable.number(" %6.2f", newNanos / oldNanos)
          + " "
          + verdict.name().toLowerCase(Locale.ROOT);
    }

    private static String pad(double nanos) {
      return String.format("%10s", TextTable.millis(nanos));
    }
  }

  private final List<Line> lines = new ArrayList<>();

  /**
   * Compares.
   *
   * @param before report of the earlier run
   * @param after report of the later run
   * @throws IOException if a file cannot be read
   * @throws IllegalArgumentException if a file is no report, or they have nothing in common
   */
  public Comparison(Path before, Path after) throws IOException {
    Map<String, Map<?, ?>> old = results(before);
    Map<String, Map<?, ?>> now = results(after);
    for (Map.Entry<String, Map<?, ?>> result : now.entrySet()) {
      lines.add(line(result.getKey(), old.get(result.getKey()), result.getValue()));
    }
    old.keySet().stream()
        .filter(name -> !now.containsKey(name))
        .forEach(name -> lines.add(line(name, old.get(name), null)));
    if (lines.stream().allMatch(l -> l.verdict() == Verdict.ALONE)) {
      throw new IllegalArgumentException(
          before + " and " + after + " have no case with a time in common");
    }
  }

  /**
   * The table.
   *
   * @return lines of text: case and backend, old and new milliseconds, ratio, verdict
   */
  public List<String> text() {
    return lines.stream().map(Line::toString).toList();
  }

  /**
   * Whether something became slower.
   *
   * @return true if at least one verdict says so
   */
  public boolean slower() {
    return lines.stream().anyMatch(l -> l.verdict() == Verdict.SLOWER);
  }

  List<Line> lines() {
    return lines;
  }

  private static Map<String, Map<?, ?>> results(Path file) throws IOException {
    Map<String, Object> tree = Json.readObject(file);
    if (!(tree.get("format") instanceof Long format)
        || format != BenchReport.FORMAT
        || !(tree.get("results") instanceof List<?> list)) {
      throw new IllegalArgumentException(
          file + " is no report of this version; write one with 'unroll bench --json FILE'");
    }
    Map<String, Map<?, ?>> results = new LinkedHashMap<>();
    for (Object element : list) {
      Map<?, ?> result = (Map<?, ?>) element;
      results.put(result.get("case") + " [" + result.get("backend") + "]", result);
    }
    return results;
  }

  private static Line line(String name, Map<?, ?> old, Map<?, ?> now) {
    return new Line(name, number(old, "median_ns"), number(now, "median_ns"), verdict(old, now));
  }

  private static Verdict verdict(Map<?, ?> old, Map<?, ?> now) {
    double ratio = number(now, "median_ns") / number(old, "median_ns");
    if (Double.isNaN(ratio)) {
      return Verdict.ALONE;
    }
    if (Math.max(number(old, "foreign_load"), number(now, "foreign_load")) > ForeignLoad.QUIET) {
      return Verdict.UNCLEAR;
    }
    if (number(now, "p10_ns") > number(old, "p90_ns") && ratio > 1 + FLOOR) {
      return Verdict.SLOWER;
    }
    if (number(now, "p90_ns") < number(old, "p10_ns") && ratio < 1 / (1 + FLOOR)) {
      return Verdict.FASTER;
    }
    return Verdict.SAME;
  }

  private static double number(Map<?, ?> result, String key) {
    return result != null && result.get(key) instanceof Number n ? n.doubleValue() : Double.NaN;
  }
}
