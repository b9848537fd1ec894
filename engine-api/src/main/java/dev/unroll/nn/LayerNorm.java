// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Ops;
import dev.unroll.Tensor;
import java.util.List;

/**
 * Layer normalisation (J. L. Ba, J. R. Kiros, G. E. Hinton, 2016) of each row: y = (x - mean) /
 * sqrt(variance + eps) * weight + bias. The weight starts at 1, the bias at 0.
 */
public final class LayerNorm implements Layer<Tensor> {
  /** PyTorch's default. */
  public static final float DEFAULT_EPS = 1e-5f;

  private final Parameter weight;
  private final Parameter bias;
  private final float eps;

  /**
   * A layer with PyTorch's eps.
   *
   * @param init makes {@code weight} [size] and {@code bias} [size]
   * @param size columns of the input
   */
  public LayerNorm(Initializer init, int size) {
    this(init, size, DEFAULT_EPS);
  }

  /**
   * A layer.
   *
   * @param init makes {@code weight} [size] and {@code bias} [size]
   * @param size columns of the input
   * @param eps added to the variance, at least 0
   */
  public LayerNorm(Initializer init, int size, float eps) {
    if (!(eps >= 0)) {
      throw new IllegalArgumentException("layer norm: eps must be at least 0: " + eps);
    }
    this.weight = init.constant("weight", 1, size);
    this.bias = init.constant("bias", 0, size);
    this.eps = eps;
  }

  float epsilon() {
    return eps;
  }

  @Override
  public List<Parameter> parameters() {
    return List.of(weight, bias);
  }

  /**
   * Normalises each row.
   *
   * @param pass where to run
   * @param x [N, size]
   * @param initial not used
   * @return output [N, size]
   */
  @Override
  public Trace forward(Pass pass, Tensor x, State initial) {
    Ops ops = pass.ops();
    Normalized normal = Normalized.of(pass.arena(), x.rows(), x.cols());
    ops.layerNorm(eps, x, normal.rows(), normal.rstd());
    Tensor y = pass.arena().tensor(x.rows(), x.cols());
    normal.scale(ops, weight, bias.value(), y);
    return new Stateless(y, dy -> gradient(pass, normal, dy));
  }

  private Tensor gradient(Pass pass, Normalized normal, Tensor dy) {
    normal.weightGradient(pass.arena(), dy, weight);
    pass.ops().sumRows(dy, 1, bias.grad());
    Tensor dx = pass.arena().tensor(dy.rows(), dy.cols());
    normal.gradient(pass.ops(), weight, dy, dx);
    return dx;
  }
}
