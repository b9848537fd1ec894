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
    this(init, f, shape, RecurrentOptions.PLAIN);
  }

  /**
   * Layers with new parameters and options.
   *
   * @param init makes the parameters
   * @param f activation
   * @param shape sizes
   * @param options what is not plain
   */
  public Rnn(Initializer init, Activation f, Shape shape, RecurrentOptions options) {
    super(init, shape, options, 1, List.of("h"));
    this.f = f;
  }

  @Override
  Unrolled unroll(Pass pass, RecurrentWeights w, Tensor pre, List<Tensor> states) {
    Tensor wHh = w.hh().value();
    Tensor hs = states.get(0);
    pass.ops().rnnSequence(pass.steps(), f, wHh, pre, hs);
    return (dOutput, dStates, d) ->
        pass.ops()
            .rnnSequenceGrad(pass.steps(), f, wHh, pre, hs, dOutput, dStates.get(0), d.fromX());
  }
}
