// SPDX-License-Identifier: Apache-2.0

package dev.unroll.check;

import dev.unroll.Arena;
import dev.unroll.Ops;
import dev.unroll.Precision;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Compares backends over the table of cases: equal bits in exact precision, where any NaN equals
 * any NaN; in fast precision the oracle's bounds, widened.
 */
public final class Parity {
  /** The seed of every comparison, so that a failure can be repeated. */
  public static final long SEED = 20250101;

  /** What fast precision may add to the bounds, which already allow any order of summation. */
  private static final double FAST_SLACK = 8;

  private Parity() {}

  /**
   * One case that ran.
   *
   * @param test the case
   * @param problems empty if it passed; else the first five differing positions with both values,
   *     or one line that says what else went wrong
   * @param worst units in the last place, or error over bound in fast precision
   */
  public record Outcome(OpCase test, List<String> problems, double worst) {
    /**
     * Whether nothing went wrong.
     *
     * @return true if it passed
     */
    public boolean passed() {
      return problems.isEmpty();
    }
  }

  /**
   * The cases of one operation.
   *
   * @param op its name
   * @param cases how many ran
   * @param passed how many passed
   * @param worst the worst of all, as in {@link Outcome}
   * @param worstCase name of the case with the worst; empty if all are equal
   */
  public record Family(String op, int cases, int passed, double worst, String worstCase) {}

  /**
   * The whole comparison.
   *
   * @param backend the backend that was judged
   * @param reference what it was compared with
   * @param precision precision it was opened with
   * @param families one line for each operation, in the order of the table
   * @param failures the cases that failed
   */
  public record Report(
      String backend,
      String reference,
      Precision precision,
      List<Family> families,
      List<Outcome> failures) {
    /**
     * Number of cases.
     *
     * @return sum over the families
     */
    public int cases() {
      return families.stream().mapToInt(Family::cases).sum();
    }
  }

  /**
   * Runs cases on two backends and compares.
   *
   * @param backend the backend to judge; its precision decides how
   * @param reference the backend it is compared with, exact
   * @param cases such as {@link OpCases#all}
   * @param listener told of each case as it is done
   * @return the report
   */
  public static Report run(
      Ops backend, Ops reference, List<OpCase> cases, Consumer<Outcome> listener) {
    Map<String, Family> families = new LinkedHashMap<>();
    List<Outcome> failures = new ArrayList<>();
    for (OpCase test : cases) {
      Outcome outcome = compare(backend, reference, test);
      listener.accept(outcome);
      families.merge(test.op(), family(outcome), Parity::plus);
      if (!outcome.passed()) {
        failures.add(outcome);
      }
    }
    return new Report(
        backend.name(),
        reference.name(),
        backend.placement().precision(),
        List.copyOf(families.values()),
        List.copyOf(failures));
  }

  /**
   * Runs one case on two backends and compares.
   *
   * @param backend the backend to judge; its precision decides how
   * @param reference the backend it is compared with, exact
   * @param test the case
   * @return what differs
   */
  public static Outcome compare(Ops backend, Ops reference, OpCase test) {
    try {
      float[][] actual = results(backend, test, false);
      Differences differences =
          backend.placement().precision() == Precision.FAST
              ? test.judge(SEED, actual, FAST_SLACK)
              : bits(results(reference, test, false), actual);
      return new Outcome(test, differences.first(), differences.worst());
    } catch (RuntimeException | LinkageError | AssertionError e) {
      return new Outcome(test, List.of(e.toString()), Double.POSITIVE_INFINITY);
    }
  }

  /**
   * Compares a case with its composed form on the same backend.
   *
   * @param backend the backend
   * @param test a case of a fused operation
   * @return what differs
   */
  public static Differences fusedAgainstComposed(Ops backend, OpCase test) {
    return bits(results(backend, test, true), results(backend, test, false));
  }

  /**
   * Judges one case by the double-precision oracle.
   *
   * @param backend the backend
   * @param test the case
   * @return what is beyond the bounds
   */
  public static Differences againstOracle(Ops backend, OpCase test) {
    double slack = backend.placement().precision() == Precision.FAST ? FAST_SLACK : 1;
    return test.judge(SEED, results(backend, test, false), slack);
  }

  private static float[][] results(Ops ops, OpCase test, boolean composed) {
    try (Arena arena = ops.arena(test.name())) {
      OpCase.Run run = test.prepare(ops, arena, SEED);
      if (composed) {
        run.launch(Primitives.of(ops));
      } else {
        run.launch();
      }
      float[][] results = run.results();
      if (!run.guardsIntact()) {
        throw new AssertionError(
            test.name() + ": " + ops.name() + " wrote to an input or outside its outputs");
      }
      return results;
    }
  }

  private static Differences bits(float[][] expected, float[][] actual) {
    Differences differences = new Differences();
    for (int i = 0; i < expected.length; i++) {
      differences.bits(i, expected[i], actual[i]);
    }
    return differences;
  }

  private static Family family(Outcome outcome) {
    String op = outcome.test().op();
    String worstCase = outcome.worst() > 0 ? outcome.test().name() : "";
    return new Family(op, 1, outcome.passed() ? 1 : 0, outcome.worst(), worstCase);
  }

  private static Family plus(Family a, Family b) {
    Family worse = b.worst() > a.worst() ? b : a;
    return new Family(
        a.op(), a.cases() + b.cases(), a.passed() + b.passed(), worse.worst(), worse.worstCase());
  }
}
