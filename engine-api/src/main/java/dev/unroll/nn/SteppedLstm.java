// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Activation;
import dev.unroll.Arithmetic;
import dev.unroll.Ops;
import dev.unroll.Tensor;
import java.util.List;

/** {@link Lstm} step by step: free activations, normalised cell state, projection. */
final class SteppedLstm extends Stepped {
  private final int hidden;
  private final Activation f;
  private final Activation gate;

  /** [B + N, H]. */
  private final Tensor cs;

  /** Activations of i, f, g, o, [N, 4H]. */
  private final Tensor act;

  /** What the activation of c reads and gives, [N, H]. */
  private final Tensor fromC;

  private final Tensor squashed;
  private final Normalized normalC;

  /** o * f(c) before the projection and the gradient of h after it; null without. */
  private final Tensor wide;

  private final Tensor dProjected;
  private final Tensor dFromC;
  private final Tensor scratch;

  SteppedLstm(Pass pass, Recurrent layer, int run, Tensor pre, List<Tensor> states) {
    super(pass, layer, run, pre, states.get(0));
    this.cs = states.get(1);
    this.hidden = cs.cols();
    this.f = options.activation();
    this.gate = options.recurrentActivation();
    int rows = steps.rows();
    this.act = arena.tensor(rows, 4 * hidden);
    this.squashed = arena.tensor(rows, hidden);
    boolean norm = options.layerNorm();
    this.normalC = norm ? Normalized.of(arena, rows, hidden) : null;
    this.fromC = norm ? arena.tensor(rows, hidden) : cs.rows(steps.batch(), rows);
    this.dFromC = norm ? arena.tensor(rows, hidden) : null;
    this.wide = w.hr() == null ? null : arena.tensor(rows, hidden);
    this.dProjected = w.hr() == null ? null : arena.tensor(rows, hs.cols());
    this.scratch = arena.tensor(steps.batch(), 2 * hidden);
  }

  private Tensor biasC() {
    return w.norms().biasC() == null ? null : w.norms().biasC().value();
  }

  private Tensor part(int k, Tensor gates) {
    return gates.cols(k * hidden, hidden);
  }

  @Override
  void forward(int t) {
    addProduct(t);
    Tensor p = at(t, pre);
    Tensor a = at(t, act);
    ops.activate(gate, p.cols(0, 2 * hidden), a.cols(0, 2 * hidden));
    ops.activate(f, part(2, p), part(2, a));
    ops.activate(gate, part(3, p), part(3, a));
    Tensor c = next(t, cs);
    Tensor s = at(t, squashed);
    ops.binary(Arithmetic.MUL, part(1, a), previous(t, cs), c);
    ops.binary(Arithmetic.MUL, part(0, a), part(2, a), s);
    ops.binary(Arithmetic.ADD, c, s, c);
    if (normalC != null) {
      Normalized n = normalC.part(steps.offset(t), steps.size(t));
      ops.layerNorm(LayerNorm.DEFAULT_EPS, c, n.rows(), n.rstd());
      n.scale(ops, w.norms().c(), biasC(), at(t, fromC));
    }
    ops.activate(f, at(t, fromC), s);
    ops.binary(Arithmetic.MUL, part(3, a), s, wide == null ? next(t, hs) : at(t, wide));
    if (wide != null) {
      ops.matmul(at(t, wide), w.hr().value().t(), 0, next(t, hs));
    }
  }

  @Override
  void backward(int t, Tensor dh, List<Tensor> dStates, Gates d) {
    Tensor p = at(t, pre);
    Tensor a = at(t, act);
    Tensor s = at(t, squashed);
    Tensor dp = at(t, d.fromX());
    Tensor dc = dStates.get(1).rows(0, steps.size(t));
    Tensor dWide = dWide(t, dh);
    Tensor through = scratch.rows(0, steps.size(t)).cols(0, hidden);
    gradient(gate, 3, p, a, dWide, s, dp);
    ops.binary(Arithmetic.MUL, dWide, part(3, a), through);
    ops.activateGrad(f, at(t, fromC), s, through, through);
    if (normalC != null) {
      ops.copy(through, at(t, dFromC));
      Normalized n = normalC.part(steps.offset(t), steps.size(t));
      n.gradient(ops, w.norms().c(), at(t, dFromC), through);
    }
    ops.binary(Arithmetic.ADD, dc, through, dc);
    gradient(gate, 0, p, a, dc, part(2, a), dp);
    gradient(gate, 1, p, a, dc, previous(t, cs), dp);
    gradient(f, 2, p, a, dc, part(0, a), dp);
    ops.binary(Arithmetic.MUL, dc, part(1, a), dc);
    productGrad(t, 0, dh, d);
  }

  /** The gradient of o * f(c) from that of h. */
  private Tensor dWide(int t, Tensor dh) {
    if (wide == null) {
      return dh;
    }
    ops.copy(dh, at(t, dProjected));
    Tensor dWide = scratch.rows(0, steps.size(t)).cols(hidden, hidden);
    ops.matmul(dh, w.hr().value(), 0, dWide);
    return dWide;
  }

  /** Gate k's gradient: that of its value is dy * factor. */
  private void gradient(
      Activation of, int k, Tensor p, Tensor a, Tensor dy, Tensor factor, Tensor dp) {
    ops.binary(Arithmetic.MUL, dy, factor, part(k, dp));
    ops.activateGrad(of, part(k, p), part(k, a), part(k, dp), part(k, dp));
  }

  @Override
  public void weightGradients(Ops ops, RecurrentWeights w, Gates d, Tensor previousH) {
    super.weightGradients(ops, w, d, previousH);
    if (wide != null) {
      ops.matmul(dProjected.t(), wide, 1, w.hr().grad());
    }
    if (normalC != null) {
      normalC.weightGradient(arena, dFromC, w.norms().c());
      if (w.norms().biasC() != null) {
        ops.sumRows(dFromC, 1, w.norms().biasC().grad());
      }
    }
  }
}
