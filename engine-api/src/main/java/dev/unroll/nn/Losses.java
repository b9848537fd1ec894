// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Arena;
import dev.unroll.CrossEntropy;
import dev.unroll.ElementLoss;
import dev.unroll.Indices;
import dev.unroll.Ops;
import dev.unroll.Reduction;
import dev.unroll.Tensor;

/** Losses reduced to one number, each with its gradient; nothing is read from the device. */
public final class Losses {
  private Losses() {}

  /**
   * A loss and its gradient.
   *
   * @param value [1, 1]
   * @param gradient gradient of the value, of the shape of the prediction
   */
  public record Loss(Tensor value, Tensor gradient) {}

  /**
   * Cross-entropy against integer targets; with log-probabilities it is the negative
   * log-likelihood.
   *
   * @param arena takes the result
   * @param spec settings; reduced to mean or sum
   * @param scores [R, C]
   * @param targets [R] class numbers
   * @param weights [1, C] weight of each class, or null
   * @return loss and gradient [R, C]
   */
  public static Loss crossEntropy(
      Arena arena, CrossEntropy spec, Tensor scores, Indices targets, Tensor weights) {
    requireReduced("crossEntropy", spec.reduction());
    Tensor value = arena.tensor(1, 1);
    Tensor gradient = arena.tensor(scores.rows(), scores.cols());
    arena
        .ops()
        .crossEntropyWithGrad(
            spec,
            scores,
            targets,
            weights,
            one(arena),
            arena.tensor(scores.rows(), 1),
            value,
            arena.tensor(1, 1),
            gradient);
    return new Loss(value, gradient);
  }

  /**
   * A loss between equal shapes: squared error, binary cross-entropy, Huber's.
   *
   * @param arena takes the result
   * @param loss which loss
   * @param reduction mean or sum over all elements
   * @param x [R, C] the prediction
   * @param target [R, C]
   * @return loss and gradient [R, C]
   */
  public static Loss elementwise(
      Arena arena, ElementLoss loss, Reduction reduction, Tensor x, Tensor target) {
    requireReduced("elementwise loss", reduction);
    Ops ops = arena.ops();
    float divisor = reduction == Reduction.MEAN ? x.size() : 1;
    Tensor value = arena.tensor(1, 1);
    Tensor elements = arena.tensor(x.rows(), x.cols());
    ops.elementLoss(loss, x, target, elements);
    ops.sum(elements, divisor, value);
    Tensor gradient = arena.tensor(x.rows(), x.cols());
    Tensor ones = one(arena).repeatRows(x.rows()).repeatCols(x.cols());
    ops.elementLossGrad(loss, x, target, ones, divisor, gradient);
    return new Loss(value, gradient);
  }

  private static Tensor one(Arena arena) {
    Tensor one = arena.tensor(1, 1);
    arena.ops().fill(1, one);
    return one;
  }

  private static void requireReduced(String loss, Reduction reduction) {
    if (reduction == Reduction.NONE) {
      throw new IllegalArgumentException(
          loss
              + ": training needs one number; reduce to MEAN or SUM, or call the operation on Ops");
    }
  }
}
