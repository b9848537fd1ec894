// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Tensor;
import java.util.List;

/**
 * The softmax of each row: probabilities that sum to 1. For training leave it out: {@link
 * dev.unroll.CrossEntropy} from logits has it inside ({@link LossCheck} warns of both together).
 */
public record Softmax() implements Layer<Tensor> {
  @Override
  public List<Parameter> parameters() {
    return List.of();
  }

  @Override
  public Output output() {
    return Output.PROBABILITIES;
  }

  /**
   * Computes the softmax.
   *
   * @param pass where to run
   * @param x [N, C]
   * @param initial not used
   * @return output [N, C], probabilities
   */
  @Override
  public Trace forward(Pass pass, Tensor x, State initial) {
    Tensor y = pass.arena().tensor(x.rows(), x.cols());
    pass.ops().softmax(x, y);
    return new Stateless(
        y,
        dy -> {
          Tensor dx = pass.arena().tensor(x.rows(), x.cols());
          pass.ops().softmaxGrad(y, dy, dx);
          return dx;
        });
  }
}
