// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Tensor;
import java.util.List;

/** A run through time that can be run back. */
@FunctionalInterface
interface Unrolled {
  /**
   * Gradients of W_ih x + b_ih and of W_hh hPrev + b_hh.
   *
   * @param fromX [N, gates * H]
   * @param fromH [N, gates * H], the same tensor where the two are only ever added
   */
  record GateGradients(Tensor fromX, Tensor fromH) {}

  /**
   * Runs back through time.
   *
   * @param dOutput [N, H] or null
   * @param dStates [B, H] each; in: gradients of the final states; out: of the initial ones
   * @param dGates written
   */
  void backward(Tensor dOutput, List<Tensor> dStates, GateGradients dGates);
}
