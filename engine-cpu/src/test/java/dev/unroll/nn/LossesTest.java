// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unroll.CrossEntropy;
import dev.unroll.ElementLoss;
import dev.unroll.Indices;
import dev.unroll.Reduction;
import dev.unroll.Tensor;
import dev.unroll.nn.Losses.Loss;
import java.util.function.DoubleBinaryOperator;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class LossesTest extends DeviceTest {
  private static final int R = 5;
  private static final int C = 4;
  private static final int[] TARGETS = {3, 0, CrossEntropy.IGNORE_DEFAULT, 2, 0};

  @Test
  void crossEntropyOfLogits() {
    for (Reduction reduction : new Reduction[] {Reduction.MEAN, Reduction.SUM}) {
      Tensor x = randomTensor(R, C);
      CrossEntropy spec = spec(CrossEntropy.Input.LOGITS, reduction);
      Loss loss = Losses.crossEntropy(arena, spec, x, targets(), null);
      double divisor = reduction == Reduction.MEAN ? 4 : 1;
      float[] scores = ops.read(x);
      double expected = 0;
      float[] gradient = new float[R * C];
      for (int r = 0; r < R; r++) {
        if (TARGETS[r] >= 0) {
          double sum = 0;
          for (int c = 0; c < C; c++) {
            sum += Math.exp(scores[r * C + c]);
          }
          expected += Math.log(sum) - scores[r * C + TARGETS[r]];
          for (int c = 0; c < C; c++) {
            double p = Math.exp(scores[r * C + c]) / sum;
            gradient[r * C + c] = (float) ((p - (c == TARGETS[r] ? 1 : 0)) / divisor);
          }
        }
      }
      assertLoss(loss, expected / divisor, gradient);
    }
  }

  @Test
  void negativeLogLikelihoodOfWeightedClasses() {
    Tensor x = randomTensor(R, C);
    Tensor weights = arena.tensor(new float[] {1, 2, 3, 5}, 1, C);
    CrossEntropy spec = spec(CrossEntropy.Input.LOG_PROBABILITIES, Reduction.MEAN);
    Loss loss = Losses.crossEntropy(arena, spec, x, targets(), weights);
    float[] scores = ops.read(x);
    double total = 5 + 1 + 3 + 1;
    double expected = -(5 * scores[3] + scores[C] + 3 * scores[3 * C + 2] + scores[4 * C]) / total;
    float[] gradient = new float[R * C];
    gradient[3] = -0.5f;
    gradient[C] = -0.1f;
    gradient[3 * C + 2] = -0.3f;
    gradient[4 * C] = -0.1f;
    assertLoss(loss, expected, gradient);
  }

  @Test
  void squaredError() {
    assertElementwise(
        ElementLoss.SQUARED, (x, t) -> (x - t) * (x - t), (x, t) -> 2 * (x - t), false);
  }

  @Test
  void hubersLoss() {
    assertElementwise(
        ElementLoss.huber(0.5f),
        (x, t) -> Math.abs(x - t) <= 0.5 ? (x - t) * (x - t) / 2 : 0.5 * (Math.abs(x - t) - 0.25),
        (x, t) -> Math.max(-0.5, Math.min(0.5, x - t)),
        false);
  }

  @Test
  void binaryCrossEntropy() {
    assertElementwise(
        ElementLoss.BINARY_CROSS_ENTROPY,
        (x, t) -> -(t * Math.log(x) + (1 - t) * Math.log(1 - x)),
        (x, t) -> (x - t) / (x * (1 - x)),
        true);
  }

  @Test
  void binaryCrossEntropyWithLogits() {
    assertElementwise(
        ElementLoss.BINARY_CROSS_ENTROPY_WITH_LOGITS,
        (x, t) -> Math.max(x, 0) - x * t + Math.log1p(Math.exp(-Math.abs(x))),
        (x, t) -> 1 / (1 + Math.exp(-x)) - t,
        false);
  }

  @Test
  void smoothL1IsHuberOverBeta() {
    float[] x = {0, 1, 2, -3};
    float[] t = {0.25f, 1, 0, 0};
    Loss loss = Losses.smoothL1(arena, 0.5f, Reduction.SUM, row(x), row(t));
    assertLoss(loss, 0.0625 + 0 + 1.75 + 2.75, new float[] {-0.5f, 0, 1, -1});
  }

  @Test
  void elementWeightsMultiplyLossAndGradient() {
    float[] x = random(R * C);
    float[] t = random(R * C);
    float[] w = random(R * C);
    double sum = 0;
    float[] gradient = new float[R * C];
    for (int i = 0; i < x.length; i++) {
      sum += w[i] * (x[i] - t[i]) * (x[i] - t[i]);
      gradient[i] = w[i] * 2 * (x[i] - t[i]) / (R * C);
    }
    Tensor weights = arena.tensor(w, R, C);
    Tensor target = arena.tensor(t, R, C);
    Loss loss =
        Losses.elementwise(
            arena, ElementLoss.SQUARED, Reduction.MEAN, arena.tensor(x, R, C), target, weights);
    assertLoss(loss, sum / (R * C), gradient);
    assertThat(ops.read(weights)).as("weights stay").isEqualTo(w);
  }

  @Test
  void positiveTargetsCountMore() {
    float[] x = random(R * C);
    float[] t = random(R * C);
    float[] w = random(R * C);
    float[] p = {1, 3, 0, 0.5f};
    for (boolean weighted : new boolean[] {false, true}) {
      double sum = 0;
      float[] gradient = new float[R * C];
      for (int i = 0; i < x.length; i++) {
        double weight = weighted ? w[i] : 1;
        double positive = p[i % C] * t[i];
        double negative = 1 - t[i];
        double up = Math.log1p(Math.exp(x[i]));
        double slope = 1 / (1 + Math.exp(-x[i]));
        sum += weight * (positive * (up - x[i]) + negative * up);
        gradient[i] = (float) (weight * (positive * (slope - 1) + negative * slope) / (R * C));
      }
      Loss loss =
          Losses.binaryCrossEntropyWithLogits(
              arena,
              Reduction.MEAN,
              arena.tensor(x, R, C),
              arena.tensor(t, R, C),
              weighted ? arena.tensor(w, R, C) : null,
              row(p));
      assertLoss(loss, sum / (R * C), gradient);
    }
  }

  private Tensor row(float... values) {
    return arena.tensor(values, 1, values.length);
  }

  @Test
  void oneNumberIsDemanded() {
    Tensor x = randomTensor(R, C);
    assertThatThrownBy(
            () ->
                Losses.crossEntropy(
                    arena, spec(CrossEntropy.Input.LOGITS, Reduction.NONE), x, targets(), null))
        .hasMessageContaining("reduce to MEAN or SUM");
    assertThatThrownBy(() -> Losses.elementwise(arena, ElementLoss.SQUARED, Reduction.NONE, x, x))
        .hasMessageContaining("reduce to MEAN or SUM");
  }

  private void assertElementwise(
      ElementLoss loss,
      DoubleBinaryOperator value,
      DoubleBinaryOperator derivative,
      boolean probabilities) {
    float[] x = random(R * C);
    float[] t = random(R * C);
    for (int i = 0; i < x.length; i++) {
      t[i] = (t[i] + 1) / 2;
      x[i] = probabilities ? 0.1f + 0.4f * (x[i] + 1) : x[i];
    }
    for (Reduction reduction : new Reduction[] {Reduction.MEAN, Reduction.SUM}) {
      double divisor = reduction == Reduction.MEAN ? R * C : 1;
      double expected = 0;
      float[] gradient = new float[x.length];
      for (int i = 0; i < x.length; i++) {
        expected += value.applyAsDouble(x[i], t[i]);
        gradient[i] = (float) (derivative.applyAsDouble(x[i], t[i]) / divisor);
      }
      Tensor prediction = arena.tensor(x, R, C);
      Loss found = Losses.elementwise(arena, loss, reduction, prediction, arena.tensor(t, R, C));
      assertLoss(found, expected / divisor, gradient);
    }
  }

  private void assertLoss(Loss loss, double expected, float[] gradient) {
    double bound = 1e-6 * Math.max(1, Math.abs(expected));
    assertThat((double) ops.read(loss.value())[0]).isCloseTo(expected, Offset.offset(bound));
    assertThat(ops.read(loss.gradient())).containsExactly(gradient, Offset.offset(2e-6f));
  }

  private static CrossEntropy spec(CrossEntropy.Input input, Reduction reduction) {
    return new CrossEntropy(input, reduction, CrossEntropy.IGNORE_DEFAULT, 0);
  }

  private Indices targets() {
    return arena.indices(TARGETS);
  }
}
