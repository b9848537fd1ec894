// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Activation;
import dev.unroll.Tensor;
import java.util.List;

/**
 * An activation function on each element.
 *
 * @param f the function
 */
public record ActivationLayer(Activation f) implements Layer<Tensor> {
  @Override
  public List<Parameter> parameters() {
    return List.of();
  }

  @Override
  public Output output() {
    return f.kind() == Activation.Kind.SIGMOID ? Output.PROBABILITIES : Output.SCORES;
  }

  /**
   * Computes y = f(x).
   *
   * @param pass where to run
   * @param x [N, F]
   * @param initial not used
   * @return output [N, F]
   */
  @Override
  public Trace forward(Pass pass, Tensor x, State initial) {
    Tensor y = pass.arena().tensor(x.rows(), x.cols());
    pass.ops().activate(f, x, y);
    return new Stateless(
        y,
        dy -> {
          Tensor dx = pass.arena().tensor(x.rows(), x.cols());
          pass.ops().activateGrad(f, x, y, dy, dx);
          return dx;
        });
  }
}
