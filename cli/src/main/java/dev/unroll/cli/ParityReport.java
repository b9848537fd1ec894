// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.io.AtomicFiles;
import dev.unroll.io.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Shows what {@code unroll parity} found: as text, as Markdown, as JSON. */
final class ParityReport {
  private ParityReport() {}

  /** Prints failing cases, the table, what was skipped, and the last line. */
  static void print(Console console, ParityResult result) {
    for (String failure : result.failures()) {
      console.print("FAILED %s", failure);
    }
    console.print(
        "%-24s %7s %7s %12s %-10s %8s %8s",
        "family", "cases", "passed", "worst", "in", "mean", "95 %");
    for (ParityResult.Family f : result.families()) {
      console.print(
          "%-24s %7d %7d %12.4g %-10s %8s %8s",
          f.name(), f.cases(), f.passed(), f.worst(), f.unit(), ratio(f.mean()), ratio(f.high()));
    }
    for (String reason : result.skipped()) {
      console.print("skipped: %s", reason);
    }
    console.print("%s", result.lastLine());
  }

  private static String ratio(double value) {
    return Double.isNaN(value) ? "-" : Console.format("%.2f", value);
  }

  /**
   * Writes a report, atomically.
   *
   * @param file its ending, {@code .md} or {@code .json}, decides the form
   */
  static void write(Path file, ParityResult result) throws IOException {
    if (isJson(file)) {
      Json.write(file, json(result));
    } else {
      AtomicFiles.writeText(file, markdown(result));
    }
  }

  /** Refuses a file of another ending, before anything runs. */
  static void requireKnown(Path file) {
    if (!isJson(file) && !file.toString().endsWith(".md")) {
      throw CliException.usage("--report " + file + ": the name must end in .md or .json");
    }
  }

  private static boolean isJson(Path file) {
    return file.toString().endsWith(".json");
  }

  private static Map<String, Object> json(ParityResult result) {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("backend", result.backend());
    tree.put("device", result.device());
    tree.put("reference", result.reference());
    tree.put("precision", result.precision());
    tree.put("passed", result.passed());
    tree.put("failed", result.failed());
    tree.put("skipped", result.skippedCases());
    tree.put("families", result.families().stream().map(ParityReport::json).toList());
    tree.put("failures", result.failures());
    tree.put("skipped_features", result.skipped());
    return tree;
  }

  private static Map<String, Object> json(ParityResult.Family f) {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("family", f.name());
    tree.put("cases", f.cases());
    tree.put("passed", f.passed());
    putFinite(tree, "worst", f.worst());
    tree.put("worst_unit", f.unit());
    putFinite(tree, "quality_mean", f.mean());
    putFinite(tree, "quality_p95", f.high());
    return tree;
  }

  /** JSON has no form for NaN and infinities: they are null. */
  private static void putFinite(Map<String, Object> tree, String name, double value) {
    tree.put(name, Double.isFinite(value) ? value : null);
  }

  private static String markdown(ParityResult result) {
    List<String> lines = new ArrayList<>();
    lines.add("# Parity of " + result.backend());
    lines.add("");
    lines.add(result.device() + " against " + result.reference() + ", " + result.precision() + ".");
    lines.add("");
    lines.add("| family | cases | passed | worst | in | quality: mean | 95 % |");
    lines.add("| --- | --- | --- | --- | --- | --- | --- |");
    for (ParityResult.Family f : result.families()) {
      lines.add(
          Console.format(
              "| %s | %d | %d | %.4g | %s | %s | %s |",
              f.name(),
              f.cases(),
              f.passed(),
              f.worst(),
              f.unit(),
              ratio(f.mean()),
              ratio(f.high())));
    }
    lines.add("");
    result.failures().forEach(failure -> lines.add("- FAILED " + failure));
    result.skipped().forEach(reason -> lines.add("- skipped: " + reason));
    lines.add("");
    lines.add(result.lastLine());
    return String.join("\n", lines) + "\n";
  }
}
