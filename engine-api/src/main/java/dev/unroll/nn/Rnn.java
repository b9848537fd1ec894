// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Activation;
import dev.unroll.Tensor;
import java.util.List;

/**
 * Simple recurrent layers: h' = f(((b_ih + b_hh) + W_ih x) + W_hh h). One state, {@code h}. Classic
 * choices of f are {@link Activation#TANH} and {@link Activation#RELU}.
 */
public final class Rnn extends Recurrent {
  private final Activation f;

  /**
   * Layers with new parameters.
   *
   * @param init makes, for each layer k, {@code weight_ih_lk} [H, input], {@code weight_hh_lk} [H,
   *     H], {@code bias_ih_lk} and {@code bias_hh_lk} [H]
   * @param f activation
   * @param shape sizes
   */
  public Rnn(Initializer init, Activation f, Shape shape) {
    super(init, shape, 1, List.of("h"));
    this.f = f;
  }

  @Override
  Unrolled unroll(Pass pass, Weights w, Tensor pre, List<Tensor> states) {
    Tensor wHh = w.hh().value();
    Tensor hs = states.get(0);
    pass.ops().rnnSequence(pass.steps(), f, wHh, pre, hs);
    return (dOutput, dStates) -> {
      Tensor dPre = pass.arena().tensor(pre.rows(), pre.cols());
      pass.ops().rnnSequenceGrad(pass.steps(), f, wHh, pre, hs, dOutput, dStates.get(0), dPre);
      return new GateGradients(dPre, dPre);
    };
  }
}
