// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Tensor;
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
   */
  public Gru(Initializer init, Shape shape, RecurrentOptions options) {
    super(init, shape, options, 3, List.of("h"));
  }

  @Override
  boolean addsGates() {
    return false;
  }

  /** Only b_ih: b_hh belongs to the product that the reset gate multiplies. */
  @Override
  Tensor inputBias(Pass pass, RecurrentWeights w) {
    return w.biasIh() == null ? null : w.biasIh().value();
  }

  @Override
  Unrolled unroll(Pass pass, RecurrentWeights w, Tensor gates, List<Tensor> states) {
    Tensor wHh = w.hh().value();
    Tensor bHh = w.biasHh() == null ? null : w.biasHh().value();
    Tensor hs = states.get(0);
    Tensor fromH = pass.arena().tensor(gates.rows(), gates.cols());
    pass.ops().gruSequence(pass.steps(), wHh, bHh, gates, fromH, hs);
    return (dOutput, dStates, d) -> {
      Tensor dh = dStates.get(0);
      pass.ops()
          .gruSequenceGrad(pass.steps(), wHh, gates, fromH, hs, dOutput, dh, d.fromX(), d.fromH());
    };
  }
}
