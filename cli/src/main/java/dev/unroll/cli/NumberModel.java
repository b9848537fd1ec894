// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.Arena;
import dev.unroll.Ops;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import dev.unroll.nn.Layer;
import dev.unroll.nn.Pass;
import dev.unroll.nn.State;
import java.util.Map;

/**
 * A trained network from a few numbers to one; a line of input has the numbers, comma-separated.
 */
record NumberModel(Ops ops, Layer<Tensor> network, int inputs, String output) implements Trained {
  @Override
  public Map<String, Object> predict(String line) {
    double[] numbers = Table.numbers(line);
    if (numbers.length != inputs) {
      throw new IllegalArgumentException(
          "has " + numbers.length + " values, must have " + inputs + ", comma-separated");
    }
    float[] x = new float[inputs];
    for (int i = 0; i < inputs; i++) {
      x[i] = (float) numbers[i];
    }
    try (Arena arena = ops.arena("predict")) {
      Pass pass = Pass.of(arena, Steps.uniform(1, 1));
      Tensor y = network.forward(pass, arena.tensor(x, 1, inputs), State.NONE).output();
      return Map.of(output, ops.read(y)[0]);
    }
  }
}
