// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import dev.unroll.CrossEntropy;
import dev.unroll.Indices;
import dev.unroll.Reduction;

/**
 * One call of a cross-entropy or of its gradient: its inputs, and what is known of the row at hand.
 */
final class ScalarCrossEntropy {
  private final CrossEntropy spec;
  private final Mat scores; // [R, C]
  private final Mat weights; // [1, C], or null
  private final int[] targets;
  private final int firstTarget;
  private final boolean logits;
  private final float kept;
  private final float spread;
  private final float[] exponentials; // [C] of the row at hand

  ScalarCrossEntropy(CrossEntropy spec, Mat scores, Indices targets, Mat weights) {
    this.spec = spec;
    this.scores = scores;
    this.weights = weights;
    this.targets = HostBuffer.ints(targets);
    this.firstTarget = targets.offset();
    this.logits = spec.input() == CrossEntropy.Input.LOGITS;
    this.kept = (float) (1.0 - spec.smoothing());
    this.spread = (float) (spec.smoothing() / (double) scores.cols);
    this.exponentials = new float[scores.cols];
  }

  /** Writes rowLosses [R, 1], loss [1, 1] and denominator [1, 1]. */
  void loss(Mat rowLosses, Mat loss, Mat denominator) {
    for (int r = 0; r < scores.rows; r++) {
      rowLosses.data[rowLosses.at(r, 0)] = ignored(r) ? 0f : rowLoss(r);
    }
    boolean mean = spec.reduction() == Reduction.MEAN;
    float count = mean ? ScalarSums.ofRow(scores.rows, this::countOf) : 1f;
    float sum = ScalarSums.ofAll(rowLosses);
    denominator.data[denominator.at(0, 0)] = count;
    loss.data[loss.at(0, 0)] = mean ? sum / count : sum;
  }

  /** Writes dScores [R, C], which may be the scores. */
  void gradient(Mat denominator, Mat dLoss, Mat dScores) {
    for (int r = 0; r < scores.rows; r++) {
      if (ignored(r)) {
        for (int c = 0; c < scores.cols; c++) {
          dScores.data[dScores.at(r, c)] = 0f;
        }
      } else {
        rowGradient(r, gradientOfRow(r, denominator, dLoss), dScores);
      }
    }
  }

  private float rowLoss(int r) {
    if (!logits) {
      return term(target(r), score(r, target(r)));
    }
    float max = ScalarSums.maxOfRow(scores, r);
    float log = Functions.log(sumOfExponentials(r, max));
    float loss = term(target(r), (score(r, target(r)) - max) - log);
    if (spec.smoothing() == 0f) {
      return loss;
    }
    float all = ScalarSums.ofRow(scores.cols, c -> term(c, (score(r, c) - max) - log));
    return (kept * loss) + (spread * all);
  }

  private float term(int c, float logProbability) {
    return -(weight(c) * logProbability);
  }

  private float gradientOfRow(int r, Mat denominator, Mat dLoss) {
    return switch (spec.reduction()) {
      case MEAN -> dLoss.data[dLoss.at(0, 0)] / denominator.data[denominator.at(0, 0)];
      case SUM -> dLoss.data[dLoss.at(0, 0)];
      case NONE -> dLoss.data[dLoss.at(r, 0)];
    };
  }

  private void rowGradient(int r, float g, Mat dScores) {
    int target = target(r);
    if (!logits) {
      for (int c = 0; c < scores.cols; c++) {
        dScores.data[dScores.at(r, c)] = c == target ? -(g * weight(c)) : 0f;
      }
      return;
    }
    boolean smooth = spec.smoothing() != 0f;
    float onTarget = smooth ? kept * weight(target) : weight(target);
    float total = smooth ? onTarget + (spread * sumOfWeights()) : onTarget;
    float sum = sumOfExponentials(r, ScalarSums.maxOfRow(scores, r));
    for (int c = 0; c < scores.cols; c++) {
      float q = c == target ? onTarget : 0f;
      q = smooth ? q + (spread * weight(c)) : q;
      dScores.data[dScores.at(r, c)] = g * (((exponentials[c] / sum) * total) - q);
    }
  }

  private float sumOfExponentials(int r, float max) {
    ScalarSoftmax.exponentials(scores, r, max, exponentials);
    return ScalarSums.ofRow(scores.cols, c -> exponentials[c]);
  }

  private float sumOfWeights() {
    return ScalarSums.ofRow(scores.cols, this::weight);
  }

  /** What row r adds to the denominator of a mean. */
  private float countOf(int r) {
    return ignored(r) ? 0f : weight(target(r));
  }

  private boolean ignored(int r) {
    return target(r) == spec.ignoreIndex();
  }

  private int target(int r) {
    return targets[firstTarget + r];
  }

  private float score(int r, int c) {
    return scores.data[scores.at(r, c)];
  }

  private float weight(int c) {
    return weights == null ? 1f : weights.data[weights.at(0, c)];
  }
}
