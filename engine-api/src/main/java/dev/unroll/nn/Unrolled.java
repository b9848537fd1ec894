// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Ops;
import dev.unroll.Tensor;
import java.util.List;

/** A run through time that can be run back. */
@FunctionalInterface
interface Unrolled {
  /**
   * Gradients of the two parts of the gates, [N, gates * H] each; tensors may be the same.
   *
   * @param fromX of the part that comes from the input
   * @param fromH of the part that comes from h
   * @param product of the product W_hh h, the same as fromH unless that was normalised
   */
  record GateGradients(Tensor fromX, Tensor fromH, Tensor product) {
    GateGradients rows(int from, int count) {
      return new GateGradients(
          fromX.rows(from, count), fromH.rows(from, count), product.rows(from, count));
    }
  }

  /**
   * Runs back through time.
   *
   * @param dOutput [N, P] or null
   * @param dStates [B, P] or [B, H] each; in: gradients of the final states; out: of the initial
   *     ones
   * @param dGates written
   */
  void backward(Tensor dOutput, List<Tensor> dStates, GateGradients dGates);

  /**
   * Adds to the gradients of the weights that h meets, after {@link #backward}.
   *
   * @param ops where to run
   * @param w the weights
   * @param dGates from {@link #backward}
   * @param previousH [N, P] the h that each step read
   */
  default void weightGradients(
      Ops ops, RecurrentWeights w, GateGradients dGates, Tensor previousH) {
    ops.matmul(dGates.product().t(), previousH, 1, w.hh().grad());
  }
}
