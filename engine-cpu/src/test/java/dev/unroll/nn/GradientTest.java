// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.Activation;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import dev.unroll.nn.Recurrent.Shape;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Gradients against the slope of the loss along a random direction, in float32: coarse, but it sees
 * a term that is missing or in the wrong place. Gradients arrive at the output and at all final
 * states.
 */
class GradientTest extends DeviceTest {
  private static final int I = 3;
  private static final int H = 4;
  private static final float STEP = 4e-3f;

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "RNN_RELU")
  void recurrentLayers(Cells cell) {
    for (Bias bias : Bias.values()) {
      Recurrent layer = cell.make(new Initializer(arena, 1), new Shape(I, H, 2, bias));
      check(layer, Pass.of(arena, Steps.uniform(5, 3)));
      check(layer, Pass.of(arena, Steps.descending(4, 2, 0)));
    }
  }

  @Test
  void sequential() {
    Initializer init = new Initializer(arena, 2);
    Layer<Tensor> model =
        Sequential.of("lower", new Dense(init, I, 6))
            .then("silu", new ActivationLayer(Activation.SILU))
            .then("prelu", new PRelu(init, 6))
            .then("mish", new ActivationLayer(Activation.MISH))
            .then("one", new PRelu(init, 1))
            .then("lstm", new Lstm(init, new Shape(6, H)))
            .then("dropout", new Dropout(init, 0.4f))
            .then("gru", new Gru(init, new Shape(H, H)))
            .then("last", new LastStep())
            .then("softmax", new Softmax())
            .then("dense", new Dense(init, H, 5))
            .then("logSoftmax", new LogSoftmax());
    check(model, Pass.of(arena, Steps.uniform(4, 3)).withDropout(3, 1));
    check(model, Pass.of(arena, Ragged.of(2, 0, 4)).withDropout(3, 1));
  }

  private void check(Layer<Tensor> layer, Pass pass) {
    int batch = pass.steps().batch();
    Tensor x = randomTensor(pass.steps().rows(), I);
    State initial = randomState(layer, batch);
    State dFinal = randomState(layer, batch);
    Trace trace = layer.forward(pass, x, initial);
    Tensor dOutput = randomTensor(trace.output().rows(), trace.output().cols());
    Parameter.zeroGrads(ops, layer.parameters());
    Trace.Gradients d = trace.backward(dOutput, dFinal);

    List<Parameter> all = new ArrayList<>(layer.parameters());
    all.add(new Parameter("x", x, d.input()));
    initial.tensors().forEach((n, t) -> all.add(new Parameter(n, t, d.initial().get(n))));
    for (Parameter p : all) {
      float[] at = ops.read(p.value());
      float[] direction = random(at.length);
      double[] losses = new double[2];
      for (int side = 0; side < 2; side++) {
        float[] moved = at.clone();
        for (int i = 0; i < moved.length; i++) {
          moved[i] += (side == 0 ? -STEP : STEP) * direction[i];
        }
        ops.write(moved, p.value());
        Trace there = layer.forward(pass, x, initial);
        losses[side] = dot(ops.read(there.output()), ops.read(dOutput));
        for (String name : dFinal.tensors().keySet()) {
          float[] last = ops.read(there.finalState().get(name));
          losses[side] += dot(last, ops.read(dFinal.get(name)));
        }
      }
      ops.write(at, p.value());
      double slope = (losses[1] - losses[0]) / (2 * STEP);
      assertThat(dot(ops.read(p.grad()), direction))
          .as(p.name())
          .isCloseTo(slope, Offset.offset(1e-3 * (1 + Math.abs(slope))));
    }
  }

  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }
}
