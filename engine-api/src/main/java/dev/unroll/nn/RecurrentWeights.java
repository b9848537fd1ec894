// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import java.util.Objects;
import java.util.stream.Stream;

/**
 * The parameters of one run: a direction of a layer. Biases that the layer does not have are null.
 */
record RecurrentWeights(Parameter ih, Parameter hh, Parameter biasIh, Parameter biasHh) {
  /** In PyTorch's order. */
  Stream<Parameter> all() {
    return Stream.of(ih, hh, biasIh, biasHh).filter(Objects::nonNull);
  }
}
