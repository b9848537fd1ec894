// SPDX-License-Identifier: Apache-2.0

package dev.unroll.check.golden;

import dev.unroll.CrossEntropy;
import dev.unroll.Indices;
import dev.unroll.Reduction;
import dev.unroll.Tensor;
import java.util.Locale;

/** Softmax, log-softmax, cross-entropy and negative log-likelihood. */
final class ClassGolden {
  private ClassGolden() {}

  static void run(GoldenFile golden, Sheet sheet) {
    switch (golden.text("op")) {
      case "softmax", "log_softmax" -> softmax(golden, sheet);
      default -> crossEntropy(golden, sheet);
    }
  }

  static Reduction reduction(String name) {
    return Reduction.valueOf(name.toUpperCase(Locale.ROOT));
  }

  private static void softmax(GoldenFile golden, Sheet sheet) {
    boolean logarithm = golden.text("op").equals("log_softmax");
    Tensor x = golden.tensor(sheet.arena, "in.x");
    Tensor y = sheet.like(x);
    if (logarithm) {
      sheet.ops.logSoftmax(x, y);
    } else {
      sheet.ops.softmax(x, y);
    }
    sheet.put("out.y", y);
    Tensor dy = golden.tensorOrNull(sheet.arena, "seed.y");
    if (dy != null) {
      Tensor dx = sheet.like(x);
      if (logarithm) {
        sheet.ops.logSoftmaxGrad(y, dy, dx);
      } else {
        sheet.ops.softmaxGrad(y, dy, dx);
      }
      sheet.put("grad.x", dx);
    }
  }

  private static void crossEntropy(GoldenFile golden, Sheet sheet) {
    boolean logits = golden.text("op").equals("cross_entropy");
    String name = logits ? "logits" : "log_probs";
    CrossEntropy spec =
        new CrossEntropy(
            logits ? CrossEntropy.Input.LOGITS : CrossEntropy.Input.LOG_PROBABILITIES,
            reduction(golden.text("attr.reduction")),
            (int) golden.attribute("ignore_index", CrossEntropy.IGNORE_DEFAULT),
            golden.attribute("label_smoothing", 0));
    Tensor scores = golden.tensor(sheet.arena, "in." + name);
    Indices targets = golden.indices(sheet.arena, "in.target");
    Tensor weights = golden.tensorOrNull(sheet.arena, "in.class_weight");
    Tensor rowLosses = sheet.arena.tensor(scores.rows(), 1);
    Tensor loss = sheet.arena.tensor();
    Tensor denominator = sheet.arena.tensor(1, 1);
    sheet.ops.crossEntropy(spec, scores, targets, weights, rowLosses, loss, denominator);
    boolean none = spec.reduction() == Reduction.NONE;
    if (none) {
      sheet.put("out.loss", rowLosses, scores.rows());
    } else {
      sheet.put("out.loss", loss);
    }
    if (golden.has("out.log_prob")) {
      Tensor logProbabilities = sheet.like(scores);
      sheet.ops.logSoftmax(scores, logProbabilities);
      sheet.put("out.log_prob", logProbabilities);
    }
    if (golden.has("seed.loss")) {
      float[] seed = golden.floats("seed.loss");
      Tensor dLoss = sheet.arena.tensor(seed, none ? scores.rows() : 1, 1);
      Tensor dScores = sheet.like(scores);
      sheet.ops.crossEntropyGrad(spec, scores, targets, weights, denominator, dLoss, dScores);
      sheet.put("grad." + name, dScores);
    }
  }
}
