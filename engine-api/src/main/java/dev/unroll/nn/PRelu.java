// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Activation;
import dev.unroll.Arithmetic;
import dev.unroll.Ops;
import dev.unroll.Tensor;
import java.util.List;

/**
 * The rectifier with a learned slope a below 0 (K. He et al., 2015): y = max(x, 0) + a min(x, 0).
 * The slope starts at 0.25, as in PyTorch. The gradient at 0 is a.
 */
public final class PRelu implements Layer<Tensor> {
  private static final double START = 0.25;

  private final Parameter weight;

  /**
   * A layer with one slope for all features or one for each.
   *
   * @param init makes {@code weight} [slopes]
   * @param slopes 1, or the columns of the input
   */
  public PRelu(Initializer init, int slopes) {
    this.weight = init.constant("weight", START, slopes);
  }

  @Override
  public List<Parameter> parameters() {
    return List.of(weight);
  }

  /**
   * Computes the output.
   *
   * @param pass where to run
   * @param x [N, F]
   * @param initial not used
   * @return output [N, F]
   */
  @Override
  public Trace forward(Pass pass, Tensor x, State initial) {
    Ops ops = pass.ops();
    Tensor positive = like(pass, x);
    ops.activate(Activation.RELU, x, positive);
    Tensor negative = like(pass, x);
    ops.binary(Arithmetic.SUB, x, positive, negative);
    Tensor y = like(pass, x);
    ops.binary(Arithmetic.MUL, negative, slopes(x), y);
    ops.axpby(1, positive, 1, y);
    return new Stateless(y, dy -> gradient(pass, positive, negative, dy));
  }

  private Tensor gradient(Pass pass, Tensor positive, Tensor negative, Tensor dy) {
    Ops ops = pass.ops();
    Tensor passed = like(pass, dy);
    ops.activateGrad(Activation.RELU, null, positive, dy, passed);
    Tensor dx = like(pass, dy);
    ops.binary(Arithmetic.SUB, dy, passed, dx);
    ops.binary(Arithmetic.MUL, dx, slopes(dy), dx);
    ops.axpby(1, passed, 1, dx);
    Tensor slopeGrads = like(pass, dy);
    ops.binary(Arithmetic.MUL, dy, negative, slopeGrads);
    if (weight.value().cols() == dy.cols()) {
      ops.sumRows(slopeGrads, 1, weight.grad());
    } else {
      Tensor sum = pass.arena().tensor(1, 1);
      ops.sum(slopeGrads, 1, sum);
      ops.axpby(1, sum, 1, weight.grad());
    }
    return dx;
  }

  private Tensor slopes(Tensor x) {
    Tensor slopes = weight.value();
    if (slopes.cols() != 1 && slopes.cols() != x.cols()) {
      throw new IllegalArgumentException(
          "prelu: input " + x + " has no " + slopes.cols() + " columns, one for each slope");
    }
    Tensor rows = slopes.repeatRows(x.rows());
    return slopes.cols() == x.cols() ? rows : rows.repeatCols(x.cols());
  }

  private static Tensor like(Pass pass, Tensor x) {
    return pass.arena().tensor(x.rows(), x.cols());
  }
}
