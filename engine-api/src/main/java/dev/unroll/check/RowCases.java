// SPDX-License-Identifier: Apache-2.0

package dev.unroll.check;

import static dev.unroll.check.Judged.U;

import dev.unroll.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Cases of reductions, softmax and its kin, and rows by number. */
final class RowCases {
  private static final int[][] SIZES = {
    {0, 3}, {3, 0}, {1, 1}, {2, 3}, {3, 2}, {7, 7}, {16, 17}, {17, 16}, {3, 31}, {5, 33}, {65, 64},
    {2, 129}, {257, 5}, {300, 3}, {3, 300}, {513, 17}, {2, 1023}, {2, 1024}, {2, 1025}, {1, 2113}
  };

  private static final Values PLAIN = Values.uniform(-3, 3);

  private final List<OpCase> cases = new ArrayList<>();

  private RowCases() {}

  static List<OpCase> all() {
    RowCases table = new RowCases();
    for (int i = 0; i < SIZES.length; i++) {
      for (int k = 0; k < 3; k++) {
        Layout in = k == 0 ? Layout.DENSE : layout(i + k);
        Layout out = k == 0 ? Layout.DENSE : layout(2 * i + k);
        table.reductions(SIZES[i][0], SIZES[i][1], in, out, k, "", PLAIN);
        table.classes(SIZES[i][0], SIZES[i][1], in, out, k == 2, "", PLAIN);
      }
    }
    table.hostile();
    table.norms();
    table.rowsByNumber();
    return table.cases;
  }

  /** Softmax and the sum over rows, at one size without gaps. */
  static List<OpCase> dense(int rows, int cols) {
    RowCases table = new RowCases();
    table.softmax(rows, cols, Layout.DENSE, Layout.DENSE, false, "", PLAIN);
    table.sumRows(rows, cols, Layout.DENSE, Layout.DENSE, 0, "", PLAIN);
    return table.cases;
  }

  private static Layout layout(int i) {
    return Layout.WRITABLE[i % Layout.WRITABLE.length];
  }

  private void hostile() {
    for (int[] size : new int[][] {{19, 31}, {5, 300}, {60, 3}}) {
      Layout in = layout(size[0]);
      int rows = size[0];
      int cols = size[1];
      reductions(rows, cols, in, Layout.DENSE, 1, "non-finite", Values.nonFinite());
      classes(rows, cols, in, Layout.COLS, false, "non-finite", Values.nonFinite());
      classes(rows, cols, in, Layout.COLS, false, "extreme", Values.wide(1, 1e4));
    }
    maxColumns(7, 3, Layout.DENSE, Layout.DENSE, "zeros", Values.wide(-0.0, 0.0));
    softmax(4, 9, Layout.DENSE, Layout.DENSE, false, "-inf", minusInfinity());
    logSoftmax(4, 9, Layout.DENSE, Layout.DENSE, false, "-inf", minusInfinity());
    softmax(3, 40, Layout.ONE_COL, Layout.DENSE, false, "", PLAIN);
    sumRows(40, 20, Layout.ONE_ROW, Layout.DENSE, 0, "", PLAIN);
    sum(1, 3000, Layout.ONE_NUMBER, Layout.DENSE, 3000, "", PLAIN);
  }

  /** The first row all -inf, some such entries in the others. */
  private static Values minusInfinity() {
    return (seed, stream, index) ->
        index < 9 || index % 4 == 1 ? Float.NEGATIVE_INFINITY : PLAIN.at(seed, stream, index);
  }

  private void reductions(
      int rows, int cols, Layout in, Layout out, int k, String note, Values values) {
    sumRows(rows, cols, in, out, new float[] {0, 1, 0.5f}[k], note, values);
    sumColumns(rows, cols, in, out, note, values);
    maxColumns(rows, cols, in, out, note, values);
    sum(rows, cols, in, out, k == 1 ? Math.max(1, rows * cols) : 1, note, values);
  }

  private void sumRows(
      int rows, int cols, Layout in, Layout out, float beta, String note, Values values) {
    cases.add(
        of("sumRows", rows, cols, "beta=" + beta + " " + note)
            .in(rows, cols, in, values)
            .updated(1, cols, out, beta == 0 ? Values.POISON : PLAIN)
            .build(
                (ops, t, n) -> ops.sumRows(t[0], beta, t[1]),
                m -> List.of(RowOracle.sumRows(m[0], beta, m[1]))));
  }

  private void sumColumns(int rows, int cols, Layout in, Layout out, String note, Values values) {
    cases.add(
        of("sumColumns", rows, cols, note)
            .in(rows, cols, in, values)
            .out(rows, 1, out)
            .build(
                (ops, t, n) -> ops.sumColumns(t[0], t[1]),
                m -> List.of(RowOracle.sumColumns(m[0]))));
  }

  private void maxColumns(int rows, int cols, Layout in, Layout out, String note, Values values) {
    cases.add(
        of("maxColumns", rows, cols, note)
            .in(rows, cols, in, values)
            .out(rows, 1, out)
            .build(
                (ops, t, n) -> ops.maxColumns(t[0], t[1]),
                m -> List.of(Judged.exact(RowOracle.maxColumns(m[0])))));
  }

  private void sum(
      int rows, int cols, Layout in, Layout out, float divisor, String note, Values values) {
    cases.add(
        of("sum", rows, cols, "divisor=" + divisor + " " + note)
            .in(rows, cols, in, values)
            .out(1, 1, out)
            .build(
                (ops, t, n) -> ops.sum(t[0], divisor, t[1]),
                m -> List.of(RowOracle.sum(m[0], divisor))));
  }

  private void classes(
      int rows, int cols, Layout in, Layout out, boolean inPlace, String note, Values values) {
    layerNorm(rows, cols, in, out, inPlace, note, PLAIN);
    softmax(rows, cols, in, out, inPlace, note, values);
    logSoftmax(rows, cols, in, out, inPlace, note, values);
    cases.add(
        of("softmaxGrad", rows, cols, note)
            .in(rows, cols, in, Values.uniform(0, cols == 0 ? 1 : 2.0 / cols))
            .in(rows, cols, out, note.equals("extreme") ? PLAIN : values)
            .outOrInPlace(inPlace, 1, in)
            .build(
                (ops, t, n) -> ops.softmaxGrad(t[0], t[1], t[2]),
                m -> List.of(RowOracle.judgedSoftmaxGrad(m[0], m[1]))));
    cases.add(
        of("logSoftmaxGrad", rows, cols, note)
            .in(rows, cols, in, Values.uniform(-8, 0))
            .in(rows, cols, out, note.equals("extreme") ? PLAIN : values)
            .outOrInPlace(inPlace, 1, in)
            .build(
                (ops, t, n) -> ops.logSoftmaxGrad(t[0], t[1], t[2]),
                m -> List.of(RowOracle.judgedLogSoftmaxGrad(m[0], m[1]))));
  }

  private void layerNorm(
      int rows, int cols, Layout in, Layout out, boolean inPlace, String note, Values values) {
    float eps = cols == 1 ? 0.3f : 1e-5f;
    cases.add(
        of("layerNorm", rows, cols, note)
            .in(rows, cols, in, values)
            .outOrInPlace(inPlace, 0, out)
            .out(rows, 1, out)
            .build(
                (ops, t, n) -> ops.layerNorm(eps, t[0], t[1], t[2]),
                m -> RowOracle.layerNorm(m[0], eps)));
    cases.add(
        of("layerNormGrad", rows, cols, note)
            .in(rows, cols, in, PLAIN)
            .in(rows, 1, in, Values.uniform(0.2, 3))
            .in(rows, cols, out, PLAIN)
            .outOrInPlace(inPlace, 2, out)
            .build(
                (ops, t, n) -> ops.layerNormGrad(t[0], t[1], t[2], t[3]),
                m -> List.of(RowOracle.layerNormGrad(m[0], m[1], m[2]))));
  }

  private void softmax(
      int rows, int cols, Layout in, Layout out, boolean inPlace, String note, Values values) {
    cases.add(
        of("softmax", rows, cols, note)
            .in(rows, cols, in, values)
            .outOrInPlace(inPlace, 0, out)
            .build(
                (ops, t, n) -> ops.softmax(t[0], t[1]),
                m -> List.of(RowOracle.judgedSoftmax(m[0]))));
  }

  private void logSoftmax(
      int rows, int cols, Layout in, Layout out, boolean inPlace, String note, Values values) {
    cases.add(
        of("logSoftmax", rows, cols, note)
            .in(rows, cols, in, values)
            .outOrInPlace(inPlace, 0, out)
            .build(
                (ops, t, n) -> ops.logSoftmax(t[0], t[1]),
                m -> List.of(RowOracle.judgedLogSoftmax(m[0]))));
  }

  private void norms() {
    norm("", PLAIN);
    norm("huge", Values.wide(1, 1e30));
    norm("one NaN", (seed, stream, i) -> i == 5 ? Float.NaN : 1);
    norm("infinite", (seed, stream, i) -> i == 5 ? Float.NEGATIVE_INFINITY : 1);
    norm("zero", Values.constant(0));
    float[] norms = {0, 1e-8f, 0.5f, 1, 3, 1e30f, Float.POSITIVE_INFINITY, Float.NaN};
    for (float norm : norms) {
      for (float max : new float[] {0.25f, 1, 1e3f}) {
        clipCoefficient(norm, max);
      }
    }
  }

  private void norm(String note, Values values) {
    cases.add(
        of("norm", 4, 3000, note)
            .in(33, 7, Layout.COLS, values)
            .in(1, 1500, Layout.DENSE, values)
            .in(0, 4, Layout.DENSE, values)
            .in(65, 17, Layout.TRANSPOSED, values)
            .out(1, 1, Layout.ROWS)
            .build(
                (ops, t, n) -> ops.norm(Arrays.asList(t).subList(0, 4), t[4]),
                m -> {
                  Mat value = Mat.scalar(RowOracle.norm(m[0], m[1], m[2], m[3]));
                  return List.of(Judged.relative(value, 3000 * U, 0));
                }));
    cases.add(
        of("norm", 0, 0, note)
            .out(1, 1, Layout.COLS)
            .build(
                (ops, t, n) -> ops.norm(List.<Tensor>of(), t[0]),
                m -> List.of(Judged.exact(Mat.scalar(0)))));
  }

  private void clipCoefficient(float norm, float max) {
    cases.add(
        of("clipCoefficient", 1, 1, "norm=" + norm + " max=" + max)
            .in(1, 1, Layout.COLS, Values.constant(norm))
            .out(1, 1, Layout.DENSE)
            .build(
                (ops, t, n) -> ops.clipCoefficient(t[0], max, t[1]),
                m -> {
                  double coefficient = max / (m[0].at(0, 0) + 1e-6);
                  return List.of(Judged.ulps(Mat.scalar(coefficient > 1 ? 1 : coefficient), 2));
                }));
  }

  private void rowsByNumber() {
    int[][] numbers = {
      {}, {0}, {2, 2, 2, -1, 0}, {4, 3, 2, 1, 0, -1, -1, 4, 4, 4}, repeated(300, 5)
    };
    for (int i = 0; i < numbers.length; i++) {
      for (int cols : new int[] {0, 1, 7, 16, 33, 65}) {
        gather(5, cols, layout(i), layout(i + cols), numbers[i]);
        scatterAdd(5, cols, layout(i), layout(i + cols), numbers[i]);
      }
    }
  }

  private static int[] repeated(int count, int bound) {
    int[] numbers = new int[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = i * 7 % (bound + 1) - 1;
    }
    return numbers;
  }

  private void gather(int table, int cols, Layout in, Layout out, int... rows) {
    cases.add(
        of("gather", rows.length, cols, "of " + table)
            .in(table, cols, in, Values.hostile())
            .out(rows.length, cols, out)
            .numbers(rows)
            .build(
                (ops, t, n) -> ops.gather(t[0], n[0], t[1]),
                m -> List.of(Judged.exact(RowOracle.gather(m[0], rows)))));
  }

  private void scatterAdd(int table, int cols, Layout in, Layout out, int... rows) {
    cases.add(
        of("scatterAdd", rows.length, cols, "to " + table)
            .in(rows.length, cols, in, PLAIN)
            .updated(table, cols, out, PLAIN)
            .numbers(rows)
            .build(
                (ops, t, n) -> ops.scatterAdd(t[0], n[0], t[1]),
                m -> List.of(RowOracle.scatterAdd(m[0], rows, m[1]))));
  }

  private static CaseBuilder of(String op, int rows, int cols, String setting) {
    return CaseBuilder.of(op, (rows + "x" + cols + " " + setting).trim()).flops((long) rows * cols);
  }
}
