// SPDX-License-Identifier: Apache-2.0

package dev.unroll.bench;

import dev.unroll.Placement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a run of the benchmark found.
 *
 * @param backends where each backend ran, by the name it was asked for by
 * @param roofline what the processors can do; null if unknown
 * @param results of all benchmarks
 * @param warmUps of training steps in fresh processes
 * @param scaling points of the scaling curves
 */
public record BenchReport(
    Map<String, Placement> backends,
    Roofline roofline,
    List<Measured> results,
    List<WarmUp> warmUps,
    List<Scaling.Point> scaling) {
  /** The version of the JSON form. */
  static final long FORMAT = 1;

  /**
   * Whether every backend computed what is right.
   *
   * @return false if a result was wrong
   */
  public boolean allRight() {
    return results.stream().noneMatch(m -> m.problem().startsWith("WRONG"));
  }

  /** The most that other processes took while something was timed. */
  double foreignLoad() {
    return results.stream().mapToDouble(Measured::foreignLoad).max().orElse(0);
  }

  /**
   * The machine-readable form; {@link Comparison} reads two of them.
   *
   * @return a tree for {@link dev.unroll.io.Json}
   */
  public Map<String, Object> toJson() {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("format", FORMAT);
    tree.put("machine", machine());
    tree.put("roofline", roofline == null ? null : roofline.toJson());
    List<Object> devices = new ArrayList<>();
    backends.forEach((id, placement) -> devices.add(device(id, placement)));
    tree.put("backends", devices);
    tree.put("results", results.stream().map(BenchReport::result).toList());
    tree.put("warm_up", warmUps.stream().map(BenchReport::warmUp).toList());
    tree.put("scaling", scaling.stream().map(BenchReport::point).toList());
    return tree;
  }

  /**
   * The report for people.
   *
   * @return one HTML page that needs no other file
   */
  public String toHtml() {
    return new HtmlPage(this).text();
  }

  Map<String, Object> machine() {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("java", System.getProperty("java.vm.name") + " " + Runtime.version());
    tree.put("system", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    tree.put("processors", Runtime.getRuntime().availableProcessors());
    return tree;
  }

  private static Map<String, Object> device(String id, Placement placement) {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("backend", id);
    tree.put("device", placement.device());
    tree.put("driver", placement.driver());
    tree.put("notes", placement.notes());
    return tree;
  }

  private static Map<String, Object> result(Measured m) {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("case", m.name());
    tree.put("group", m.group().toString());
    tree.put("backend", m.backend());
    tree.put("flops", m.work().flops());
    tree.put("bytes", m.work().bytes());
    if (!m.timed()) {
      tree.put("problem", m.problem());
      return tree;
    }
    tree.put("samples", m.samples().count());
    tree.put("median_ns", m.samples().median());
    tree.put("p10_ns", m.samples().p10());
    tree.put("p90_ns", m.samples().p90());
    tree.put("gflops", m.gflops());
    tree.put("gb_per_s", m.gigabytes());
    tree.put("roofline_share", Double.isNaN(m.share()) ? null : m.share());
    tree.put("launches", m.launches());
    tree.put("bytes_moved", m.moved());
    tree.put("foreign_load", m.foreignLoad());
    return tree;
  }

  private static Map<String, Object> warmUp(WarmUp w) {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("case", w.name());
    tree.put("backend", w.backend());
    tree.put("open_ns", w.openNanos());
    tree.put("first_50_ns", w.firstNanos());
    tree.put("steady_ns", w.steadyNanos());
    return tree;
  }

  private static Map<String, Object> point(Scaling.Point p) {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("backend", p.backend());
    tree.put("size", p.size());
    tree.put("value", p.value());
    tree.put("median_ns", p.nanos());
    tree.put("bytes", p.bytes());
    tree.put("predicted_bytes", p.predicted());
    return tree;
  }
}
