// SPDX-License-Identifier: Apache-2.0

package dev.unroll;

/**
 * The fused operations: cells, whole sequences, loss with gradient. The composed form, written with
 * the primitives, is right on every backend; a backend overrides a method where it pays, with equal
 * bits.
 */
public interface FusedOperations extends Operations {
  /**
   * out = bias + x w, the bias added to every row.
   *
   * @param bias [1, M], or null for none
   * @param x [N, K]
   * @param w [K, M]
   * @param out [N, M]
   */
  default void linear(Tensor bias, Tensor x, Tensor w, Tensor out) {
    Composed.linear(this, bias, x, w, out);
  }

  /**
   * {@link #crossEntropy} and {@link #crossEntropyGrad} in one.
   *
   * @param spec settings
   * @param scores [R, C]
   * @param targets [R] class numbers
   * @param weights [1, C] or null
   * @param dLoss [1, 1], or [R, 1] with {@link Reduction#NONE}
   * @param rowLosses [R, 1]
   * @param loss [1, 1]
   * @param denominator [1, 1]
   * @param dScores [R, C]
   */
  default void crossEntropyWithGrad(
      CrossEntropy spec,
      Tensor scores,
      Indices targets,
      Tensor weights,
      Tensor dLoss,
      Tensor rowLosses,
      Tensor loss,
      Tensor denominator,
      Tensor dScores) {
    crossEntropy(spec, scores, targets, weights, rowLosses, loss, denominator);
    crossEntropyGrad(spec, scores, targets, weights, denominator, dLoss, dScores);
  }

  /**
   * One LSTM step: gates become sigmoid, sigmoid, tanh, sigmoid of themselves; c = f * cPrev + i *
   * g; h = o * tanh(c).
   *
   * @param gates [B, 4H] in: pre-activations of i, f, g, o; out: the activations
   * @param cPrev [B, H]
   * @param c [B, H]
   * @param tanhC [B, H] tanh(c), kept for the gradient
   * @param h [B, H]
   */
  default void lstmCell(Tensor gates, Tensor cPrev, Tensor c, Tensor tanhC, Tensor h) {
    Composed.lstmCell(this, gates, cPrev, c, tanhC, h);
  }

  /**
   * Gradient of {@link #lstmCell}.
   *
   * @param gates [B, 4H] activations of i, f, g, o
   * @param cPrev [B, H]
   * @param tanhC [B, H]
   * @param dh [B, H] gradient of h
   * @param dc [B, H] in: gradient of c from later steps; out: gradient of cPrev
   * @param dGates [B, 4H] gradient of the pre-activations
   */
  default void lstmCellGrad(
      Tensor gates, Tensor cPrev, Tensor tanhC, Tensor dh, Tensor dc, Tensor dGates) {
    Composed.lstmCellGrad(this, gates, cPrev, tanhC, dh, dc, dGates);
  }

  /**
   * One GRU step, reset after the product: r, z = sigmoid(gates + fromH), n = tanh(gates_n + r *
   * fromH_n), h = (1 - z) * n + z * hPrev.
   *
   * @param gates [B, 3H] in: W_ih x + b_ih for r, z, n; out: the activations
   * @param fromH [B, 3H] W_hh hPrev + b_hh; afterwards only the last H columns are defined
   * @param hPrev [B, H]
   * @param h [B, H]
   */
  default void gruCell(Tensor gates, Tensor fromH, Tensor hPrev, Tensor h) {
    Composed.gruCell(this, gates, fromH, hPrev, h);
  }

  /**
   * Gradient of {@link #gruCell}.
   *
   * @param gates [B, 3H] activations of r, z, n
   * @param fromH [B, 3H] of which the last H columns are read
   * @param hPrev [B, H]
   * @param dh [B, H] in: gradient of h; out: dh * z, the part of hPrev's gradient that does not
   *     pass through W_hh
   * @param dGates [B, 3H] gradient of W_ih x + b_ih
   * @param dFromH [B, 3H] gradient of W_hh hPrev + b_hh
   */
  default void gruCellGrad(
      Tensor gates, Tensor fromH, Tensor hPrev, Tensor dh, Tensor dGates, Tensor dFromH) {
    Composed.gruCellGrad(this, gates, fromH, hPrev, dh, dGates, dFromH);
  }

  /**
   * A simple recurrent layer over all steps: h = f(pre + W_hh hPrev).
   *
   * @param steps layout of N rows in time
   * @param f activation
   * @param wHh [H, H]
   * @param pre [N, H] in: W_ih x + biases; out: the pre-activations
   * @param hs [B + N, H] the first B rows are the initial state; the rest is written
   */
  default void rnnSequence(Steps steps, Activation f, Tensor wHh, Tensor pre, Tensor hs) {
    Composed.rnnSequence(this, steps, f, wHh, pre, hs);
  }

  /**
   * Gradient of {@link #rnnSequence} through all steps.
   *
   * @param steps layout of N rows in time
   * @param f activation
   * @param wHh [H, H]
   * @param pre [N, H] pre-activations
   * @param hs [B + N, H] states
   * @param dOut [N, H] gradient of each step's h, or null
   * @param dh [B, H] in: gradient of the final h; out: gradient of the initial h
   * @param dPre [N, H] gradient of the pre-activations
   */
  default void rnnSequenceGrad(
      Steps steps,
      Activation f,
      Tensor wHh,
      Tensor pre,
      Tensor hs,
      Tensor dOut,
      Tensor dh,
      Tensor dPre) {
    Composed.rnnSequenceGrad(this, steps, f, wHh, pre, hs, dOut, dh, dPre);
  }

  /**
   * An LSTM layer over all steps.
   *
   * @param steps layout of N rows in time
   * @param wHh [4H, H]
   * @param gates [N, 4H] in: W_ih x + biases; out: the activations of i, f, g, o
   * @param hs [B + N, H] the first B rows are the initial h; the rest is written
   * @param cs [B + N, H] the first B rows are the initial c; the rest is written
   * @param tanhC [N, H] tanh(c), kept for the gradient
   */
  default void lstmSequence(
      Steps steps, Tensor wHh, Tensor gates, Tensor hs, Tensor cs, Tensor tanhC) {
    Composed.lstmSequence(this, steps, wHh, gates, hs, cs, tanhC);
  }

  /**
   * Gradient of {@link #lstmSequence} through all steps.
   *
   * @param steps layout of N rows in time
   * @param wHh [4H, H]
   * @param gates [N, 4H] activations
   * @param cs [B + N, H] cell states
   * @param tanhC [N, H]
   * @param dOut [N, H] gradient of each step's h, or null
   * @param dh [B, H] in: gradient of the final h; out: gradient of the initial h
   * @param dc [B, H] in: gradient of the final c; out: gradient of the initial c
   * @param dGates [N, 4H] gradient of the pre-activations
   */
  default void lstmSequenceGrad(
      Steps steps,
      Tensor wHh,
      Tensor gates,
      Tensor cs,
      Tensor tanhC,
      Tensor dOut,
      Tensor dh,
      Tensor dc,
      Tensor dGates) {
    Composed.lstmSequenceGrad(this, steps, wHh, gates, cs, tanhC, dOut, dh, dc, dGates);
  }

  /**
   * A GRU layer over all steps, reset after the product.
   *
   * @param steps layout of N rows in time
   * @param wHh [3H, H]
   * @param bHh [1, 3H], or null
   * @param gates [N, 3H] in: W_ih x + b_ih; out: the activations of r, z, n
   * @param fromH [N, 3H] W_hh hPrev + b_hh; afterwards only the last H columns are defined
   * @param hs [B + N, H] the first B rows are the initial state; the rest is written
   */
  default void gruSequence(
      Steps steps, Tensor wHh, Tensor bHh, Tensor gates, Tensor fromH, Tensor hs) {
    Composed.gruSequence(this, steps, wHh, bHh, gates, fromH, hs);
  }

  /**
   * Gradient of {@link #gruSequence} through all steps.
   *
   * @param steps layout of N rows in time
   * @param wHh [3H, H]
   * @param gates [N, 3H] activations
   * @param fromH [N, 3H] of which the last H columns are read
   * @param hs [B + N, H] states
   * @param dOut [N, H] gradient of each step's h, or null
   * @param dh [B, H] in: gradient of the final h; out: gradient of the initial h
   * @param dGates [N, 3H] gradient of W_ih x + b_ih
   * @param dFromH [N, 3H] gradient of W_hh hPrev + b_hh
   */
  default void gruSequenceGrad(
      Steps steps,
      Tensor wHh,
      Tensor gates,
      Tensor fromH,
      Tensor hs,
      Tensor dOut,
      Tensor dh,
      Tensor dGates,
      Tensor dFromH) {
    Composed.gruSequenceGrad(this, steps, wHh, gates, fromH, hs, dOut, dh, dGates, dFromH);
  }
}
