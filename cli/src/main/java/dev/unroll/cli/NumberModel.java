// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.Arena;
import dev.unroll.Ops;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import dev.unroll.nn.Layer;
import dev.unroll.nn.Pass;
import dev.unroll.nn.State;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A trained network from a few numbers to one; a line of input has the numbers, comma-separated.
 */
record NumberModel(Ops ops, Layer<Tensor> network, int inputs, String output) implements Trained {
  @Override
  public Map<String, Object> predict(String line) {
    float[] x = numbers(line, inputs);
    try (Arena arena = ops.arena("predict")) {
      Pass pass = Pass.of(arena, Steps.uniform(1, 1));
      Tensor y = network.forward(pass, arena.tensor(x, 1, inputs), State.NONE).output();
      Map<String, Object> answer = new LinkedHashMap<>();
      answer.put("input", line);
      answer.put(output, ops.read(y)[0]);
      return answer;
    }
  }

  /** The numbers of a line; {@code count} of them. */
  static float[] numbers(String line, int count) {
    String[] parts = line.split(",", -1);
    if (parts.length != count) {
      throw new IllegalArgumentException(
          "has " + parts.length + " values, must have " + count + ", comma-separated");
    }
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = (float) Table.number(parts[i], "value " + (i + 1) + ": ");
    }
    return numbers;
  }
}
