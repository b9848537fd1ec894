// SPDX-License-Identifier: Apache-2.0

package dev.unroll.kernels;

import dev.unroll.CrossEntropy;
import dev.unroll.Indices;
import dev.unroll.Reduction;
import dev.unroll.Tensor;

/** The inputs of a cross-entropy, and its kernels. */
final class Classes {
  private final Launcher launcher;
  private final CrossEntropy spec;
  private final Tensor scores; // [R, C]
  private final Indices targets; // [R]
  private final View weights; // [1, C]
  private final int hasWeights;
  private final int logits;
  private final int smooth;
  private final int mean;
  private final float kept;
  private final float spread;

  Classes(Launcher launcher, CrossEntropy spec, Tensor scores, Indices targets, Tensor weights) {
    this.launcher = launcher;
    this.spec = spec;
    this.scores = scores;
    this.targets = targets;
    this.weights = View.orAbsent(weights, scores);
    this.hasWeights = weights == null ? 0 : 1;
    this.logits = spec.input() == CrossEntropy.Input.LOGITS ? 1 : 0;
    this.smooth = spec.smoothing() == 0f ? 0 : 1;
    this.mean = spec.reduction() == Reduction.MEAN ? 1 : 0;
    this.kept = (float) (1.0 - spec.smoothing());
    this.spread = (float) (spec.smoothing() / (double) scores.cols());
  }

  void loss(Tensor rowLosses, Tensor loss, Tensor denominator) {
    denominator(denominator);
    rows(
        "cross_entropy_rows",
        logits,
        smooth,
        kept,
        spread,
        spec.ignoreIndex(),
        scores,
        targets,
        weights,
        hasWeights,
        rowLosses);
    total(rowLosses, denominator, loss);
  }

  void gradient(Tensor denominator, Tensor dLoss, Tensor dScores) {
    rows(
        "cross_entropy_grad",
        logits,
        smooth,
        kept,
        spread,
        spec.ignoreIndex(),
        spec.reduction().ordinal(),
        scores,
        targets,
        weights,
        hasWeights,
        denominator,
        dLoss,
        dScores);
  }

  void lossWithGradient(
      Tensor dLoss, Tensor rowLosses, Tensor loss, Tensor denominator, Tensor dScores) {
    denominator(denominator);
    rows(
        "cross_entropy_rows_with_grad",
        logits,
        smooth,
        kept,
        spread,
        spec.ignoreIndex(),
        spec.reduction().ordinal(),
        scores,
        targets,
        weights,
        hasWeights,
        denominator,
        dLoss,
        rowLosses,
        dScores);
    total(rowLosses, denominator, loss);
  }

  private void rows(String kernel, Object... arguments) {
    launcher.rows(kernel, scores.rows(), scores.cols(), arguments);
  }

  private void denominator(Tensor denominator) {
    launcher.grouped(
        "cross_entropy_denominator",
        1,
        scores.rows(),
        mean,
        spec.ignoreIndex(),
        targets,
        weights,
        hasWeights,
        denominator,
        scores.rows());
  }

  private void total(Tensor rowLosses, Tensor denominator, Tensor loss) {
    launcher.grouped(
        "cross_entropy_loss",
        1,
        rowLosses.rows(),
        mean,
        rowLosses,
        denominator,
        loss,
        rowLosses.rows());
  }
}
