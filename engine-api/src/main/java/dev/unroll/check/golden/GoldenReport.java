// SPDX-License-Identifier: Apache-2.0

package dev.unroll.check.golden;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What became of a folder of golden cases.
 *
 * @param backend the backend that ran them
 * @param families one line for each family
 * @param failures the cases that failed, each with the reason
 * @param skipped the features that are not built, with the number of cases that need each
 * @param cases how many cases there are
 * @param passed how many passed
 */
public record GoldenReport(
    String backend,
    List<Family> families,
    List<Case> failures,
    Map<String, Integer> skipped,
    int cases,
    int passed) {
  /** What became of one case. */
  public enum Status {
    /** Every tensor is within its tolerance. */
    PASSED,
    /** Some tensor is not, or the case could not be run. */
    FAILED,
    /** It needs a feature that is not built. */
    SKIPPED
  }

  /**
   * One case.
   *
   * @param name family and name, the path without extension
   * @param family what it is counted with
   * @param status what became of it
   * @param detail the reason of a failure, or the feature that a skipped case needs
   * @param worst largest error over tolerance
   * @param ratios for each tensor that counts: its error over that of PyTorch's own float32 result
   */
  public record Case(
      String name,
      String family,
      Status status,
      String detail,
      double worst,
      List<Double> ratios) {}

  /**
   * The cases of one family.
   *
   * @param name its name
   * @param cases how many there are, skipped ones too
   * @param passed how many passed
   * @param skipped how many were skipped
   * @param worst largest error over tolerance
   * @param meanRatio geometric mean of the ratios to PyTorch's error, NaN without any; the goal is
   *     at most 1.25
   * @param highRatio 95th percentile of these ratios; the goal is at most 3
   */
  public record Family(
      String name,
      int cases,
      int passed,
      int skipped,
      double worst,
      double meanRatio,
      double highRatio) {}

  /** Puts single cases together. */
  static GoldenReport of(String backend, List<Case> all) {
    Map<String, List<Case>> families = new LinkedHashMap<>();
    Map<String, Integer> skipped = new TreeMap<>();
    for (Case c : all) {
      families.computeIfAbsent(c.family(), name -> new ArrayList<>()).add(c);
      if (c.status() == Status.SKIPPED) {
        skipped.merge(c.detail(), 1, Integer::sum);
      }
    }
    return new GoldenReport(
        backend,
        families.entrySet().stream().map(e -> family(e.getKey(), e.getValue())).toList(),
        all.stream().filter(c -> c.status() == Status.FAILED).toList(),
        Collections.unmodifiableMap(skipped),
        all.size(),
        count(all, Status.PASSED));
  }

  private static Family family(String name, List<Case> cases) {
    List<Double> ratios = cases.stream().flatMap(c -> c.ratios().stream()).sorted().toList();
    double logs = ratios.stream().mapToDouble(StrictMath::log).sum();
    return new Family(
        name,
        cases.size(),
        count(cases, Status.PASSED),
        count(cases, Status.SKIPPED),
        cases.stream().mapToDouble(Case::worst).max().orElse(0),
        StrictMath.exp(logs / ratios.size()),
        ratios.isEmpty() ? Double.NaN : ratios.get((int) (0.95 * (ratios.size() - 1))));
  }

  private static int count(List<Case> cases, Status status) {
    return (int) cases.stream().filter(c -> c.status() == status).count();
  }
}
