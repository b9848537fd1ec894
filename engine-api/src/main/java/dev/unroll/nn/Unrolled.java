// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Ops;
import dev.unroll.Tensor;
import java.util.List;

/** A run through time that can be run back. */
@FunctionalInterface
interface Unrolled {
  /**
   * The two parts of the gates, or their gradients, [N, gates * H] each; tensors may be the same.
   *
   * @param fromX the part that comes from the input, where all is added if the parts are only added
   * @param fromH the part that comes from h
   * @param product the product W_hh h, the same as fromH unless that is normalised
   */
  record Gates(Tensor fromX, Tensor fromH, Tensor product) {
    Gates rows(int from, int count) {
      return new Gates(fromX.rows(from, count), fromH.rows(from, count), product.rows(from, count));
    }
  }

  /**
   * Memory of the way forward that {@link #backward} may write the gradients to.
   *
   * @return all N rows, or null if there is none
   */
  default Gates spare() {
    return null;
  }

  /**
   * Runs back through time.
   *
   * @param dOutput [N, P] or null
   * @param dStates [B, P] or [B, H] each; in: gradients of the final states; out: of the initial
   *     ones
   * @param dGates written
   */
  void backward(Tensor dOutput, List<Tensor> dStates, Gates dGates);

  /**
   * Adds to the gradients of the weights that h meets, after {@link #backward}.
   *
   * @param ops where to run
   * @param w the weights
   * @param dGates from {@link #backward}
   * @param previousH [N, P] the h that each step read
   */
  default void weightGradients(Ops ops, RecurrentWeights w, Gates dGates, Tensor previousH) {
    ops.matmul(dGates.product().t(), previousH, 1, w.hh().grad());
  }
}
