// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Arena;
import dev.unroll.Ops;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import java.util.List;

/**
 * Long short-term memory (S. Hochreiter, J. Schmidhuber, 1997, with forget gates): rows of the
 * weights in blocks i, f, g, o; i, f, o = sigmoid, g = tanh of ((b_ih + b_hh) + W_ih x) + W_hh h;
 * c' = f c + i g; h' = o tanh(c'). Two states, {@code h} and {@code c}.
 */
public final class Lstm extends Recurrent {
  /**
   * Layers with new parameters.
   *
   * @param init makes, for each layer k, {@code weight_ih_lk} [4H, input], {@code weight_hh_lk}
   *     [4H, H], {@code bias_ih_lk} and {@code bias_hh_lk} [4H]
   * @param shape sizes
   */
  public Lstm(Initializer init, Shape shape) {
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
  public Lstm(Initializer init, Shape shape, RecurrentOptions options) {
    super(init, shape, options, 4, List.of("h", "c"));
    refuse(!options.resetAfter(), "reset gate");
  }

  @Override
  Unrolled fused(Arena arena, Steps steps, RecurrentWeights w, Tensor gates, List<Tensor> states) {
    Ops ops = arena.ops();
    Tensor wHh = w.hh().value();
    Tensor cs = states.get(1);
    Tensor tanhC = arena.tensor(gates.rows(), cs.cols());
    ops.lstmSequence(steps, wHh, gates, states.get(0), cs, tanhC);
    return (dOutput, dStates, d) -> {
      Tensor dh = dStates.get(0);
      Tensor dc = dStates.get(1);
      ops.lstmSequenceGrad(steps, wHh, gates, cs, tanhC, dOutput, dh, dc, d.fromX());
    };
  }

  @Override
  Stepped stepped(Pass pass, int run, Tensor gates, List<Tensor> states) {
    return new SteppedLstm(pass, this, run, gates, states);
  }
}
