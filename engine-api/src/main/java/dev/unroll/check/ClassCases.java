// SPDX-License-Identifier: Apache-2.0

package dev.unroll.check;

import dev.unroll.CrossEntropy;
import dev.unroll.CrossEntropy.Input;
import dev.unroll.Reduction;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Cases of the cross-entropy: every input, reduction, smoothing, weighting and ignored row. */
final class ClassCases {
  private static final int[][] SIZES = {
    {0, 3}, {1, 1}, {2, 3}, {7, 2}, {16, 17}, {5, 33}, {33, 65}, {3, 300}, {2, 1100}, {257, 5}
  };

  private final List<OpCase> cases = new ArrayList<>();

  private ClassCases() {}

  static List<OpCase> all() {
    ClassCases table = new ClassCases();
    int turn = 0;
    for (int[] size : SIZES) {
      for (CrossEntropy spec : specs()) {
        table.add(size[0], size[1], spec, turn % 2 == 1, turn, "");
        turn++;
      }
    }
    table.add(3, 4, CrossEntropy.MEAN, false, 0, "all ignored");
    table.add(3, 4, CrossEntropy.MEAN, true, 1, "all ignored");
    table.add(6, 70, CrossEntropy.MEAN, false, 0, "extreme");
    return table.cases;
  }

  /** The mean loss with its gradient, at one size without gaps. */
  static OpCase dense(int rows, int cols) {
    ClassCases table = new ClassCases();
    table.add(rows, cols, CrossEntropy.MEAN, false, 0, "");
    return table.cases.get(2);
  }

  private static List<CrossEntropy> specs() {
    List<CrossEntropy> specs = new ArrayList<>();
    for (Reduction reduction : Reduction.values()) {
      specs.add(new CrossEntropy(Input.LOGITS, reduction, -100, 0));
      specs.add(new CrossEntropy(Input.LOGITS, reduction, 0, 0.1f));
      specs.add(new CrossEntropy(Input.LOG_PROBABILITIES, reduction, 1, 0));
    }
    return specs;
  }

  private static Values scores(CrossEntropy spec, String note) {
    if (note.equals("extreme")) {
      return Values.wide(1, 1e4);
    }
    return spec.input() == Input.LOGITS ? Values.uniform(-4, 4) : Values.uniform(-6, -0.1);
  }

  private static int[] targets(int rows, int cols, CrossEntropy spec, String note) {
    int[] targets = new int[rows];
    for (int r = 0; r < rows; r++) {
      boolean ignored = r % 5 == 3 || note.equals("all ignored");
      targets[r] = ignored ? spec.ignoreIndex() : (r * 31 + 7) % cols;
    }
    return targets;
  }

  private void add(int rows, int cols, CrossEntropy spec, boolean weighted, int turn, String note) {
    int[] targets = targets(rows, cols, spec, note);
    String label =
        String.join(
            " ",
            rows + "x" + cols,
            spec.input().name().toLowerCase(Locale.ROOT),
            spec.reduction().name().toLowerCase(Locale.ROOT),
            "smoothing=" + spec.smoothing() + (weighted ? " weights" : ""),
            note);
    Sizes sizes = new Sizes(rows, cols, spec, weighted, targets, label.trim(), scores(spec, note));
    Layout in = Layout.WRITABLE[turn % Layout.WRITABLE.length];
    Layout out = Layout.WRITABLE[turn / 2 % Layout.WRITABLE.length];
    cases.add(forward(sizes, in, out));
    cases.add(gradient(sizes, in, out, turn % 3 == 0));
    cases.add(both(sizes, in, out, turn % 3 == 1));
  }

  /** A case without its layouts. */
  private record Sizes(
      int rows,
      int cols,
      CrossEntropy spec,
      boolean weighted,
      int[] targets,
      String label,
      Values scores) {
    CaseBuilder builder(String op, Layout in) {
      return CaseBuilder.of(op, label)
          .flops((long) rows * cols)
          .numbers(targets)
          .in(rows, cols, in, scores)
          .in(1, cols, Layout.COLS, Values.uniform(0.2, 2));
    }

    ClassOracle oracle(Mat scores, Mat weights) {
      return new ClassOracle(spec, scores, targets, weighted ? weights : null);
    }

    int gradientRows() {
      return spec.reduction() == Reduction.NONE ? rows : 1;
    }
  }

  private static OpCase forward(Sizes s, Layout in, Layout out) {
    return s.builder("crossEntropy", in)
        .out(s.rows, 1, out)
        .out(1, 1, Layout.DENSE)
        .out(1, 1, Layout.COLS)
        .build(
            (ops, t, n) ->
                ops.crossEntropy(s.spec, t[0], n[0], s.weighted ? t[1] : null, t[2], t[3], t[4]),
            m -> s.oracle(m[0], m[1]).losses());
  }

  private static OpCase gradient(Sizes s, Layout in, Layout out, boolean inPlace) {
    return s.builder("crossEntropyGrad", in)
        .in(1, 1, Layout.COLS, Values.constant(2.5f))
        .in(s.gradientRows(), 1, out, Values.uniform(0.5, 2))
        .outOrInPlace(inPlace, 0, out)
        .build(
            (ops, t, n) ->
                ops.crossEntropyGrad(
                    s.spec, t[0], n[0], s.weighted ? t[1] : null, t[2], t[3], t[4]),
            m -> {
              double denominator = s.spec.reduction() == Reduction.MEAN ? 2.5 : 1;
              return List.of(s.oracle(m[0], m[1]).judgedGradient(denominator, m[3]));
            });
  }

  private static OpCase both(Sizes s, Layout in, Layout out, boolean inPlace) {
    return s.builder("crossEntropyWithGrad", in)
        .in(s.gradientRows(), 1, out, Values.uniform(0.5, 2))
        .out(s.rows, 1, out)
        .out(1, 1, Layout.ROWS)
        .out(1, 1, Layout.DENSE)
        .outOrInPlace(inPlace, 0, Layout.DENSE)
        .build(
            (ops, t, n) ->
                ops.crossEntropyWithGrad(
                    s.spec, t[0], n[0], s.weighted ? t[1] : null, t[2], t[3], t[4], t[5], t[6]),
            m -> {
              ClassOracle oracle = s.oracle(m[0], m[1]);
              List<Judged> results = new ArrayList<>(oracle.losses());
              results.add(oracle.judgedGradient(oracle.denominator(), m[2]));
              return results;
            });
  }
}
