// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Tensor;
import java.util.function.UnaryOperator;

/**
 * The trace of a layer without state.
 *
 * @param output the output
 * @param gradient from the gradient of the output to that of the input
 */
record Stateless(Tensor output, UnaryOperator<Tensor> gradient) implements Trace {
  @Override
  public Gradients backward(Tensor dOutput, State dFinal) {
    return Gradients.of(gradient.apply(dOutput));
  }
}
