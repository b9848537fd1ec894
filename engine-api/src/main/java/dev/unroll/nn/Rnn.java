// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Activation;
import dev.unroll.Arena;
import dev.unroll.Ops;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import dev.unroll.nn.Unrolled.Gates;
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
   * @throws IllegalArgumentException if an option does not apply to this layer
   */
  public Rnn(Initializer init, Activation f, Shape shape, RecurrentOptions options) {
    super(init, shape, options, 1, List.of("h"));
    refuse(!options.plainActivations(), "activations in its options: f is given");
    refuse(!options.resetAfter(), "reset gate");
    refuse(options.projection() > 0, "projection");
    this.f = f;
  }

  final Activation activation() {
    return f;
  }

  @Override
  Unrolled fused(Arena arena, Steps steps, RecurrentWeights w, Gates gates, List<Tensor> states) {
    arena.ops().rnnSequence(steps, f, w.hh().value(), gates.fromX(), states.get(0));
    return again(arena, steps, w, gates, states);
  }

  @Override
  Unrolled again(Arena arena, Steps steps, RecurrentWeights w, Gates gates, List<Tensor> states) {
    Ops ops = arena.ops();
    Tensor wHh = w.hh().value();
    Tensor pre = gates.fromX();
    Tensor hs = states.get(0);
    return (dOutput, dStates, d) ->
        ops.rnnSequenceGrad(steps, f, wHh, pre, hs, dOutput, dStates.get(0), d.fromX());
  }

  @Override
  Stepped stepped(Pass pass, int run, Tensor pre, List<Tensor> states) {
    return new SteppedRnn(pass, this, run, f, pre, states.get(0));
  }
}
