// SPDX-License-Identifier: Apache-2.0

package dev.unroll.bench;

import dev.unroll.Ops;
import dev.unroll.Placement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a run of the benchmark found. */
public final class BenchReport {
  /** The version of the JSON form. */
  static final int FORMAT = 1;

  private final Map<String, Placement> backends = new LinkedHashMap<>();
  private final Roofline roofline;
  private final List<Measured> results;

  BenchReport(Map<String, Ops> backends, Roofline roofline, List<Measured> results) {
    backends.forEach((id, ops) -> this.backends.put(id, ops.placement()));
    this.roofline = roofline;
    this.results = List.copyOf(results);
  }

  /**
   * Whether every backend computed what is right.
   *
   * @return false if a result was wrong
   */
  public boolean allRight() {
    return results.stream().noneMatch(m -> m.problem().startsWith("WRONG"));
  }

  /**
   * The machine-readable form; {@code unroll bench --compare} reads two of them.
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
    return tree;
  }

  private static Map<String, Object> machine() {
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
}
