// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Ops;
import dev.unroll.Tensor;
import java.util.List;

/**
 * A fully connected layer on each row: y = b + x W^T. Initial values of weight and bias: uniform
 * within 1 / sqrt(in).
 */
public final class Dense implements Layer<Tensor> {
  private final Parameter weight;
  private final Parameter bias;

  /**
   * A layer with bias.
   *
   * @param init makes {@code weight} [out, in] and {@code bias} [out]
   * @param in columns of the input
   * @param out columns of the output
   */
  public Dense(Initializer init, int in, int out) {
    this(init, in, out, true);
  }

  /**
   * A layer with or without bias.
   *
   * @param init makes {@code weight} [out, in] and {@code bias} [out]
   * @param in columns of the input
   * @param out columns of the output
   * @param bias whether there is a bias
   */
  public Dense(Initializer init, int in, int out, boolean bias) {
    double bound = 1 / StrictMath.sqrt(in);
    this.weight = init.uniform("weight", bound, out, in);
    this.bias = bias ? init.uniform("bias", bound, out) : null;
  }

  @Override
  public List<Parameter> parameters() {
    return bias == null ? List.of(weight) : List.of(weight, bias);
  }

  /**
   * Computes y = b + x W^T.
   *
   * @param pass where to run
   * @param x [N, in]
   * @param initial not used
   * @return output [N, out]
   */
  @Override
  public Trace forward(Pass pass, Tensor x, State initial) {
    Ops ops = pass.ops();
    Tensor y = pass.arena().tensor(x.rows(), weight.value().rows());
    ops.linear(bias == null ? null : bias.value(), x, weight.value().t(), y);
    return new Stateless(y, dy -> gradient(pass, x, dy));
  }

  private Tensor gradient(Pass pass, Tensor x, Tensor dy) {
    Ops ops = pass.ops();
    ops.matmul(dy.t(), x, 1, weight.grad());
    if (bias != null) {
      ops.sumRows(dy, 1, bias.grad());
    }
    Tensor dx = pass.arena().tensor(x.rows(), x.cols());
    ops.matmul(dy, weight.value(), 0, dx);
    return dx;
  }
}
