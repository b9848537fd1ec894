// SPDX-License-Identifier: Apache-2.0

package dev.unroll.conformance;

import dev.unroll.Activation;
import dev.unroll.Arena;
import dev.unroll.Arithmetic;
import dev.unroll.Ops;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import dev.unroll.nn.Layer;
import dev.unroll.nn.Parameter;
import dev.unroll.nn.Pass;
import dev.unroll.nn.State;
import dev.unroll.nn.Trace;
import java.util.List;

/** An activation that a user composes of operations, as docs/own-activation.md has it. */
record HardSwish() implements Layer<Tensor> {
  private static final Activation GATE = Activation.hardSigmoid(1f / 6, 0.5f);

  @Override
  public List<Parameter> parameters() {
    return List.of();
  }

  @Override
  public Trace forward(Pass pass, Tensor x, State initial) {
    Ops ops = pass.ops();
    Tensor g = pass.arena().tensor(x.rows(), x.cols());
    ops.activate(GATE, x, g);
    Tensor y = pass.arena().tensor(x.rows(), x.cols());
    ops.binary(Arithmetic.MUL, x, g, y);
    return Trace.stateless(
        y,
        dy -> {
          Tensor direct = pass.arena().tensor(x.rows(), x.cols());
          ops.binary(Arithmetic.MUL, dy, g, direct);
          Tensor dg = pass.arena().tensor(x.rows(), x.cols());
          ops.binary(Arithmetic.MUL, dy, x, dg);
          Tensor dx = pass.arena().tensor(x.rows(), x.cols());
          ops.activateGrad(GATE, x, g, dg, dx);
          ops.axpby(1, direct, 1, dx);
          return dx;
        });
  }

  /** Values and slopes at numbers of all kinds, in a view that does not fill its tensor. */
  static float[][] run(Ops ops) {
    float[] numbers = {
      -4, -3, -1.5f, -0f, 0, 1e-40f, 1.5f, 3, 3.0000002f, 1e30f, Float.POSITIVE_INFINITY, Float.NaN
    };
    float[] some = {1, -2, 0.5f, 3, 1, 1, 0.1f, 7, -1, 2, 1, 1};
    try (Arena arena = ops.arena("own activation")) {
      Tensor x = arena.tensor(numbers, 4, 3).t().rows(1, 2);
      Tensor dy = arena.tensor(some, 4, 3).t().rows(1, 2);
      Trace trace = new HardSwish().forward(Pass.of(arena, Steps.uniform(1, 2)), x, State.NONE);
      return new float[][] {
        ops.read(trace.output()), ops.read(trace.backward(dy, State.NONE).input())
      };
    }
  }
}
