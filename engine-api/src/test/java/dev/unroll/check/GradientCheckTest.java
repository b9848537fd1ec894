// SPDX-License-Identifier: Apache-2.0

package dev.unroll.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import dev.unroll.Activation;
import dev.unroll.CrossEntropy;
import dev.unroll.ElementLoss;
import dev.unroll.Philox;
import dev.unroll.Reduction;
import dev.unroll.check.LayerOracle.Cell;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * The oracle's gradients against central differences of the oracle's values, all in double.
 * Backends are judged by the oracle, so what holds here holds for them within their rounding.
 */
class GradientCheckTest {
  private static final double STEP = 1e-5;
  private static final double TOLERANCE = 2e-8;

  /** Gradient of sum(seed * f(x)) at each element of x, by differences. */
  private static Mat differences(Mat x, Mat seed, UnaryOperator<Mat> f) {
    return Mat.of(
        x.rows,
        x.cols,
        (r, c) -> {
          Mat up = x.copy();
          Mat down = x.copy();
          up.add(r, c, STEP);
          down.add(r, c, -STEP);
          return (dot(seed, f.apply(up)) - dot(seed, f.apply(down))) / (2 * STEP);
        });
  }

  private static double dot(Mat a, Mat b) {
    double sum = 0;
    for (int i = 0; i < a.values.length; i++) {
      sum += a.values[i] * b.values[i];
    }
    return sum;
  }

  private static Mat random(int rows, int cols, double low, double high, int stream) {
    return Mat.of(
        rows, cols, (r, c) -> low + (high - low) * Philox.uniform(5, stream, 0, r * cols + c));
  }

  private static void requireClose(Mat analytic, Mat numeric) {
    requireClose(analytic.values, numeric.values);
  }

  private static void requireClose(double[] analytic, double[] numeric) {
    for (int i = 0; i < analytic.length; i++) {
      double scale = 1 + Math.abs(numeric[i]);
      assertThat(Math.abs(analytic[i] - numeric[i]) <= TOLERANCE * scale)
          .as("element " + i + ": analytic " + analytic[i] + ", numeric " + numeric[i])
          .isTrue();
    }
  }

  private static DynamicTest check(
      String name, Mat x, Mat seed, UnaryOperator<Mat> f, Function<Mat, Mat> gradient) {
    return dynamicTest(name, () -> requireClose(gradient.apply(x), differences(x, seed, f)));
  }

  @TestFactory
  Stream<DynamicTest> activations() {
    Mat x = random(5, 7, -3, 3, 1);
    Mat seed = random(5, 7, -1, 1, 2);
    return ElementCases.ACTIVATIONS.stream()
        .map(
            f ->
                check(
                    ElementCases.text(f),
                    x,
                    seed,
                    v -> Mat.of(5, 7, (r, c) -> ElementOracle.value(f, v.at(r, c))),
                    v ->
                        Mat.of(
                            5,
                            7,
                            (r, c) ->
                                seed.at(r, c)
                                    * ElementOracle.slope(
                                        f, v.at(r, c), ElementOracle.value(f, v.at(r, c))))));
  }

  @TestFactory
  Stream<DynamicTest> elementLosses() {
    Mat x = random(4, 6, 0.05, 0.95, 3);
    Mat target = random(4, 6, 0, 1, 4);
    Mat seed = random(4, 6, -1, 1, 5);
    List<ElementLoss> losses = ElementCases.LOSSES;
    return losses.stream()
        .map(
            loss ->
                check(
                    loss.toString(),
                    x,
                    seed,
                    v ->
                        Mat.of(
                            4, 6, (r, c) -> ElementOracle.loss(loss, v.at(r, c), target.at(r, c))),
                    v ->
                        Mat.of(
                            4,
                            6,
                            (r, c) ->
                                seed.at(r, c)
                                    * ElementOracle.lossSlope(loss, v.at(r, c), target.at(r, c)))));
  }

  @TestFactory
  Stream<DynamicTest> rows() {
    Mat x = random(3, 5, -2, 2, 6);
    Mat seed = random(3, 5, -1, 1, 7);
    Mat b = random(5, 4, -1, 1, 8);
    Mat dy = random(3, 4, -1, 1, 9);
    return Stream.of(
        check(
            "softmax",
            x,
            seed,
            RowOracle::softmax,
            v -> RowOracle.softmaxGrad(RowOracle.softmax(v), seed)),
        check(
            "log-softmax",
            x,
            seed,
            RowOracle::logSoftmax,
            v -> RowOracle.logSoftmaxGrad(RowOracle.logSoftmax(v), seed)),
        check("matmul by a", x, dy, v -> v.times(b), v -> dy.times(b.transposed())),
        check("matmul by b", b, dy, v -> x.times(v), v -> x.transposed().times(dy)),
        gatherAndScatter());
  }

  private static DynamicTest gatherAndScatter() {
    int[] rows = {2, 0, 2, -1, 1, 2};
    Mat table = random(4, 3, -1, 1, 10);
    Mat dOut = random(6, 3, -1, 1, 11);
    return check(
        "gather",
        table,
        dOut,
        v -> RowOracle.gather(v, rows),
        v -> RowOracle.scatterAdd(dOut, rows, new Mat(4, 3)).value());
  }

  @TestFactory
  Stream<DynamicTest> crossEntropies() {
    List<DynamicTest> tests = new ArrayList<>();
    Mat weights = random(1, 5, 0.3, 2, 12);
    int[] targets = {0, 4, 2, -1, 3};
    for (CrossEntropy.Input input : CrossEntropy.Input.values()) {
      for (Reduction reduction : Reduction.values()) {
        for (Mat w : Arrays.asList(null, weights)) {
          float smoothing = input == CrossEntropy.Input.LOGITS && w != null ? 0.2f : 0;
          CrossEntropy spec = new CrossEntropy(input, reduction, -1, smoothing);
          tests.add(crossEntropy(spec, w, targets));
        }
      }
    }
    return tests.stream();
  }

  private static DynamicTest crossEntropy(CrossEntropy spec, Mat weights, int... targets) {
    boolean none = spec.reduction() == Reduction.NONE;
    Mat scores = random(5, 5, -2, -0.1, 13);
    Mat seed = random(none ? 5 : 1, 1, 0.5, 1.5, 14);
    return check(
        spec + (weights == null ? "" : " weights"),
        scores,
        seed,
        v -> new ClassOracle(spec, v, targets, weights).losses().get(none ? 0 : 1).value(),
        v -> {
          ClassOracle oracle = new ClassOracle(spec, v, targets, weights);
          return oracle.gradient(oracle.denominator(), seed);
        });
  }

  @TestFactory
  Stream<DynamicTest> recurrentLayers() {
    List<DynamicTest> tests = new ArrayList<>();
    for (Cell cell : Cell.values()) {
      for (int layers = 1; layers <= 3; layers++) {
        int count = layers;
        tests.add(
            dynamicTest(
                cell + " layers=" + layers,
                () -> checkLayers(cell, Activation.TANH, count, true, 3, 3, 3)));
        tests.add(
            dynamicTest(
                cell + " layers=" + layers + " ragged, no bias",
                () -> checkLayers(cell, Activation.TANH, count, false, 2, 4, 0, 1)));
      }
    }
    for (Activation f : List.of(Activation.SIGMOID, Activation.SILU, Activation.GELU_ERF)) {
      tests.add(dynamicTest("RNN " + f.kind(), () -> checkLayers(Cell.RNN, f, 2, true, 3, 2, 4)));
    }
    return tests.stream();
  }

  private static void checkLayers(
      Cell cell, Activation f, int layers, boolean bias, int... lengths) {
    int input = 2;
    int hidden = 3;
    int steps = 4;
    int batch = lengths.length;
    Map<String, double[]> values = new LinkedHashMap<>();
    values.put("x", numbers(steps * batch * input, 20));
    values.put("h0", numbers(layers * batch * hidden, 21));
    values.put("c0", numbers(cell == Cell.LSTM ? layers * batch * hidden : 0, 22));
    for (int k = 0; k < layers; k++) {
      int rows = cell.gates() * hidden;
      values.put("weight_ih_l" + k, numbers(rows * (k == 0 ? input : hidden), 23 + 4 * k));
      values.put("weight_hh_l" + k, numbers(rows * hidden, 24 + 4 * k));
      if (bias) {
        values.put("bias_ih_l" + k, numbers(rows, 25 + 4 * k));
        values.put("bias_hh_l" + k, numbers(rows, 26 + 4 * k));
      }
    }
    if (cell != Cell.LSTM) {
      values.remove("c0");
    }
    LayerOracle oracle = new LayerOracle(cell, f, layers, input, hidden, steps, lengths);
    Map<String, double[]> seeds = new LinkedHashMap<>();
    oracle
        .forward(values)
        .forEach((name, v) -> seeds.put(name, numbers(v.length, 50 + name.charAt(0))));
    Map<String, double[]> gradients = oracle.gradients(values, seeds);
    values.forEach(
        (name, v) -> requireClose(gradients.get(name), differences(oracle, values, seeds, v)));
  }

  /** By moving the elements of one of the values in place. */
  private static double[] differences(
      LayerOracle oracle, Map<String, double[]> values, Map<String, double[]> seeds, double[] v) {
    double[] numeric = new double[v.length];
    for (int i = 0; i < v.length; i++) {
      double before = v[i];
      v[i] = before + STEP;
      double up = weighted(oracle.forward(values), seeds);
      v[i] = before - STEP;
      double down = weighted(oracle.forward(values), seeds);
      v[i] = before;
      numeric[i] = (up - down) / (2 * STEP);
    }
    return numeric;
  }

  private static double weighted(Map<String, double[]> outputs, Map<String, double[]> seeds) {
    double sum = 0;
    for (Map.Entry<String, double[]> output : outputs.entrySet()) {
      double[] seed = seeds.get(output.getKey());
      for (int i = 0; i < seed.length; i++) {
        sum += seed[i] * output.getValue()[i];
      }
    }
    return sum;
  }

  private static double[] numbers(int count, int stream) {
    return random(1, count, -1, 1, stream).values;
  }

  @TestFactory
  Stream<DynamicTest> cells() {
    int hidden = 3;
    Mat gates = random(2, 4 * hidden, -2, 2, 70);
    Mat cPrev = random(2, hidden, -1, 1, 71);
    Mat dh = random(2, hidden, -1, 1, 72);
    Mat dc = random(2, hidden, -1, 1, 73);
    Mat gru = random(2, 3 * hidden, -2, 2, 74);
    Mat fromH = random(2, 3 * hidden, -2, 2, 75);
    return Stream.of(
        check(
            "lstm gates",
            gates,
            beside(dh, dc),
            g -> lstm(g, cPrev),
            g -> lstmBack(g, cPrev, dh, dc)[1]),
        check(
            "lstm cPrev",
            cPrev,
            beside(dh, dc),
            c -> lstm(gates, c),
            c -> lstmBack(gates, c, dh, dc)[0]),
        check(
            "gru gates", gru, dh, g -> gru(g, fromH, cPrev), g -> gruBack(g, fromH, cPrev, dh)[1]),
        check("gru fromH", fromH, dh, u -> gru(gru, u, cPrev), u -> gruBack(gru, u, cPrev, dh)[2]),
        check("gru hPrev", cPrev, dh, h -> gru(gru, fromH, h), h -> gruBack(gru, fromH, h, dh)[0]));
  }

  private static Mat beside(Mat a, Mat b) {
    return Mat.of(a.rows, 2 * a.cols, (r, c) -> c < a.cols ? a.at(r, c) : b.at(r, c - a.cols));
  }

  private static Mat lstm(Mat gates, Mat cPrev) {
    Mat c = new Mat(2, 3);
    Mat h = new Mat(2, 3);
    CellOracle.lstm(gates.copy(), cPrev, c, new Mat(2, 3), h);
    return beside(h, c);
  }

  private static Mat[] lstmBack(Mat gates, Mat cPrev, Mat dh, Mat dc) {
    Mat activations = gates.copy();
    Mat tanhC = new Mat(2, 3);
    CellOracle.lstm(activations, cPrev, new Mat(2, 3), tanhC, new Mat(2, 3));
    Mat dcPrev = dc.copy();
    Mat dGates = new Mat(2, 12);
    CellOracle.lstmGrad(activations, cPrev, tanhC, dh, dcPrev, dGates);
    return new Mat[] {dcPrev, dGates};
  }

  private static Mat gru(Mat gates, Mat fromH, Mat hPrev) {
    Mat h = new Mat(2, 3);
    CellOracle.gru(gates.copy(), fromH, hPrev, h);
    return h;
  }

  private static Mat[] gruBack(Mat gates, Mat fromH, Mat hPrev, Mat dh) {
    Mat activations = gates.copy();
    CellOracle.gru(activations, fromH, hPrev, new Mat(2, 3));
    Mat direct = dh.copy();
    Mat dGates = new Mat(2, 9);
    Mat dFromH = new Mat(2, 9);
    CellOracle.gruGrad(activations, fromH, hPrev, direct, dGates, dFromH);
    return new Mat[] {direct, dGates, dFromH};
  }
}
