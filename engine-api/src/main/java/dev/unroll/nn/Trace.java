// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Tensor;
import java.util.Map;
import java.util.function.UnaryOperator;

/** What a forward pass leaves behind; it lives in the arena of the pass. */
public interface Trace {
  /**
   * The output.
   *
   * @return [N, F], or [B, F] after a layer that keeps one row of each sequence
   */
  Tensor output();

  /**
   * The state after the last step of each sequence.
   *
   * @return the state; {@link State#NONE} from a layer without one
   */
  default State finalState() {
    return State.NONE;
  }

  /**
   * What a model of several layers is made of.
   *
   * @return the trace of each layer by name, in order; none for a single layer
   */
  default Map<String, Trace> parts() {
    return Map.of();
  }

  /**
   * Back-propagates: adds to the gradients of the parameters and gives those of what went in.
   *
   * @param dOutput gradient of the output, not changed
   * @param dFinal gradient of the final state, not changed; names that are absent are zeros
   * @return gradients of input and initial state
   */
  Gradients backward(Tensor dOutput, State dFinal);

  /**
   * {@link #backward} without the gradient of the input: what a training step needs whose input is
   * data. Spares a recurrent layer one of its largest products; all other results have the same
   * bits.
   *
   * @param dOutput as in {@link #backward}
   * @param dFinal as in {@link #backward}
   * @return gradient of the initial state
   */
  default State backwardToParameters(Tensor dOutput, State dFinal) {
    return backward(dOutput, dFinal).initial();
  }

  /**
   * The trace of a layer without state, from its output and its gradient.
   *
   * @param output the output
   * @param gradient from the gradient of the output to that of the input; may add to gradients of
   *     parameters on the way, must not change what it is given
   * @return the trace
   */
  static Trace stateless(Tensor output, UnaryOperator<Tensor> gradient) {
    return new Stateless(output, gradient);
  }

  /**
   * Gradients of what went into a forward pass.
   *
   * @param input gradient of the input; null if that was indices
   * @param initial gradient of the initial state
   */
  record Gradients(Tensor input, State initial) {
    /**
     * Of a layer without state.
     *
     * @param input gradient of the input
     * @return the gradients
     */
    public static Gradients of(Tensor input) {
      return new Gradients(input, State.NONE);
    }
  }
}
