// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Arena;
import dev.unroll.Ops;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import dev.unroll.nn.Unrolled.GateGradients;
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
  private final Unrolled unrolled;

  /**
   * Runs forward.
   *
   * @param states [B + N, H] each; the first B rows are filled
   */
  DirectionRun(Recurrent layer, Pass pass, RecurrentWeights w, Tensor x, List<Tensor> states) {
    this.layer = layer;
    this.arena = pass.arena();
    this.ops = pass.ops();
    this.steps = pass.steps();
    this.w = w;
    this.x = x;
    this.states = states;
    this.unrolled = layer.unroll(pass, w, fromInput(pass), states);
  }

  /** Every step's h, [N, H]. */
  Tensor output() {
    return states.get(0).rows(steps.batch(), steps.rows());
  }

  private Tensor fromInput(Pass pass) {
    Tensor all = arena.tensor(x.rows(), w.ih().value().rows());
    ops.linear(layer.inputBias(pass, w), x, w.ih().value().t(), all);
    return all;
  }

  /**
   * Runs back and adds to the gradients of the parameters.
   *
   * @param dOutput [N, H] or null
   * @param dStates [B, H] each; in: gradients of the final states; out: of the initial ones
   * @param beta factor of what is in dx
   * @param dx [N, I] gradient of the input
   */
  void backward(Tensor dOutput, List<Tensor> dStates, float beta, Tensor dx) {
    Tensor fromX = arena.tensor(x.rows(), w.ih().value().rows());
    Tensor fromH = layer.addsGates() ? fromX : arena.tensor(fromX.rows(), fromX.cols());
    unrolled.backward(dOutput, dStates, new GateGradients(fromX, fromH));
    ops.matmul(fromX.t(), x, 1, w.ih().grad());
    ops.matmul(fromH.t(), previousH(), 1, w.hh().grad());
    biasGradients(fromX, fromH);
    ops.matmul(fromX, w.ih().value(), beta, dx);
  }

  /** The h that each step read, [N, H]. */
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
