// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import java.util.Objects;
import java.util.stream.Stream;

/**
 * The parameters of one run, which is a direction of a layer. What the layer does not have is null.
 *
 * @param ih {@code weight_ih} [gates * H, input]
 * @param hh {@code weight_hh} [gates * H, P], P being the columns of h
 * @param biasIh {@code bias_ih} [gates * H]
 * @param biasHh {@code bias_hh} [gates * H]
 * @param hr {@code weight_hr} [P, H] of a projection
 * @param norms of layer normalisation, or null
 */
record RecurrentWeights(
    Parameter ih, Parameter hh, Parameter biasIh, Parameter biasHh, Parameter hr, Norms norms) {
  /**
   * The factors of layer normalisation.
   *
   * @param ih {@code norm_ih} [gates * H]
   * @param hh {@code norm_hh} [gates * H]
   * @param c {@code norm_c} [H] of an LSTM
   * @param biasC {@code norm_c_bias} [H] of an LSTM
   */
  record Norms(Parameter ih, Parameter hh, Parameter c, Parameter biasC) {}

  /** In PyTorch's order, then the factors of layer normalisation. */
  Stream<Parameter> all() {
    Stream<Parameter> normal =
        norms == null ? Stream.of() : Stream.of(norms.ih, norms.hh, norms.c, norms.biasC);
    return Stream.concat(Stream.of(ih, hh, biasIh, biasHh, hr), normal).filter(Objects::nonNull);
  }
}
