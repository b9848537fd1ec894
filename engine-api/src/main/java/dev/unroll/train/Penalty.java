// SPDX-License-Identifier: Apache-2.0

package dev.unroll.train;

import dev.unroll.Activation;
import dev.unroll.Arena;
import dev.unroll.Arithmetic;
import dev.unroll.Ops;
import dev.unroll.Tensor;
import dev.unroll.Unary;
import dev.unroll.nn.Parameter;
import java.util.List;

/**
 * Terms that a loss grows by with the size of the parameters. Each call adds the term's gradient to
 * the parameters' and gives its value, to be added to the loss. (The weight decay of the optimisers
 * is an L2 penalty of half its strength whose value nobody sees.)
 */
public final class Penalty {
  private Penalty() {}

  /**
   * strength * sum of |p|; at 0 the gradient is 0.
   *
   * @param arena takes the result
   * @param parameters what is to stay small
   * @param strength factor, 0 or more
   * @return value [1, 1]
   */
  public static Tensor l1(Arena arena, List<Parameter> parameters, double strength) {
    Tensor total = start(arena, strength);
    for (Parameter p : parameters) {
      addSlope(arena, (float) strength, p);
      Tensor size = like(arena, p);
      arena.ops().map(Unary.ABS, p.value(), size);
      add(arena, strength, size, total);
    }
    return total;
  }

  /**
   * strength * sum of p^2.
   *
   * @param arena takes the result
   * @param parameters what is to stay small
   * @param strength factor, 0 or more
   * @return value [1, 1]
   */
  public static Tensor l2(Arena arena, List<Parameter> parameters, double strength) {
    Tensor total = start(arena, strength);
    for (Parameter p : parameters) {
      arena.ops().axpby((float) (2 * strength), p.value(), 1, p.grad());
      Tensor size = like(arena, p);
      arena.ops().binary(Arithmetic.MUL, p.value(), p.value(), size);
      add(arena, strength, size, total);
    }
    return total;
  }

  /** grad += strength * sign(p); the rectifier's gradient is 1 above 0 and 0 elsewhere. */
  private static void addSlope(Arena arena, float strength, Parameter p) {
    Ops ops = arena.ops();
    Tensor number = arena.tensor(1, 1);
    ops.fill(strength, number);
    Tensor slope = number.repeatRows(p.value().rows()).repeatCols(p.value().cols());
    Tensor side = like(arena, p);
    ops.activateGrad(Activation.RELU, null, p.value(), slope, side);
    ops.axpby(1, side, 1, p.grad());
    Tensor opposite = like(arena, p);
    ops.axpby(-1, p.value(), 0, opposite);
    ops.activateGrad(Activation.RELU, null, opposite, slope, side);
    ops.axpby(-1, side, 1, p.grad());
  }

  private static Tensor start(Arena arena, double strength) {
    Optimizer.require("strength of a penalty", strength, 0, Double.MAX_VALUE);
    Tensor total = arena.tensor(1, 1);
    arena.ops().fill(0, total);
    return total;
  }

  private static Tensor like(Arena arena, Parameter p) {
    return arena.tensor(p.value().rows(), p.value().cols());
  }

  private static void add(Arena arena, double strength, Tensor elements, Tensor total) {
    Tensor sum = arena.tensor(1, 1);
    arena.ops().sum(elements, 1, sum);
    arena.ops().axpby((float) strength, sum, 1, total);
  }
}
