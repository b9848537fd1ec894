// SPDX-License-Identifier: Apache-2.0

package dev.unroll.check;

import dev.unroll.AdamStep;
import dev.unroll.Steps;
import java.util.ArrayList;
import java.util.List;

/**
 * The part of the case table that benchmarks time: the sizes of {@link OpCases} are for edges,
 * these are the ones that training of recurrent networks spends its time in. They are judged in the
 * same way.
 */
public final class TimedCases {
  private TimedCases() {}

  /**
   * Matrix products M x K times K x N: squares, the shapes of recurrent layers, batches of one, and
   * the transposed products of back-propagation.
   *
   * @return the cases; {@code t} in a name is a transposed factor
   */
  public static List<OpCase> products() {
    List<OpCase> cases = new ArrayList<>();
    for (int n : new int[] {256, 512, 1024}) {
      cases.add(MatmulCases.product(n, n, n, false, false));
    }
    int[][] shapes = {
      {32, 128, 512}, {64, 256, 1024}, {1600, 256, 1024}, {64, 256, 10_000}, {1, 256, 1024}
    };
    for (int[] s : shapes) {
      cases.add(MatmulCases.product(s[0], s[1], s[2], false, false));
    }
    cases.add(MatmulCases.product(256, 1600, 1024, true, false));
    cases.add(MatmulCases.product(64, 256, 1024, false, true));
    cases.add(MatmulCases.product(1600, 1024, 256, false, true));
    cases.add(MatmulCases.product(1, 256, 1024, false, true));
    return cases;
  }

  /**
   * Element-wise functions, softmax, row sums and the cross-entropy with its gradient, for 64 rows
   * of a large vocabulary, and an Adam step of a million weights.
   *
   * @return the cases
   */
  public static List<OpCase> rows() {
    List<OpCase> cases = new ArrayList<>(ElementCases.dense(64, 10_000));
    cases.addAll(RowCases.dense(64, 10_000));
    cases.addAll(RowCases.dense(1600, 96));
    cases.add(ClassCases.dense(64, 10_000));
    cases.add(ClassCases.dense(1600, 96));
    cases.add(adam(1024, 1024));
    return cases;
  }

  /**
   * Recurrent layers over whole sequences, forward and backward.
   *
   * @return the cases
   */
  public static List<OpCase> sequences() {
    List<OpCase> cases = new ArrayList<>(SequenceCases.dense(Steps.uniform(20, 32), 128));
    cases.addAll(SequenceCases.dense(Steps.uniform(50, 64), 256));
    cases.addAll(SequenceCases.dense(Steps.uniform(50, 1), 256));
    return cases;
  }

  private static OpCase adam(int rows, int cols) {
    AdamStep step = new AdamStep(0.9f, 0.1f, 0.999f, 0.001f, 1e-8f, 0);
    Values small = Values.uniform(-0.1, 0.1);
    return CaseBuilder.of("adamStep", rows + "x" + cols)
        .flops(12L * rows * cols)
        .in(1, 3, Layout.DENSE, Values.given(1e-6f, 3.2f, 1))
        .updated(rows, cols, Layout.DENSE, Values.unit())
        .in(rows, cols, Layout.DENSE, small)
        .updated(rows, cols, Layout.DENSE, small)
        .updated(rows, cols, Layout.DENSE, Values.uniform(0.05, 0.2))
        .build(
            (ops, t, n) ->
                ops.adamStep(
                    step,
                    t[0],
                    null,
                    List.of(t[1]),
                    List.of(t[2]),
                    List.of(t[3]),
                    List.of(t[4]),
                    List.of()),
            m -> {
              OptimizerOracle.adam(step, m[0], 1, m[1], m[2], m[3], m[4], null);
              return List.of(
                  Judged.relative(m[1], 5e-6, 4 * Judged.U),
                  Judged.relative(m[3], 5e-6, 4 * Judged.U),
                  Judged.relative(m[4], 5e-6, 4 * Judged.U));
            });
  }
}
