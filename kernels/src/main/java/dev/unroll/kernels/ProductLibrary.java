// SPDX-License-Identifier: Apache-2.0

package dev.unroll.kernels;

import dev.unroll.Tensor;

/** Products by a library of the device's maker, which sums in an order of its own. */
public interface ProductLibrary {
  /**
   * Whether the library can do a product. What it can not, for its strides, a kernel computes.
   *
   * @param a [M, K]
   * @param b [K, N]
   * @param out [M, N]
   * @return whether {@link #multiply} may be called
   */
  boolean takes(Tensor a, Tensor b, Tensor out);

  /**
   * Queues out = beta * out + a b.
   *
   * @param a [M, K]
   * @param b [K, N]
   * @param beta 0: out is not read
   * @param out [M, N]
   */
  void multiply(Tensor a, Tensor b, float beta, Tensor out);

  /**
   * Which library, for the placement record.
   *
   * @return one line
   */
  String note();
}
