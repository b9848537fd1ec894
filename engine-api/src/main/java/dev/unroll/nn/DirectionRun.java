// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Arena;
import dev.unroll.Ops;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import dev.unroll.nn.Unrolled.Gates;
import java.util.List;

/**
 * One direction of one layer over all steps: the input's part of all gates is one product, then
 * comes the run through time; the gradient runs back through time, then each weight gradient is one
 * product.
 */
final class DirectionRun {
  private final Recurrent layer;
  private final Arena arena;
  private final Ops ops;
  private final Steps steps;
  private final RecurrentWeights w;
  private final Tensor x;
  private final List<Tensor> states;
  private final Tensor bias;
  private final Normalized normal;
  private final Unrolled unrolled;

  /**
   * Runs forward.
   *
   * @param run its number in the stack
   * @param x [N, I]
   * @param states [B + N, P] or [B + N, H] each; the first B rows are filled
   */
  DirectionRun(Recurrent layer, Pass pass, int run, Tensor x, List<Tensor> states) {
    this.layer = layer;
    this.arena = pass.arena();
    this.ops = pass.ops();
    this.steps = pass.steps();
    this.w = layer.weights(run);
    this.x = x;
    this.states = states;
    this.bias = layer.inputBias(arena, w);
    boolean norm = w.norms() != null;
    this.normal = norm ? Normalized.of(arena, x.rows(), w.ih().value().rows()) : null;
    this.unrolled = layer.unroll(pass, run, this::fromInput, states);
  }

  /** Every step's h, [N, P]. */
  Tensor output() {
    return states.get(0).rows(steps.batch(), steps.rows());
  }

  /** Every step's b + W_ih x, the product normalised if that is wanted. */
  private void fromInput(Tensor gates) {
    if (normal == null) {
      ops.linear(bias, x, w.ih().value().t(), gates);
      return;
    }
    ops.matmul(x, w.ih().value().t(), 0, normal.rows());
    ops.layerNorm(LayerNorm.DEFAULT_EPS, normal.rows(), normal.rows(), normal.rstd());
    normal.scale(ops, w.norms().ih(), bias, gates);
  }

  /**
   * Runs back and adds to the gradients of the parameters.
   *
   * @param dOutput [N, P] or null
   * @param dStates [B, P] or [B, H] each; in: gradients of the final states; out: of the initial
   *     ones
   * @param beta factor of what is in dx
   * @param dx [N, I] gradient of the input, or null if it is not wanted
   */
  void backward(Tensor dOutput, List<Tensor> dStates, float beta, Tensor dx) {
    Gates d = gateGradients();
    Tensor fromX = d.fromX();
    unrolled.backward(dOutput, dStates, d);
    unrolled.weightGradients(ops, w, d, previousH());
    biasGradients(fromX, d.fromH());
    Tensor product = fromX;
    if (normal != null) {
      normal.weightGradient(arena, fromX, w.norms().ih());
      product = like(fromX);
      normal.gradient(ops, w.norms().ih(), fromX, product);
    }
    ops.matmul(product.t(), x, 1, w.ih().grad());
    if (dx != null) {
      ops.matmul(product, w.ih().value(), beta, dx);
    }
  }

  private Gates gateGradients() {
    Gates spare = unrolled.spare();
    if (spare != null) {
      return spare;
    }
    Gates d = layer.gates(arena, x.rows());
    return normal == null ? d : new Gates(d.fromX(), d.fromH(), like(d.fromH()));
  }

  private Tensor like(Tensor t) {
    return arena.tensor(t.rows(), t.cols());
  }

  /** The h that each step read, [N, P]. */
  private Tensor previousH() {
    Tensor hs = states.get(0);
    if (steps.isUniform()) {
      return hs.rows(0, steps.rows());
    }
    Tensor previous = arena.tensor(steps.rows(), hs.cols());
    ops.gather(hs, arena.indices(steps.previousRows()), previous);
    return previous;
  }

  private void biasGradients(Tensor fromX, Tensor fromH) {
    if (w.biasIh() == null) {
      return;
    }
    Tensor sum = arena.tensor(1, fromX.cols());
    ops.sumRows(fromX, 0, sum);
    ops.axpby(1, sum, 1, w.biasIh().grad());
    if (w.biasHh() != null) {
      if (fromH != fromX) {
        ops.sumRows(fromH, 0, sum);
      }
      ops.axpby(1, sum, 1, w.biasHh().grad());
    }
  }
}
