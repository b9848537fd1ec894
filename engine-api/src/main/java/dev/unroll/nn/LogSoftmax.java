// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Tensor;
import java.util.List;

/** The logarithm of the softmax of each row. */
public record LogSoftmax() implements Layer<Tensor> {
  @Override
  public List<Parameter> parameters() {
    return List.of();
  }

  @Override
  public Output output() {
    return Output.LOG_PROBABILITIES;
  }

  /**
   * Computes the log-softmax.
   *
   * @param pass where to run
   * @param x [N, C]
   * @param initial not used
   * @return output [N, C], log-probabilities
   */
  @Override
  public Trace forward(Pass pass, Tensor x, State initial) {
    Tensor y = pass.arena().tensor(x.rows(), x.cols());
    pass.ops().logSoftmax(x, y);
    return new Stateless(
        y,
        dy -> {
          Tensor dx = pass.arena().tensor(x.rows(), x.cols());
          pass.ops().logSoftmaxGrad(y, dy, dx);
          return dx;
        });
  }
}
