// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Arena;
import dev.unroll.Arithmetic;
import dev.unroll.Ops;
import dev.unroll.Tensor;

/**
 * Normalised rows with what their gradient needs.
 *
 * @param rows [N, C]
 * @param rstd [N, 1]
 */
record Normalized(Tensor rows, Tensor rstd) {
  static Normalized of(Arena arena, int rows, int cols) {
    return new Normalized(arena.tensor(rows, cols), arena.tensor(rows, 1));
  }

  Normalized part(int from, int count) {
    return new Normalized(rows.rows(from, count), rstd.rows(from, count));
  }

  /** y = rows * weight + bias; the bias may be null. */
  void scale(Ops ops, Parameter weight, Tensor bias, Tensor y) {
    ops.binary(Arithmetic.MUL, rows, weight.value().repeatRows(rows.rows()), y);
    if (bias != null) {
      ops.binary(Arithmetic.ADD, y, bias.repeatRows(rows.rows()), y);
    }
  }

  /** From the gradient of the scaled rows to that of what was normalised. */
  void gradient(Ops ops, Parameter weight, Tensor dy, Tensor dx) {
    ops.binary(Arithmetic.MUL, dy, weight.value().repeatRows(rows.rows()), dx);
    ops.layerNormGrad(rows, rstd, dx, dx);
  }

  /** Adds to the gradient of the weight. */
  void weightGradient(Arena arena, Tensor dy, Parameter weight) {
    Tensor products = arena.tensor(dy.rows(), dy.cols());
    arena.ops().binary(Arithmetic.MUL, dy, rows, products);
    arena.ops().sumRows(products, 1, weight.grad());
  }
}
