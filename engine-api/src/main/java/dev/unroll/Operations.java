// SPDX-License-Identifier: Apache-2.0

package dev.unroll;

import java.util.List;

/**
 * The primitive operations on strided float32 matrices. {@link Ops} offers them checked to users, a
 * {@link Backend} implements them and may trust its input.
 *
 * <p>Operations run in call order and may return before the device is done. None allocates: outputs
 * are parameters. An output may be exactly the same view as an input in element-wise operations
 * (axpby, binary, map, copy, activate, activateGrad, dropout, elementLoss, elementLossGrad) and in
 * the row-wise ones (softmax, logSoftmax, layerNorm, their gradients, crossEntropyGrad); it never
 * partly overlaps one. With beta 0 the old content of an output is not read, so it may be NaN.
 * Inputs may be broadcast views (stride 0); outputs never are.
 *
 * <p>In {@link Precision#EXACT} every result is defined to the bit: docs/numerics.md has one line
 * for each method here.
 */
public interface Operations {
  // ---- element-wise

  /**
   * out = value.
   *
   * @param value any float, NaN too
   * @param out [R, C]
   */
  void fill(float value, Tensor out);

  /**
   * y = (alpha * x) + (beta * y); with beta 0, y = alpha * x.
   *
   * @param alpha factor of x
   * @param x [R, C]
   * @param beta factor of y
   * @param y [R, C]
   */
  void axpby(float alpha, Tensor x, float beta, Tensor y);

  /**
   * out = a op b.
   *
   * @param op operation
   * @param a [R, C]
   * @param b [R, C]
   * @param out [R, C]
   */
  void binary(Arithmetic op, Tensor a, Tensor b, Tensor out);

  /**
   * y = f(x).
   *
   * @param f function
   * @param x [R, C]
   * @param y [R, C]
   */
  void map(Unary f, Tensor x, Tensor y);

  /**
   * y = x, any strides.
   *
   * @param x [R, C]
   * @param y [R, C]
   */
  void copy(Tensor x, Tensor y);

  /**
   * y = f(x).
   *
   * @param f activation
   * @param x [R, C]
   * @param y [R, C]
   */
  void activate(Activation f, Tensor x, Tensor y);

  /**
   * dx = dy * f'(x).
   *
   * @param f activation; says whether x, y or both are read
   * @param x [R, C]; may be null if f does not need it
   * @param y [R, C], f(x); may be null if f does not need it
   * @param dy [R, C]
   * @param dx [R, C]
   */
  void activateGrad(Activation f, Tensor x, Tensor y, Tensor dy, Tensor dx);

  /**
   * Inverted dropout with counter-based random numbers: y = x / (1 - p) where kept, else +0. The
   * gradient is the same call on dy.
   *
   * @param p probability of dropping, 0 to below 1
   * @param key [4]: seed low, seed high, step low, step high
   * @param stream which stream of random numbers
   * @param rowIds [R]: the number by which each row is known to the generator; null: its position
   * @param x [R, C]
   * @param y [R, C]
   */
  void dropout(float p, Indices key, int stream, Indices rowIds, Tensor x, Tensor y);

  // ---- reductions

  /**
   * out = beta * out + sum over r of x[r, :].
   *
   * @param x [R, C]
   * @param beta factor of the old content
   * @param out [1, C]
   */
  void sumRows(Tensor x, float beta, Tensor out);

  /**
   * out[r] = sum over c of x[r, c].
   *
   * @param x [R, C]
   * @param out [R, 1]
   */
  void sumColumns(Tensor x, Tensor out);

  /**
   * out[r] = largest of x[r, :]; NaN if there is one, -inf if there are no columns.
   *
   * @param x [R, C]
   * @param out [R, 1]
   */
  void maxColumns(Tensor x, Tensor out);

  /**
   * out = (sum of all elements of x) / divisor; the elements are summed as one row.
   *
   * @param x [R, C]
   * @param divisor what the sum is divided by, 1 for the plain sum
   * @param out [1, 1]
   */
  void sum(Tensor x, float divisor, Tensor out);

  /**
   * out = 2-norm over all elements of all tensors; does not overflow on the way.
   *
   * @param xs any shapes
   * @param out [1, 1]
   */
  void norm(List<Tensor> xs, Tensor out);

  /**
   * coefficient = maxNorm / (norm + 1e-6), above 1 taken as 1: what gradients are multiplied by.
   *
   * @param norm [1, 1]
   * @param maxNorm bound of the norm
   * @param coefficient [1, 1]
   */
  void clipCoefficient(Tensor norm, float maxNorm, Tensor coefficient);

  // ---- products

  /**
   * out = beta * out + a b.
   *
   * @param a [M, K]
   * @param b [K, N]
   * @param beta factor of the old content
   * @param out [M, N]
   */
  void matmul(Tensor a, Tensor b, float beta, Tensor out);

  // ---- rows of classes

  /**
   * Each row of y is the softmax of that row of x.
   *
   * @param x [R, C]
   * @param y [R, C]
   */
  void softmax(Tensor x, Tensor y);

  /**
   * dx = y * (dy - sum over columns of dy * y).
   *
   * @param y [R, C], the softmax
   * @param dy [R, C]
   * @param dx [R, C]
   */
  void softmaxGrad(Tensor y, Tensor dy, Tensor dx);

  /**
   * Each row of y is the log-softmax of that row of x.
   *
   * @param x [R, C]
   * @param y [R, C]
   */
  void logSoftmax(Tensor x, Tensor y);

  /**
   * dx = dy - exp(y) * sum over columns of dy.
   *
   * @param y [R, C], the log-softmax
   * @param dy [R, C]
   * @param dx [R, C]
   */
  void logSoftmaxGrad(Tensor y, Tensor dy, Tensor dx);

  /**
   * Each row of y is that row of x with its mean taken off, divided by its deviation.
   *
   * @param eps added to the variance
   * @param x [R, C]
   * @param y [R, C]
   * @param rstd [R, 1] 1 / sqrt(variance + eps), kept for the gradient
   */
  void layerNorm(float eps, Tensor x, Tensor y, Tensor rstd);

  /**
   * Gradient of {@link #layerNorm}: dx = rstd * (dy - mean of dy - y * mean of dy * y).
   *
   * @param y [R, C]
   * @param rstd [R, 1]
   * @param dy [R, C]
   * @param dx [R, C]
   */
  void layerNormGrad(Tensor y, Tensor rstd, Tensor dy, Tensor dx);

  /**
   * Cross-entropy of rows of class scores against integer targets.
   *
   * @param spec settings
   * @param scores [R, C]
   * @param targets [R] class numbers
   * @param weights [1, C] weight of each class, or null
   * @param rowLosses [R, 1] loss of each row, +0 where ignored
   * @param loss [1, 1] reduced loss; with {@link Reduction#NONE} the sum
   * @param denominator [1, 1] what the sum was divided by: the weights that count, or 1
   */
  void crossEntropy(
      CrossEntropy spec,
      Tensor scores,
      Indices targets,
      Tensor weights,
      Tensor rowLosses,
      Tensor loss,
      Tensor denominator);

  /**
   * Gradient of {@link #crossEntropy}.
   *
   * @param spec settings
   * @param scores [R, C]
   * @param targets [R] class numbers
   * @param weights [1, C] or null
   * @param denominator [1, 1] from the forward pass
   * @param dLoss [1, 1], or [R, 1] with {@link Reduction#NONE}
   * @param dScores [R, C]
   */
  void crossEntropyGrad(
      CrossEntropy spec,
      Tensor scores,
      Indices targets,
      Tensor weights,
      Tensor denominator,
      Tensor dLoss,
      Tensor dScores);

  // ---- element-wise losses

  /**
   * out = loss(x, target), element by element.
   *
   * @param loss which loss
   * @param x [R, C]
   * @param target [R, C]
   * @param out [R, C]
   */
  void elementLoss(ElementLoss loss, Tensor x, Tensor target, Tensor out);

  /**
   * dx = (dOut / divisor) * d loss / dx, element by element.
   *
   * @param loss which loss
   * @param x [R, C]
   * @param target [R, C]
   * @param dOut [R, C], often a broadcast view of one number
   * @param divisor number of elements for a mean, else 1
   * @param dx [R, C]
   */
  void elementLossGrad(
      ElementLoss loss, Tensor x, Tensor target, Tensor dOut, float divisor, Tensor dx);

  // ---- rows by number

  /**
   * out[i] = table[rows[i]], or +0 where rows[i] is -1.
   *
   * @param table [N, C]
   * @param rows [R] numbers from -1 to N - 1
   * @param out [R, C]
   */
  void gather(Tensor table, Indices rows, Tensor out);

  /**
   * dTable[rows[i]] += dOut[i] for i ascending; rows[i] = -1 is left out.
   *
   * @param dOut [R, C]
   * @param rows [R] numbers from -1 to N - 1
   * @param dTable [N, C]
   */
  void scatterAdd(Tensor dOut, Indices rows, Tensor dTable);

  // ---- optimiser steps: one call for all parameters, each element independent of the others

  /**
   * Stochastic gradient descent.
   *
   * @param step settings
   * @param scalars [1, 1]: learning rate
   * @param gradScale [1, 1] the gradients are multiplied by it first; null: they are not
   * @param params parameters, updated
   * @param grads gradients, same shapes
   * @param buffers momentum buffers, same shapes; empty without momentum
   */
  void sgdStep(
      SgdStep step,
      Tensor scalars,
      Tensor gradScale,
      List<Tensor> params,
      List<Tensor> grads,
      List<Tensor> buffers);

  /**
   * Adam, AdamW and AMSGrad.
   *
   * @param step settings
   * @param scalars [1, 3]: step size lr / (1 - beta1^t), 1 / sqrt(1 - beta2^t), and the decoupled
   *     decay 1 - lr * wd that the parameter is multiplied by first
   * @param gradScale [1, 1] or null
   * @param params parameters, updated
   * @param grads gradients, same shapes
   * @param m first moments, updated
   * @param v second moments, updated
   * @param vMax largest second moments of AMSGrad, updated; else empty
   */
  void adamStep(
      AdamStep step,
      Tensor scalars,
      Tensor gradScale,
      List<Tensor> params,
      List<Tensor> grads,
      List<Tensor> m,
      List<Tensor> v,
      List<Tensor> vMax);

  /**
   * RMSprop.
   *
   * @param step settings
   * @param scalars [1, 1]: learning rate
   * @param gradScale [1, 1] or null
   * @param params parameters, updated
   * @param grads gradients, same shapes
   * @param squares running averages of squared gradients, updated
   * @param means running averages of gradients, updated; empty unless centred
   * @param buffers momentum buffers, updated; empty without momentum
   */
  void rmspropStep(
      RmspropStep step,
      Tensor scalars,
      Tensor gradScale,
      List<Tensor> params,
      List<Tensor> grads,
      List<Tensor> squares,
      List<Tensor> means,
      List<Tensor> buffers);
}
