// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.CrossEntropy;
import dev.unroll.CrossEntropy.Input;
import dev.unroll.ElementLoss;
import dev.unroll.Indices;
import dev.unroll.Reduction;
import dev.unroll.Tensor;
import org.junit.jupiter.api.Test;

/** Softmax, cross-entropy and element-wise losses, by values known by hand. */
class ScalarLossesTest extends ScalarFixture {
  private static final float LOG2 = Functions.log(2f);
  private static final int IGNORE = 9;

  private static CrossEntropy spec(Reduction reduction, float smoothing) {
    return new CrossEntropy(Input.LOGITS, reduction, IGNORE, smoothing);
  }

  @Test
  void softmaxOfRowsInPlace() {
    Tensor x = strided(4, 2, 1000f, 1000f, 0f, -INF, -INF, -INF, INF, 0f);
    ops.softmax(x, x);
    assertBits(x, 0.5f, 0.5f, 1f, 0f, NAN, NAN, NAN, 0f / NAN);
  }

  @Test
  void softmaxGradient() {
    Tensor dx = strided(1, 2, NAN, NAN);
    ops.softmaxGrad(row(0.5f, 0.5f), row(1f, 0f), dx);
    assertBits(dx, 0.25f, -0.25f);
  }

  @Test
  void logSoftmaxInPlaceAndItsGradient() {
    Tensor x = strided(2, 2, -7f, -7f, 3f, -INF);
    ops.logSoftmax(x, x);
    assertBits(x, -LOG2, -LOG2, 0f, -INF);
    Tensor dx = strided(1, 2, NAN, NAN);
    ops.logSoftmaxGrad(row(-INF, 0f), row(1f, 2f), dx);
    assertBits(dx, 1f, -1f);
  }

  @Test
  void meanCrossEntropyWithWeightsAndAnIgnoredRow() {
    Tensor scores = strided(3, 2, 5f, 5f, NAN, NAN, 0f, 0f);
    Indices targets = indices(0, IGNORE, 1);
    Tensor weights = strided(1, 2, 2f, 3f);
    Tensor losses = strided(3, 1, NAN, NAN, NAN);
    Tensor loss = row(NAN);
    Tensor count = row(NAN);
    ops.crossEntropy(spec(Reduction.MEAN, 0f), scores, targets, weights, losses, loss, count);
    assertBits(losses, 2f * LOG2, 0f, 3f * LOG2);
    assertBits(count, 5f);
    assertBits(loss, ((2f * LOG2) + (3f * LOG2)) / 5f);
    ops.crossEntropyGrad(
        spec(Reduction.MEAN, 0f), scores, targets, weights, count, row(10f), scores);
    assertBits(scores, -2f, 2f, 0f, 0f, 3f, -3f);
  }

  @Test
  void smoothedCrossEntropy() {
    Tensor scores = tensor(1, 2, 0f, 0f);
    Tensor losses = poisoned(1, 1);
    Tensor count = poisoned(1, 1);
    Tensor dScores = poisoned(1, 2);
    Tensor weights = row(2f, 4f);
    ops.crossEntropyWithGrad(
        spec(Reduction.SUM, 0.5f),
        scores,
        indices(1),
        weights,
        row(1f),
        losses,
        row(NAN),
        count,
        dScores);
    // 0.5 * 4 log 2 + 0.25 * (2 + 4) log 2; W = 0.5 * 4 + 0.25 * 6, q = 0.5 and 2 + 1.
    assertBits(losses, (0.5f * (4f * LOG2)) + (0.25f * ((2f * LOG2) + (4f * LOG2))));
    assertBits(count, 1f);
    assertBits(dScores, 1.25f, -1.25f);
  }

  @Test
  void withoutSmoothingAnImpossibleClassDoesNoHarm() {
    Tensor losses = poisoned(1, 1);
    Tensor loss = row(NAN);
    Tensor scores = tensor(1, 2, 0f, -INF);
    ops.crossEntropy(spec(Reduction.SUM, 0f), scores, indices(0), null, losses, loss, row(NAN));
    assertBits(losses, -0f);
    assertBits(loss, 0f);
    ops.crossEntropy(spec(Reduction.SUM, 0.5f), scores, indices(0), null, losses, loss, row(NAN));
    assertBits(loss, INF);
  }

  @Test
  void unreducedCrossEntropyTakesAGradientForEachRow() {
    Tensor scores = tensor(2, 2, 0f, 0f, 0f, 0f);
    Tensor loss = row(NAN);
    Tensor count = row(NAN);
    Tensor losses = poisoned(2, 1);
    Tensor dScores = strided(2, 2, NAN, NAN, NAN, NAN);
    ops.crossEntropyWithGrad(
        spec(Reduction.NONE, 0f),
        scores,
        indices(0, 1),
        null,
        strided(2, 1, 2f, 4f),
        losses,
        loss,
        count,
        dScores);
    assertBits(losses, LOG2, LOG2);
    assertBits(loss, LOG2 + LOG2);
    assertBits(count, 1f);
    assertBits(dScores, -1f, 1f, 2f, -2f);
  }

  @Test
  void nothingButIgnoredRowsIsNaNWithoutGradient() {
    Tensor loss = row(0f);
    Tensor count = row(NAN);
    Tensor dScores = poisoned(2, 2);
    ops.crossEntropyWithGrad(
        spec(Reduction.MEAN, 0.1f),
        tensor(2, 2, 1f, 2f, 3f, 4f),
        indices(IGNORE, IGNORE),
        null,
        row(1f),
        poisoned(2, 1),
        loss,
        count,
        dScores);
    assertBits(loss, NAN);
    assertBits(count, 0f);
    assertBits(dScores, 0f, 0f, 0f, 0f);
  }

  @Test
  void crossEntropyFromLogProbabilities() {
    CrossEntropy spec = new CrossEntropy(Input.LOG_PROBABILITIES, Reduction.MEAN, IGNORE, 0f);
    Tensor scores = tensor(3, 2, -1f, -2f, -3f, -4f, NAN, NAN);
    Tensor losses = poisoned(3, 1);
    Tensor loss = row(NAN);
    ops.crossEntropyWithGrad(
        spec, scores, indices(1, 0, IGNORE), row(1f, 3f), row(8f), losses, loss, row(NAN), scores);
    assertBits(losses, 6f, 3f, 0f);
    assertBits(loss, 2.25f);
    assertBits(scores, 0f, -6f, -2f, 0f, 0f, 0f);
  }

  @Test
  void squaredError() {
    assertLoss(ElementLoss.SQUARED, row(3f, NAN, 1f), row(1f, 0f, 1f), 4f, NAN, 0f);
    assertLossGrad(ElementLoss.SQUARED, row(3f, NAN, 1f), row(1f, 0f, 1f), 2f, NAN, 0f);
  }

  @Test
  void binaryCrossEntropyBoundsItsLogarithms() {
    Tensor p = row(0f, 1f, 0.5f, NAN);
    Tensor t = row(1f, 0f, 1f, 1f);
    assertLoss(ElementLoss.BINARY_CROSS_ENTROPY, p, t, 100f, 100f, LOG2, NAN);
    assertLossGrad(
        ElementLoss.BINARY_CROSS_ENTROPY,
        p,
        t,
        0.5f * (-1f / 1e-12f),
        0.5f * (1f / 1e-12f),
        -1f,
        NAN);
  }

  @Test
  void binaryCrossEntropyFromLogits() {
    ElementLoss loss = ElementLoss.BINARY_CROSS_ENTROPY_WITH_LOGITS;
    Tensor x = row(0f, 200f, -200f, NAN);
    Tensor t = row(1f, 0.25f, 1f, 1f);
    assertLoss(loss, x, t, Functions.log1p(1f), 150f, 200f, NAN);
    assertLossGrad(loss, x, t, -0.25f, 0.375f, -0.5f, NAN);
  }

  @Test
  void huberTurnsLinearAtDelta() {
    Tensor x = row(0.5f, 2f, -2f, 4f, -4f, NAN);
    Tensor t = row(0f, 0f, 0f, 0f, 0f, 0f);
    assertLoss(ElementLoss.huber(2f), x, t, 0.125f, 2f, 2f, 6f, 6f, NAN);
    assertLossGrad(ElementLoss.huber(2f), x, t, 0.25f, 1f, -1f, 1f, -1f, NAN);
  }

  private void assertLoss(ElementLoss loss, Tensor x, Tensor target, float... expected) {
    Tensor out = poisoned(1, x.cols());
    ops.elementLoss(loss, x, target, out);
    assertBits(out, expected);
  }

  /** The gradient for dOut = 2 and divisor 4, written over x. */
  private void assertLossGrad(ElementLoss loss, Tensor x, Tensor target, float... expected) {
    ops.elementLossGrad(loss, x, target, row(2f).repeatCols(x.cols()), 4f, x);
    assertBits(x, expected);
    assertThat(x.cols()).isEqualTo(expected.length);
  }
}
