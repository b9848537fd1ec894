// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Activation;
import dev.unroll.Arena;
import dev.unroll.Arithmetic;
import dev.unroll.Ops;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import dev.unroll.nn.Unrolled.Gates;
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
  Unrolled fused(Arena arena, Steps steps, RecurrentWeights w, Gates gates, List<Tensor> states) {
    Tensor wHh = w.hh().value();
    Tensor cs = states.get(1);
    Tensor tanhC = arena.tensor(steps.rows(), cs.cols());
    arena.ops().lstmSequence(steps, wHh, gates.fromX(), states.get(0), cs, tanhC);
    return back(arena.ops(), steps, wHh, gates.fromX(), cs, tanhC);
  }

  @Override
  Unrolled again(Arena arena, Steps steps, RecurrentWeights w, Gates gates, List<Tensor> states) {
    Tensor cs = states.get(1);
    Tensor tanhC = arena.tensor(steps.rows(), cs.cols());
    cells(arena.ops(), steps, gates.fromX(), cs, tanhC);
    return back(arena.ops(), steps, w.hh().value(), gates.fromX(), cs, tanhC);
  }

  /** The cell states from the activations, in the order of {@link dev.unroll.Composed#lstmCell}. */
  private static void cells(Ops ops, Steps steps, Tensor gates, Tensor cs, Tensor tanhC) {
    int hidden = cs.cols();
    Tensor f = gates.cols(hidden, hidden);
    ops.binary(Arithmetic.MUL, gates.cols(0, hidden), gates.cols(2 * hidden, hidden), tanhC);
    for (int t = 0; t < steps.count(); t++) {
      int at = steps.offset(t);
      int n = steps.size(t);
      Tensor c = cs.rows(steps.next(t), n);
      ops.binary(Arithmetic.MUL, f.rows(at, n), cs.rows(steps.previous(t), n), c);
      ops.binary(Arithmetic.ADD, c, tanhC.rows(at, n), c);
    }
    ops.activate(Activation.TANH, cs.rows(steps.batch(), steps.rows()), tanhC);
  }

  private static Unrolled back(
      Ops ops, Steps steps, Tensor wHh, Tensor gates, Tensor cs, Tensor tanhC) {
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
