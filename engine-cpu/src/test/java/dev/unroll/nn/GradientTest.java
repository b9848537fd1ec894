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
  private static final float STEP = 3e-3f;
  private static final double BOUND = 1e-3;

  /** Normalised rows of few columns bend sharply. */
  private static final float SHORT_STEP = 1e-3f;

  private static final double WIDE_BOUND = 5e-3;

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "RNN_RELU")
  void recurrentLayers(Cells cell) {
    for (Bias bias : Bias.values()) {
      Recurrent layer = cell.make(new Initializer(arena, 1), new Shape(I, H, 2, bias));
      check(layer, Pass.of(arena, Steps.uniform(5, 3)));
      check(layer, Pass.of(arena, Steps.descending(4, 2, 0)));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"RNN_TANH", "LSTM", "GRU"})
  void recurrentOptions(Cells cell) {
    RecurrentOptions plain = RecurrentOptions.PLAIN;
    options(cell, plain.withLayerNorm());
    options(cell, plain.withRecurrentDropout(0.4f));
    options(cell, plain.withLayerNorm().withRecurrentDropout(0.4f));
    RecurrentOptions free = plain.withActivations(Activation.GELU_ERF, Activation.softplus(1, 20));
    if (cell == Cells.LSTM) {
      options(cell, free);
      options(cell, plain.withProjection(3));
      options(cell, free.withProjection(3).withLayerNorm().withRecurrentDropout(0.4f));
    }
    if (cell == Cells.GRU) {
      options(cell, free);
      options(cell, plain.withResetBefore());
      options(cell, free.withResetBefore().withRecurrentDropout(0.4f));
    }
  }

  private void options(Cells cell, RecurrentOptions options) {
    for (Bias bias : Bias.values()) {
      Recurrent layer =
          cell.make(
              new Initializer(arena, 5), new Shape(I, H, 2, bias), options.withBidirectional());
      // Factors of 1 and terms of 0 would hide a mistake.
      layer.parameters().stream()
          .filter(p -> p.name().startsWith("norm"))
          .forEach(p -> ops.write(random(p.value().size()), p.value()));
      check(layer, Pass.of(arena, Steps.uniform(3, 3)).withDropout(3, 1), SHORT_STEP, WIDE_BOUND);
      check(layer, Pass.of(arena, Ragged.of(2, 0, 4)).withDropout(3, 1), SHORT_STEP, WIDE_BOUND);
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
            .then("norm", new LayerNorm(init, H))
            .then("last", new LastStep())
            .then("softmax", new Softmax())
            .then("dense", new Dense(init, H, 5))
            .then("logSoftmax", new LogSoftmax());
    check(model, Pass.of(arena, Steps.uniform(4, 3)).withDropout(3, 1), SHORT_STEP, WIDE_BOUND);
    check(model, Pass.of(arena, Ragged.of(2, 0, 4)).withDropout(3, 1), SHORT_STEP, WIDE_BOUND);
  }

  private void check(Layer<Tensor> layer, Pass pass) {
    check(layer, pass, STEP, BOUND);
  }

  private void check(Layer<Tensor> layer, Pass pass, float step, double bound) {
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
      double slope = 0;
      for (int k : new int[] {-2, -1, 1, 2}) {
        float[] moved = at.clone();
        for (int i = 0; i < moved.length; i++) {
          moved[i] += k * step * direction[i];
        }
        ops.write(moved, p.value());
        Trace there = layer.forward(pass, x, initial);
        double loss = dot(ops.read(there.output()), ops.read(dOutput));
        for (String name : dFinal.tensors().keySet()) {
          float[] last = ops.read(there.finalState().get(name));
          loss += dot(last, ops.read(dFinal.get(name)));
        }
        // The central difference whose error is of the fourth order.
        slope += loss * Integer.signum(k) * (Math.abs(k) == 1 ? 8 : -1) / (12 * step);
      }
      ops.write(at, p.value());
      assertThat(dot(ops.read(p.grad()), direction))
          .as(p.name())
          .isCloseTo(slope, Offset.offset(bound * (1 + Math.abs(slope))));
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
