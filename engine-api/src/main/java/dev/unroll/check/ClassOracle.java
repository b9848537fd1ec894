// SPDX-License-Identifier: Apache-2.0

package dev.unroll.check;

import static dev.unroll.check.Judged.U;

import dev.unroll.CrossEntropy;
import dev.unroll.Reduction;
import java.util.List;

/**
 * Cross-entropy in double: with lp the log-probabilities and q_c = (1 - e) w_t [c = t] + (e / C)
 * w_c, the loss of a row is -sum of q_c lp_c.
 */
final class ClassOracle {
  private final CrossEntropy spec;
  private final Mat scores;
  private final int[] targets;
  private final Mat weights;
  private final Mat logProbabilities;
  private final Mat max;

  /** A loss over rows; weights may be null. */
  ClassOracle(CrossEntropy spec, Mat scores, int[] targets, Mat weights) {
    this.spec = spec;
    this.scores = scores;
    this.targets = targets;
    this.weights = weights;
    this.max = RowOracle.maxColumns(scores);
    this.logProbabilities = logits() ? RowOracle.logSoftmax(scores) : scores;
  }

  /** Row losses, loss and denominator. */
  List<Judged> losses() {
    Mat rows = Mat.of(scores.rows, 1, (r, c) -> rowLoss(r));
    double denominator = denominator();
    double sum = 0;
    double slack = 0;
    for (int r = 0; r < scores.rows; r++) {
      sum += rows.at(r, 0);
      slack += rowBound(r) + scores.rows * U * Math.abs(rows.at(r, 0));
    }
    double bound = slack / denominator;
    return List.of(
        Judged.within(rows, (r, c) -> rowBound(r)),
        Judged.within(Mat.scalar(sum / denominator), (r, c) -> bound),
        Judged.ulps(Mat.scalar(denominator), scores.rows + 1));
  }

  /** Gradient of the scores; dLoss is one number, or one for each row with no reduction. */
  Mat gradient(double denominator, Mat dLoss) {
    return Mat.of(
        scores.rows,
        scores.cols,
        (r, c) -> ignored(r) ? 0 : g(r, denominator, dLoss) * slope(r, c));
  }

  Judged judgedGradient(double denominator, Mat dLoss) {
    return Judged.within(
        gradient(denominator, dLoss),
        (r, c) -> ignored(r) ? 0 : Math.abs(g(r, denominator, dLoss)) * slopeBound(r, c));
  }

  double denominator() {
    if (spec.reduction() != Reduction.MEAN) {
      return 1;
    }
    double sum = 0;
    for (int r = 0; r < scores.rows; r++) {
      sum += ignored(r) ? 0 : weight(targets[r]);
    }
    return sum;
  }

  private double rowLoss(int r) {
    double loss = 0;
    for (int c = 0; !ignored(r) && c < scores.cols; c++) {
      double q = q(r, c);
      loss -= q == 0 ? 0 : q * logProbabilities.at(r, c);
    }
    return loss;
  }

  private double rowBound(int r) {
    double bound = 0;
    for (int c = 0; !ignored(r) && c < scores.cols; c++) {
      double q = Math.abs(q(r, c));
      double lp = logits() ? RowOracle.logSoftmaxBound(scores, max, r, c) : 0;
      bound += q == 0 ? 0 : q * (lp + (8 + scores.cols) * U * Math.abs(logProbabilities.at(r, c)));
    }
    return bound;
  }

  private double slope(int r, int c) {
    double q = q(r, c);
    return logits() ? StrictMath.exp(logProbabilities.at(r, c)) * total(r) - q : -q;
  }

  private double slopeBound(int r, int c) {
    double p = logits() ? StrictMath.exp(logProbabilities.at(r, c)) : 0;
    double lp = logits() ? RowOracle.logSoftmaxBound(scores, max, r, c) : 0;
    return p * Math.abs(total(r)) * (lp + (8 + scores.cols) * U) + 8 * U * Math.abs(q(r, c));
  }

  private double g(int r, double denominator, Mat dLoss) {
    return dLoss.at(spec.reduction() == Reduction.NONE ? r : 0, 0) / denominator;
  }

  private double q(int r, int c) {
    double e = spec.smoothing();
    double hit = c == targets[r] ? (1 - e) * weight(c) : 0;
    return e == 0 ? hit : hit + e / scores.cols * weight(c);
  }

  private double total(int r) {
    double sum = 0;
    for (int c = 0; c < scores.cols; c++) {
      sum += q(r, c);
    }
    return sum;
  }

  private double weight(int c) {
    return weights == null ? 1 : weights.at(0, c);
  }

  private boolean ignored(int r) {
    return targets[r] == spec.ignoreIndex();
  }

  private boolean logits() {
    return spec.input() == CrossEntropy.Input.LOGITS;
  }
}
