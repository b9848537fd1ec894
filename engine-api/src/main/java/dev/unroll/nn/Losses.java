// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Arena;
import dev.unroll.Arithmetic;
import dev.unroll.CrossEntropy;
import dev.unroll.ElementLoss;
import dev.unroll.Indices;
import dev.unroll.Ops;
import dev.unroll.Reduction;
import dev.unroll.Tensor;

/** Losses reduced to one number, each with its gradient; nothing is read from the device. */
public final class Losses {
  private static final ElementLoss LOGITS = ElementLoss.BINARY_CROSS_ENTROPY_WITH_LOGITS;

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
    return elementwise(arena, loss, reduction, x, target, null);
  }

  /**
   * A loss between equal shapes, each element with a weight. As in PyTorch the mean is taken over
   * the number of elements, whatever the weights.
   *
   * @param arena takes the result
   * @param loss which loss
   * @param reduction mean or sum over all elements
   * @param x [R, C] the prediction
   * @param target [R, C]
   * @param weights [R, C], also a broadcast view; null: all 1
   * @return loss and gradient [R, C]
   */
  public static Loss elementwise(
      Arena arena, ElementLoss loss, Reduction reduction, Tensor x, Tensor target, Tensor weights) {
    float divisor = divisor("elementwise loss", reduction, x);
    Ops ops = arena.ops();
    Tensor elements = like(arena, x);
    ops.elementLoss(loss, x, target, elements);
    if (weights != null) {
      ops.binary(Arithmetic.MUL, elements, weights, elements);
    }
    Tensor gradient = like(arena, x);
    Tensor dOut = weights == null ? broadcast(arena, 1, x) : weights;
    ops.elementLossGrad(loss, x, target, dOut, divisor, gradient);
    return new Loss(total(arena, elements, divisor), gradient);
  }

  /**
   * PyTorch's smooth L1 loss: {@link ElementLoss#huber} divided by its delta, so that the slope far
   * out is 1.
   *
   * @param arena takes the result
   * @param beta where the square turns linear, above 0 (PyTorch's default: 1)
   * @param reduction mean or sum over all elements
   * @param x [R, C] the prediction
   * @param target [R, C]
   * @return loss and gradient [R, C]
   */
  public static Loss smoothL1(
      Arena arena, float beta, Reduction reduction, Tensor x, Tensor target) {
    Tensor scale = broadcast(arena, (float) (1.0 / beta), x);
    return elementwise(arena, ElementLoss.huber(beta), reduction, x, target, scale);
  }

  /**
   * Binary cross-entropy from logits where positive targets count more: p t ln(1 + e^-x) + (1 - t)
   * ln(1 + e^x), p being the weight of the column's positive class.
   *
   * @param arena takes the result
   * @param reduction mean or sum over all elements; the mean divides by their number
   * @param x [R, C] the logits
   * @param target [R, C], 0 to 1
   * @param weights [R, C] weight of each element, or null
   * @param positive [1, C] weight of each column's positive targets
   * @return loss and gradient [R, C]
   */
  public static Loss binaryCrossEntropyWithLogits(
      Arena arena, Reduction reduction, Tensor x, Tensor target, Tensor weights, Tensor positive) {
    Ops ops = arena.ops();
    Tensor one = broadcast(arena, 1, x);
    Tensor zero = broadcast(arena, 0, x);
    Tensor forOne = like(arena, x);
    ops.binary(Arithmetic.MUL, target, positive.repeatRows(x.rows()), forOne);
    Tensor forZero = like(arena, x);
    ops.binary(Arithmetic.SUB, one, target, forZero);
    if (weights != null) {
      ops.binary(Arithmetic.MUL, forOne, weights, forOne);
      ops.binary(Arithmetic.MUL, forZero, weights, forZero);
    }
    Loss ones = elementwise(arena, LOGITS, reduction, x, one, forOne);
    Loss zeros = elementwise(arena, LOGITS, reduction, x, zero, forZero);
    ops.axpby(1, ones.value(), 1, zeros.value());
    ops.axpby(1, ones.gradient(), 1, zeros.gradient());
    return zeros;
  }

  private static Tensor like(Arena arena, Tensor x) {
    return arena.tensor(x.rows(), x.cols());
  }

  private static Tensor one(Arena arena) {
    Tensor one = arena.tensor(1, 1);
    arena.ops().fill(1, one);
    return one;
  }

  private static Tensor broadcast(Arena arena, float value, Tensor like) {
    Tensor number = arena.tensor(1, 1);
    arena.ops().fill(value, number);
    return number.repeatRows(like.rows()).repeatCols(like.cols());
  }

  private static float divisor(String loss, Reduction reduction, Tensor x) {
    requireReduced(loss, reduction);
    return reduction == Reduction.MEAN ? x.size() : 1;
  }

  private static Tensor total(Arena arena, Tensor elements, float divisor) {
    Tensor value = arena.tensor(1, 1);
    arena.ops().sum(elements, divisor, value);
    return value;
  }

  private static void requireReduced(String loss, Reduction reduction) {
    if (reduction == Reduction.NONE) {
      throw new IllegalArgumentException(
          loss
              + ": training needs one number; reduce to MEAN or SUM, or call the operation on Ops");
    }
  }
}
