// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.Activation;
import dev.unroll.ElementLoss;
import dev.unroll.Reduction;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** Back-propagation as a loop over the layers, by hand in double, gives what the layers give. */
class ByHandTest extends DeviceTest {
  private static final int[] SIZES = {2, 4, 3, 1};

  /** Weights, biases and what one layer computed for one example. */
  private record Known(double[][] w, double[] b, double[] input, double[] output) {}

  @Test
  void aLoopOverTheLayersFromLastToFirst() {
    Initializer init = new Initializer(arena, 1);
    Sequential<Tensor> model = null;
    List<Dense> layers = new ArrayList<>();
    for (int l = 0; l + 1 < SIZES.length; l++) {
      Dense dense = new Dense(init, SIZES[l], SIZES[l + 1]);
      layers.add(dense);
      model =
          (model == null ? Sequential.of("dense0", dense) : model.then("dense" + l, dense))
              .then("sigmoid" + l, new ActivationLayer(Activation.SIGMOID));
    }
    float[] x = random(SIZES[0]);
    float target = 1;
    Trace trace =
        model.forward(Pass.of(arena, Steps.uniform(1, 1)), arena.tensor(x, 1, 2), State.NONE);
    Losses.Loss loss =
        Losses.elementwise(
            arena,
            ElementLoss.BINARY_CROSS_ENTROPY,
            Reduction.MEAN,
            trace.output(),
            arena.tensor(new float[] {target}, 1, 1));
    trace.backward(loss.gradient(), State.NONE);

    Deque<Known> forward = new ArrayDeque<>();
    double[] h = wide(x);
    for (Dense dense : layers) {
      Known known = layer(dense, h);
      forward.push(known); // the last layer is the first to be taken off
      h = known.output();
    }
    double[] dh = {(h[0] - target) / (h[0] * (1 - h[0]))};
    for (int l = layers.size() - 1; l >= 0; l--) {
      dh = backward(layers.get(l), forward.pop(), dh);
    }
  }

  private Known layer(Dense dense, double[] input) {
    double[] weights = wide(ops.read(dense.parameters().get(0).value()));
    double[] b = wide(ops.read(dense.parameters().get(1).value()));
    double[][] w = new double[b.length][input.length];
    double[] output = new double[b.length];
    for (int o = 0; o < b.length; o++) {
      double z = b[o];
      for (int i = 0; i < input.length; i++) {
        w[o][i] = weights[o * input.length + i];
        z += w[o][i] * input[i];
      }
      output[o] = 1 / (1 + Math.exp(-z));
    }
    return new Known(w, b, input, output);
  }

  /** Checks the gradients of one layer and gives that of its input. */
  private double[] backward(Dense dense, Known known, double[] dOutput) {
    float[] dw = ops.read(dense.parameters().get(0).grad());
    float[] db = ops.read(dense.parameters().get(1).grad());
    double[] dInput = new double[known.input().length];
    for (int o = 0; o < dOutput.length; o++) {
      double delta = dOutput[o] * known.output()[o] * (1 - known.output()[o]);
      assertThat((double) db[o]).isCloseTo(delta, Offset.offset(1e-7));
      for (int i = 0; i < dInput.length; i++) {
        assertThat((double) dw[o * dInput.length + i])
            .isCloseTo(delta * known.input()[i], Offset.offset(1e-7));
        dInput[i] += known.w()[o][i] * delta;
      }
    }
    return dInput;
  }

  private static double[] wide(float[] values) {
    double[] wide = new double[values.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = values[i];
    }
    return wide;
  }
}
