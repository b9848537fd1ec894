// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Arena;
import dev.unroll.Ops;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import dev.unroll.nn.Unrolled.Gates;
import java.util.List;

/**
 * Gated recurrent units (K. Cho et al., 2014) in the form with the reset after the product: rows of
 * the weights in blocks r, z, n; a = b_ih + W_ih x, u = b_hh + W_hh h; r, z = sigmoid(a + u), n =
 * tanh(a_n + r u_n), h' = (1 - z) n + z h. One state, {@code h}.
 */
public final class Gru extends Recurrent {
  /**
   * Layers with new parameters.
   *
   * @param init makes, for each layer k, {@code weight_ih_lk} [3H, input], {@code weight_hh_lk}
   *     [3H, H], {@code bias_ih_lk} and {@code bias_hh_lk} [3H]
   * @param shape sizes
   */
  public Gru(Initializer init, Shape shape) {
    this(init, shape, RecurrentOptions.PLAIN);
  }

  /**
   * Layers with new parameters and options.
   *
   * @param init makes the parameters
   * @param shape sizes
   * @param options what is not plain
   * @throws IllegalArgumentException if an option does not apply to this layer
   */
  public Gru(Initializer init, Shape shape, RecurrentOptions options) {
    super(init, shape, options, 3, List.of("h"));
    refuse(options.projection() > 0, "projection");
  }

  @Override
  boolean addsGates() {
    return false;
  }

  @Override
  Unrolled fused(Arena arena, Steps steps, RecurrentWeights w, Gates gates, List<Tensor> states) {
    Tensor bHh = w.biasHh() == null ? null : w.biasHh().value();
    arena
        .ops()
        .gruSequence(steps, w.hh().value(), bHh, gates.fromX(), gates.fromH(), states.get(0));
    return again(arena, steps, w, gates, states);
  }

  @Override
  Unrolled again(Arena arena, Steps steps, RecurrentWeights w, Gates gates, List<Tensor> states) {
    Ops ops = arena.ops();
    Tensor wHh = w.hh().value();
    Tensor a = gates.fromX();
    Tensor u = gates.fromH();
    Tensor hs = states.get(0);
    return (dOutput, dStates, d) -> {
      Tensor dh = dStates.get(0);
      ops.gruSequenceGrad(steps, wHh, a, u, hs, dOutput, dh, d.fromX(), d.fromH());
    };
  }

  @Override
  Stepped stepped(Pass pass, int run, Tensor gates, List<Tensor> states) {
    return new SteppedGru(pass, this, run, gates, states.get(0));
  }
}
