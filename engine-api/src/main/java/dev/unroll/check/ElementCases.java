// SPDX-License-Identifier: Apache-2.0

package dev.unroll.check;

import static dev.unroll.check.Judged.U;

import dev.unroll.Activation;
import dev.unroll.Arithmetic;
import dev.unroll.ElementLoss;
import dev.unroll.Philox;
import dev.unroll.Unary;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Cases of the element-wise operations. */
final class ElementCases {
  private static final int[][] SIZES = {
    {0, 3}, {3, 0}, {1, 1}, {1, 2}, {2, 3}, {7, 1}, {1, 7}, {3, 16}, {16, 17}, {5, 31}, {33, 7},
    {64, 1}, {1, 65}, {4, 129}, {2, 257}, {3, 300}, {129, 33}
  };

  /** Layouts of two inputs and an output, one line after the other. */
  private static final Layout[][] LAYOUTS = {
    {Layout.DENSE, Layout.DENSE, Layout.DENSE},
    {Layout.COLS, Layout.DENSE, Layout.COLS},
    {Layout.ROWS, Layout.COLS, Layout.DENSE},
    {Layout.TRANSPOSED, Layout.DENSE, Layout.DENSE},
    {Layout.DENSE, Layout.ONE_ROW, Layout.TRANSPOSED},
    {Layout.ONE_COL, Layout.TRANSPOSED_COLS, Layout.ROWS},
    {Layout.ONE_NUMBER, Layout.COLS, Layout.TRANSPOSED_COLS},
  };

  private static final Values PLAIN = Values.uniform(-3, 3);

  static final List<Activation> ACTIVATIONS =
      List.of(
          Activation.IDENTITY,
          Activation.SIGMOID,
          Activation.TANH,
          Activation.RELU,
          Activation.leakyRelu(0.01f),
          Activation.leakyRelu(0.2f),
          Activation.elu(1),
          Activation.elu(0.5f),
          Activation.GELU_ERF,
          Activation.GELU_TANH,
          Activation.SILU,
          Activation.softplus(1, 20),
          Activation.softplus(2, 3),
          Activation.hardSigmoid(0.2f, 0.5f),
          Activation.hardSigmoid(1f / 6, 0.5f),
          Activation.MISH);

  static final List<ElementLoss> LOSSES =
      List.of(
          ElementLoss.SQUARED,
          ElementLoss.BINARY_CROSS_ENTROPY,
          ElementLoss.BINARY_CROSS_ENTROPY_WITH_LOGITS,
          ElementLoss.huber(1),
          ElementLoss.huber(0.3f));

  private final List<OpCase> cases = new ArrayList<>();

  private ElementCases() {}

  static List<OpCase> all() {
    ElementCases table = new ElementCases();
    for (int i = 0; i < SIZES.length; i++) {
      table.atSize(SIZES[i][0], SIZES[i][1], i);
    }
    table.hostile();
    return table.cases;
  }

  /** The functions that layers spend time in, at one size without gaps. */
  static List<OpCase> dense(int rows, int cols) {
    ElementCases table = new ElementCases();
    Layout[] layouts = LAYOUTS[0];
    for (Activation f :
        List.of(Activation.TANH, Activation.SIGMOID, Activation.GELU_ERF, Activation.GELU_TANH)) {
      table.activate(f, rows, cols, layouts, PLAIN, false);
    }
    table.map(Unary.EXP, rows, cols, layouts, PLAIN, false);
    table.activateGrad(Activation.TANH, rows, cols, layouts, PLAIN, PLAIN, false);
    table.axpby(2, 0.5f, rows, cols, layouts);
    return table.cases;
  }

  private void atSize(int rows, int cols, int i) {
    fill(rows, cols, Layout.WRITABLE[i % Layout.WRITABLE.length], i % 3 == 0 ? Float.NaN : -2.5f);
    for (int k = 0; k < 3; k++) {
      Layout[] layouts = LAYOUTS[(3 * i + k) % LAYOUTS.length];
      boolean inPlace = k == 1 && writable(layouts[0]);
      float[] alphas = {1, -0.3f, 2};
      float[] betas = {0, 0.5f, 1};
      axpby(alphas[k], betas[(i + k) % 3], rows, cols, layouts);
      binary(Arithmetic.values()[(i + k) % 4], rows, cols, layouts, PLAIN, inPlace);
      copy(rows, cols, layouts);
      dropout(new float[] {0, 0.25f, 0.9f}[k], rows, cols, layouts, k == 2, inPlace);
      map(maps().get((3 * i + k) % maps().size()), rows, cols, layouts, PLAIN, inPlace);
      ElementLoss loss = LOSSES.get((3 * i + k) % LOSSES.size());
      loss(loss, rows, cols, layouts, inPlace);
      lossGrad(loss, rows, cols, layouts, k == 0 ? 1 : rows * cols, inPlace);
      activations(rows, cols, layouts, (3 * i + k), inPlace);
    }
  }

  private void activations(int rows, int cols, Layout[] layouts, int i, boolean inPlace) {
    for (int a = i % 2; a < ACTIVATIONS.size(); a += 2) {
      activate(ACTIVATIONS.get(a), rows, cols, layouts, PLAIN, inPlace);
      activateGrad(ACTIVATIONS.get(a), rows, cols, layouts, PLAIN, PLAIN, inPlace);
    }
  }

  private void hostile() {
    Values hostile = Values.hostile();
    for (Layout[] layouts : List.of(LAYOUTS[0], LAYOUTS[1])) {
      for (Activation f : ACTIVATIONS) {
        activate(f, 19, 31, layouts, hostile, false);
        activateGrad(f, 19, 31, layouts, hostile, PLAIN, false);
        activateGrad(f, 19, 31, layouts, PLAIN, hostile, false);
      }
      for (Unary f : maps()) {
        map(f, 19, 31, layouts, hostile, false);
      }
      for (Arithmetic op : Arithmetic.values()) {
        binary(op, 19, 31, layouts, hostile, false);
      }
      for (ElementLoss loss : LOSSES) {
        loss(loss, 19, 31, layouts, false);
      }
    }
  }

  private static List<Unary> maps() {
    return List.of(
        Unary.EXP,
        Unary.EXPM1,
        Unary.LOG,
        Unary.LOG1P,
        Unary.SQRT,
        Unary.RECIPROCAL,
        Unary.ABS,
        Unary.clamp(-1.5f, 0.75f));
  }

  private void fill(int rows, int cols, Layout layout, float value) {
    cases.add(
        of("fill", "", rows, cols, "value=" + value)
            .out(rows, cols, layout)
            .build(
                (ops, t, n) -> ops.fill(value, t[0]),
                m -> List.of(Judged.exact(Mat.of(rows, cols, (r, c) -> value)))));
  }

  private void axpby(float alpha, float beta, int rows, int cols, Layout[] layouts) {
    Values y = beta == 0 ? Values.POISON : PLAIN;
    cases.add(
        of("axpby", "", rows, cols, "alpha=" + alpha + " beta=" + beta)
            .in(rows, cols, layouts[0], PLAIN)
            .updated(rows, cols, layouts[2], y)
            .build(
                (ops, t, n) -> ops.axpby(alpha, t[0], beta, t[1]),
                m -> List.of(judgedAxpby(alpha, m[0], beta, m[1]))));
  }

  private static Judged judgedAxpby(float alpha, Mat x, float beta, Mat y) {
    Mat value =
        Mat.of(x.rows, x.cols, (r, c) -> alpha * x.at(r, c) + (beta == 0 ? 0 : beta * y.at(r, c)));
    return Judged.within(
        value,
        (r, c) ->
            3 * U * (Math.abs(alpha * x.at(r, c)) + (beta == 0 ? 0 : Math.abs(beta * y.at(r, c)))));
  }

  private void binary(
      Arithmetic op, int rows, int cols, Layout[] layouts, Values values, boolean inPlace) {
    cases.add(
        of("binary", lower(op), rows, cols, values == PLAIN ? "" : "hostile")
            .in(rows, cols, layouts[0], values)
            .in(rows, cols, layouts[1], values)
            .outOrInPlace(inPlace, 0, layouts[2])
            .build(
                (ops, t, n) -> ops.binary(op, t[0], t[1], t[2]),
                m ->
                    List.of(
                        Judged.exact(
                            Mat.of(
                                rows,
                                cols,
                                (r, c) ->
                                    ElementOracle.binary(op, m[0].at(r, c), m[1].at(r, c)))))));
  }

  private void copy(int rows, int cols, Layout[] layouts) {
    cases.add(
        of("copy", "", rows, cols, "")
            .in(rows, cols, layouts[0], Values.hostile())
            .out(rows, cols, layouts[2])
            .build((ops, t, n) -> ops.copy(t[0], t[1]), m -> List.of(Judged.exact(m[0]))));
  }

  private void map(Unary f, int rows, int cols, Layout[] layouts, Values values, boolean inPlace) {
    cases.add(
        of("map", lower(f.kind()), rows, cols, values == PLAIN ? "" : "hostile")
            .in(rows, cols, layouts[0], values)
            .outOrInPlace(inPlace, 0, layouts[2])
            .build(
                (ops, t, n) -> ops.map(f, t[0], t[1]),
                m ->
                    List.of(
                        Judged.ulps(
                            Mat.of(rows, cols, (r, c) -> ElementOracle.unary(f, m[0].at(r, c))),
                            1.5))));
  }

  private void activate(
      Activation f, int rows, int cols, Layout[] layouts, Values values, boolean inPlace) {
    cases.add(
        of("activate", text(f), rows, cols, values == PLAIN ? "" : "hostile")
            .in(rows, cols, layouts[0], values)
            .outOrInPlace(inPlace, 0, layouts[2])
            .build(
                (ops, t, n) -> ops.activate(f, t[0], t[1]),
                m -> List.of(judgedActivation(f, m[0]))));
  }

  /** Gelu and mish are allowed an absolute error where they are the small rest of others. */
  private static Judged judgedActivation(Activation f, Mat x) {
    boolean gelu = f.kind() == Activation.Kind.GELU_ERF || f.kind() == Activation.Kind.GELU_TANH;
    boolean linear = f.kind() == Activation.Kind.HARD_SIGMOID;
    boolean mish = f.kind() == Activation.Kind.MISH;
    Mat value = Mat.of(x.rows, x.cols, (r, c) -> ElementOracle.value(f, x.at(r, c)));
    return Judged.within(
        value,
        (r, c) ->
            7 * U * Judged.magnitude(value.at(r, c))
                + (gelu ? 4 * U * Math.min(1, Math.abs(x.at(r, c))) : 0)
                + (linear ? 2 * U : 0)
                // Its softplus is subnormal there, and has lost digits before it is multiplied.
                + (mish ? Float.MIN_VALUE * Math.min(104, Math.abs(x.at(r, c))) : 0));
  }

  private void activateGrad(
      Activation f,
      int rows,
      int cols,
      Layout[] layouts,
      Values values,
      Values gradients,
      boolean inPlace) {
    boolean hostile = values != PLAIN || gradients != PLAIN;
    Values y = f.kind() == Activation.Kind.RELU ? values : Values.unit();
    cases.add(
        of("activateGrad", text(f), rows, cols, hostile ? "hostile" : "")
            .in(rows, cols, layouts[0], f.gradNeedsX() ? values : Values.POISON)
            .in(rows, cols, layouts[1], f.gradNeedsY() ? y : Values.POISON)
            .in(rows, cols, layouts[0], gradients)
            .outOrInPlace(inPlace, 2, layouts[2])
            .build(
                (ops, t, n) ->
                    ops.activateGrad(
                        f, f.gradNeedsX() ? t[0] : null, f.gradNeedsY() ? t[1] : null, t[2], t[3]),
                m -> List.of(judgedGradient(f, m[0], m[1], m[2]))));
  }

  private static Judged judgedGradient(Activation f, Mat x, Mat y, Mat dy) {
    Mat value = Mat.of(x.rows, x.cols, (r, c) -> gradient(f, x.at(r, c), y.at(r, c), dy.at(r, c)));
    return Judged.within(
        value,
        (r, c) ->
            Float.isNaN((float) (f.gradNeedsX() ? x : y).at(r, c))
                ? Double.POSITIVE_INFINITY
                : 24 * U * Judged.magnitude(dy.at(r, c)));
  }

  /**
   * Where the derivative is 0 by a choice, the gradient is not multiplied, so that NaN is dropped.
   */
  private static double gradient(Activation f, double x, double y, double dy) {
    double slope = ElementOracle.slope(f, x, y);
    boolean chosen = f.kind() == Activation.Kind.RELU || f.kind() == Activation.Kind.HARD_SIGMOID;
    return chosen && slope == 0 ? 0 : dy * slope;
  }

  private void loss(ElementLoss loss, int rows, int cols, Layout[] layouts, boolean inPlace) {
    cases.add(
        of("elementLoss", text(loss), rows, cols, "")
            .in(rows, cols, layouts[0], predictions(loss))
            .in(rows, cols, layouts[1], Values.uniform(0, 1))
            .outOrInPlace(inPlace, 0, layouts[2])
            .build(
                (ops, t, n) -> ops.elementLoss(loss, t[0], t[1], t[2]),
                m -> List.of(judgedLoss(loss, m[0], m[1]))));
  }

  private static Judged judgedLoss(ElementLoss loss, Mat x, Mat target) {
    Mat value =
        Mat.of(x.rows, x.cols, (r, c) -> ElementOracle.loss(loss, x.at(r, c), target.at(r, c)));
    return Judged.within(
        value, (r, c) -> 16 * U * (Math.abs(value.at(r, c)) + Math.abs(x.at(r, c))));
  }

  private void lossGrad(
      ElementLoss loss, int rows, int cols, Layout[] layouts, float divisor, boolean inPlace) {
    cases.add(
        of("elementLossGrad", text(loss), rows, cols, "divisor=" + divisor)
            .in(rows, cols, layouts[0], predictions(loss))
            .in(rows, cols, layouts[1], Values.uniform(0, 1))
            .in(rows, cols, divisor == 1 ? layouts[0] : Layout.ONE_NUMBER, PLAIN)
            .outOrInPlace(inPlace, 0, layouts[2])
            .build(
                (ops, t, n) -> ops.elementLossGrad(loss, t[0], t[1], t[2], divisor, t[3]),
                m -> List.of(judgedLossGrad(loss, m[0], m[1], m[2], divisor))));
  }

  private static Judged judgedLossGrad(
      ElementLoss loss, Mat x, Mat target, Mat dOut, float divisor) {
    Mat value =
        Mat.of(
            x.rows,
            x.cols,
            (r, c) ->
                dOut.at(r, c)
                    / divisor
                    * ElementOracle.lossSlope(loss, x.at(r, c), target.at(r, c)));
    return Judged.within(
        value, (r, c) -> 8 * U * (Math.abs(value.at(r, c)) + Math.abs(dOut.at(r, c) / divisor)));
  }

  private static Values predictions(ElementLoss loss) {
    return loss.kind() == ElementLoss.Kind.BINARY_CROSS_ENTROPY
        ? Values.uniform(0.001, 0.999)
        : PLAIN;
  }

  private void dropout(
      float p, int rows, int cols, Layout[] layouts, boolean rowIds, boolean inPlace) {
    int stream = Philox.stream(Philox.DROPOUT, 3);
    int[] key = {0x12345678, 0x9abcdef0, 17, 1};
    int[] ids = new int[rows];
    for (int r = 0; r < rows; r++) {
      ids[r] = rowIds ? 5 * (rows - r) : r;
    }
    cases.add(
        of("dropout", "p=" + p, rows, cols, rowIds ? "row-ids" : "")
            .in(rows, cols, layouts[0], PLAIN)
            .outOrInPlace(inPlace, 0, layouts[2])
            .numbers(key)
            .numbers(ids)
            .build(
                (ops, t, n) -> ops.dropout(p, n[0], stream, rowIds ? n[1] : null, t[0], t[1]),
                m -> List.of(judgedDropout(p, key, stream, ids, m[0]))));
  }

  private static Judged judgedDropout(float p, int[] key, int stream, int[] ids, Mat x) {
    long seed = (key[0] & 0xffffffffL) | (long) key[1] << 32;
    long step = (key[2] & 0xffffffffL) | (long) key[3] << 32;
    float scale = (float) (1.0 / (1.0 - p));
    return Judged.exact(
        Mat.of(
            x.rows,
            x.cols,
            (r, c) ->
                Philox.uniform(seed, stream, step, ids[r] * x.cols + c) >= p
                    ? x.at(r, c) * scale
                    : 0));
  }

  private static CaseBuilder of(String op, String kind, int rows, int cols, String setting) {
    String label = (kind + " " + rows + "x" + cols + " " + setting).trim();
    return CaseBuilder.of(op, label).flops((long) rows * cols);
  }

  private static boolean writable(Layout layout) {
    return layout.ordinal() < Layout.WRITABLE.length;
  }

  static String text(Activation f) {
    String parameters =
        switch (f.kind()) {
          case LEAKY_RELU, ELU -> "(" + f.alpha() + ")";
          case SOFTPLUS, HARD_SIGMOID -> "(" + f.alpha() + "," + f.beta() + ")";
          default -> "";
        };
    return lower(f.kind()) + parameters;
  }

  private static String text(ElementLoss loss) {
    return lower(loss.kind())
        + (loss.kind() == ElementLoss.Kind.HUBER ? "(" + loss.delta() + ")" : "");
  }

  private static String lower(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
