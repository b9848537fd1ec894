// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Ops;
import dev.unroll.Tensor;
import java.util.List;

/**
 * A trained tensor and its gradient. Gradients accumulate: each backward pass adds to them, until
 * {@link #zeroGrads}.
 *
 * @param name its name in files, PyTorch's: {@code weight_ih_l0}, in a model {@code
 *     lstm.weight_ih_l0}
 * @param value the values
 * @param grad the gradient, of the same shape
 */
public record Parameter(String name, Tensor value, Tensor grad) {
  /**
   * The shape in files; a vector has one axis.
   *
   * @return sizes, outermost first
   */
  public int[] shape() {
    return value.shape();
  }

  /**
   * The same tensors under a longer name.
   *
   * @param prefix what to put in front
   * @return the parameter named {@code prefix + name}
   */
  public Parameter prefixed(String prefix) {
    return new Parameter(prefix + name, value, grad);
  }

  /**
   * Sets gradients to zero.
   *
   * @param ops where the parameters live
   * @param parameters whose gradients
   */
  public static void zeroGrads(Ops ops, List<Parameter> parameters) {
    for (Parameter p : parameters) {
      ops.fill(0, p.grad());
    }
  }
}
