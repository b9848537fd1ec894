// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.Activation;
import dev.unroll.Arena;
import dev.unroll.Ops;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import dev.unroll.nn.Dense;
import dev.unroll.nn.Gru;
import dev.unroll.nn.Initializer;
import dev.unroll.nn.LastStep;
import dev.unroll.nn.Layer;
import dev.unroll.nn.Lstm;
import dev.unroll.nn.Model;
import dev.unroll.nn.Pass;
import dev.unroll.nn.Recurrent;
import dev.unroll.nn.Rnn;
import dev.unroll.nn.Sequential;
import dev.unroll.nn.State;
import dev.unroll.nn.Trace;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * The networks of the recipe long-memory: values and marks [T*B, 2] to sums [B, 1].
 *
 * @param byName tanh RNN, ReLU RNN, LSTM, GRU
 */
record MemoryNetworks(Map<String, Sequential<Tensor>> byName) {
  static MemoryNetworks of(Initializer init, int hidden) {
    Recurrent.Shape shape = new Recurrent.Shape(2, hidden);
    Map<String, Sequential<Tensor>> networks = new LinkedHashMap<>();
    networks.put("tanh", network(init, hidden, new Rnn(init, Activation.TANH, shape)));
    networks.put("relu", network(init, hidden, new Rnn(init, Activation.RELU, shape)));
    networks.put("lstm", network(init, hidden, new Lstm(init, shape)));
    networks.put("gru", network(init, hidden, new Gru(init, shape)));
    return new MemoryNetworks(networks);
  }

  private static Sequential<Tensor> network(Initializer init, int hidden, Layer<Tensor> memory) {
    return Sequential.of("memory", memory)
        .then("last", new LastStep())
        .then("dense", new Dense(init, hidden, 1));
  }

  /** All of them, for the optimiser and files. */
  Model together() {
    return Model.of(byName);
  }

  /** Runs one of them; {@code how} changes the pass. */
  static Trace forward(
      Arena arena, Sequential<Tensor> network, AddingProblem problem, UnaryOperator<Pass> how) {
    Steps steps = Steps.uniform(problem.length(), problem.sums().length);
    Tensor x = arena.tensor(problem.inputs(), steps.rows(), 2);
    return network.forward(how.apply(Pass.of(arena, steps)), x, State.NONE);
  }

  /** What one of them answers, [B]. */
  float[] answers(Ops ops, String name, AddingProblem problem) {
    try (Arena arena = ops.arena("answers")) {
      return ops.read(forward(arena, byName.get(name), problem, pass -> pass).output());
    }
  }
}
