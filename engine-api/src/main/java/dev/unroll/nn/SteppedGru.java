// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Activation;
import dev.unroll.Arithmetic;
import dev.unroll.Ops;
import dev.unroll.Tensor;
import java.util.List;

/** {@link Gru} step by step: free activations, and the reset gate before the product. */
final class SteppedGru extends Stepped {
  private final int hidden;
  private final Activation f;
  private final Activation gate;

  /** b_hh + W_hh h, [N, 3H]. */
  private final Tensor fromH;

  /** Activations of r, z, n, [N, 3H]. */
  private final Tensor act;

  /** r * h of all steps, [N, H], if the reset comes before the product. */
  private final Tensor reset;

  private final Tensor scratch;

  SteppedGru(Pass pass, Recurrent layer, int run, Tensor pre, Tensor hs) {
    super(pass, layer, run, pre, hs);
    this.hidden = hs.cols();
    this.f = options.activation();
    this.gate = options.recurrentActivation();
    this.fromH = arena.tensor(pre.rows(), pre.cols());
    this.act = arena.tensor(pre.rows(), pre.cols());
    this.reset = options.resetAfter() ? null : arena.tensor(pre.rows(), hidden);
    this.scratch = arena.tensor(steps.batch(), hidden);
  }

  private Tensor part(int k, Tensor gates) {
    return gates.cols(k * hidden, hidden);
  }

  private Tensor two(Tensor gates) {
    return gates.cols(0, 2 * hidden);
  }

  @Override
  void forward(int t) {
    drop(t);
    Tensor p = at(t, pre);
    Tensor u = at(t, fromH);
    Tensor a = at(t, act);
    if (reset == null) {
      product(t, u);
    } else {
      product(readH(t), 0, 2 * hidden, two(u));
    }
    ops.binary(Arithmetic.ADD, two(p), two(u), two(p));
    ops.activate(gate, two(p), two(a));
    candidate(t, p, u, a);
    Tensor h = next(t, hs);
    Tensor old = scratch.rows(0, steps.size(t));
    ops.fill(1, h);
    ops.binary(Arithmetic.SUB, h, part(1, a), h);
    ops.binary(Arithmetic.MUL, h, part(2, a), h);
    ops.binary(Arithmetic.MUL, part(1, a), previous(t, hs), old);
    ops.binary(Arithmetic.ADD, h, old, h);
  }

  private void candidate(int t, Tensor p, Tensor u, Tensor a) {
    Tensor inner = part(2, u);
    if (reset == null) {
      inner = scratch.rows(0, steps.size(t));
      ops.binary(Arithmetic.MUL, part(0, a), part(2, u), inner);
    } else {
      ops.binary(Arithmetic.MUL, part(0, a), readH(t), at(t, reset));
      product(at(t, reset), 2 * hidden, hidden, inner);
    }
    ops.binary(Arithmetic.ADD, part(2, p), inner, part(2, p));
    ops.activate(f, part(2, p), part(2, a));
  }

  @Override
  void backward(int t, Tensor dh, List<Tensor> dStates, Gates d) {
    Tensor p = at(t, pre);
    Tensor a = at(t, act);
    Tensor dp = at(t, d.fromX());
    Tensor dn = part(2, dp);
    Tensor dz = part(1, dp);
    ops.fill(1, dn);
    ops.binary(Arithmetic.SUB, dn, part(1, a), dn);
    ops.binary(Arithmetic.MUL, dh, dn, dn);
    ops.activateGrad(f, part(2, p), part(2, a), dn, dn);
    ops.binary(Arithmetic.SUB, previous(t, hs), part(2, a), dz);
    ops.binary(Arithmetic.MUL, dh, dz, dz);
    ops.activateGrad(gate, part(1, p), part(1, a), dz, dz);
    ops.binary(Arithmetic.MUL, dh, part(1, a), dh);
    if (reset == null) {
      resetAfter(t, dh, d);
    } else {
      resetBefore(t, dh, d);
    }
  }

  private void resetAfter(int t, Tensor dh, Gates d) {
    Tensor dp = at(t, d.fromX());
    Tensor du = at(t, d.fromH());
    dr(t, part(2, dp), part(2, at(t, fromH)), dp);
    ops.copy(two(dp), two(du));
    ops.binary(Arithmetic.MUL, part(2, dp), part(0, at(t, act)), part(2, du));
    productGrad(t, 1, dh, d);
  }

  private void resetBefore(int t, Tensor dh, Gates d) {
    Tensor dp = at(t, d.fromX());
    Tensor du = at(t, d.fromH());
    Tensor weights = w.hh().value();
    Tensor dReset = scratch.rows(0, steps.size(t));
    ops.matmul(part(2, dp), weights.rows(2 * hidden, hidden), 0, dReset);
    dr(t, dReset, readH(t), dp);
    ops.copy(dp, du);
    ops.binary(Arithmetic.MUL, dReset, part(0, at(t, act)), dReset);
    ops.matmul(two(du), weights.rows(0, 2 * hidden), 1, dReset);
    addRead(dReset, 1, dh);
  }

  /** The gradient of r's pre-activation, from that of its product with a factor. */
  private void dr(int t, Tensor dy, Tensor factor, Tensor dp) {
    Tensor dr = part(0, dp);
    ops.binary(Arithmetic.MUL, dy, factor, dr);
    ops.activateGrad(gate, part(0, at(t, pre)), part(0, at(t, act)), dr, dr);
  }

  @Override
  public void weightGradients(Ops ops, RecurrentWeights w, Gates d, Tensor previousH) {
    if (reset == null) {
      super.weightGradients(ops, w, d, previousH);
      return;
    }
    Tensor grad = w.hh().grad();
    ops.matmul(two(d.product()).t(), readRows(previousH), 1, grad.rows(0, 2 * hidden));
    ops.matmul(part(2, d.product()).t(), reset, 1, grad.rows(2 * hidden, hidden));
  }
}
