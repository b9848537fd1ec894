// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import dev.unroll.Activation;
import dev.unroll.Arena;
import dev.unroll.CrossEntropy;
import dev.unroll.ElementLoss;
import dev.unroll.Indices;
import dev.unroll.Ops;
import dev.unroll.Reduction;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import dev.unroll.nn.Bias;
import dev.unroll.nn.Dense;
import dev.unroll.nn.Embedding;
import dev.unroll.nn.Gru;
import dev.unroll.nn.Initializer;
import dev.unroll.nn.LastStep;
import dev.unroll.nn.Losses;
import dev.unroll.nn.Lstm;
import dev.unroll.nn.Parameter;
import dev.unroll.nn.Pass;
import dev.unroll.nn.Recurrent;
import dev.unroll.nn.Rnn;
import dev.unroll.nn.Sequential;
import dev.unroll.nn.State;
import dev.unroll.nn.Trace;
import dev.unroll.train.Adam;
import dev.unroll.train.Optimizer;
import dev.unroll.train.Sgd;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Trains a tiny network of each kind, so that the code around the kernels (layers, losses,
 * optimisers, checks, the dealing out to threads) is loaded and compiled: in a small step it takes
 * longer than the kernels as long as it is interpreted.
 */
final class TrainingWarmUp {
  private static final int SYMBOLS = 8;
  private static final int INPUT = 16;

  /** With the LSTM and three sequences just enough work for threads. */
  private static final int HIDDEN = 64;

  private static final double LEARNING_RATE = 1e-6;

  private final Ops ops;
  private final Arena arena;
  private final Initializer init;
  private final List<Network> networks = new ArrayList<>();

  /**
   * Builds the networks.
   *
   * @param ops trains them
   * @param arena holds them
   */
  TrainingWarmUp(Ops ops, Arena arena) {
    this.ops = ops;
    this.arena = arena;
    init = new Initializer(arena, 0);
    for (Steps steps : List.of(Steps.uniform(16, 1), Steps.uniform(8, 3))) {
      networks.add(symbols(steps));
      networks.add(text(steps));
      networks.add(series(steps));
    }
  }

  /** What a step of a network computes, and what updates it. */
  record Network(Optimizer optimizer, Consumer<Arena> gradients) {
    void step(Ops ops) {
      try (Arena arena = ops.arena("step")) {
        clear(ops);
        gradients.accept(arena);
        update();
      }
    }

    void clear(Ops ops) {
      Parameter.zeroGrads(ops, optimizer.parameters());
    }

    void update() {
      optimizer.step(LEARNING_RATE, null);
    }
  }

  List<Network> networks() {
    return networks;
  }

  /** One training step of each network. */
  void step() {
    for (Network network : networks) {
      network.step(ops);
    }
  }

  /** Classifies sequences of symbols: simple layer, SGD. */
  private Network symbols(Steps steps) {
    Sequential<Indices> model =
        Sequential.of("embedding", new Embedding(init, SYMBOLS, INPUT))
            .then("rnn", new Rnn(init, Activation.TANH, shape()))
            .then("last", new LastStep())
            .then("dense", new Dense(init, HIDDEN, SYMBOLS));
    Optimizer optimizer = new Sgd(arena, model.parameters(), Sgd.Settings.PLAIN);
    return classifying(steps, model, optimizer, steps.batch());
  }

  /** Predicts the next symbol at each step: LSTM, Adam. */
  private Network text(Steps steps) {
    Sequential<Indices> model =
        Sequential.of("embedding", new Embedding(init, SYMBOLS, INPUT))
            .then("lstm", new Lstm(init, shape()))
            .then("dense", new Dense(init, HIDDEN, SYMBOLS));
    Optimizer optimizer = new Adam(arena, model.parameters(), Adam.Settings.ADAM);
    return classifying(steps, model, optimizer, steps.rows());
  }

  private Network classifying(
      Steps steps, Sequential<Indices> model, Optimizer optimizer, int rows) {
    Indices input = arena.indices(new int[steps.rows()]);
    Indices classes = arena.indices(new int[rows]);
    Loss loss =
        (step, output) -> Losses.crossEntropy(step, CrossEntropy.MEAN, output, classes, null);
    return new Network(optimizer, step -> gradients(step, steps, model, input, loss));
  }

  /** Predicts numbers from numbers: GRU, squared error. */
  private Network series(Steps steps) {
    Sequential<Tensor> model = Sequential.of("gru", new Gru(init, shape()));
    Optimizer optimizer = new Adam(arena, model.parameters(), Adam.Settings.ADAM);
    Tensor input = half(steps.rows(), INPUT);
    Tensor target = half(steps.rows(), HIDDEN);
    Loss loss =
        (step, output) ->
            Losses.elementwise(step, ElementLoss.SQUARED, Reduction.MEAN, output, target);
    return new Network(optimizer, step -> gradients(step, steps, model, input, loss));
  }

  private static Recurrent.Shape shape() {
    return new Recurrent.Shape(INPUT, HIDDEN, 1, Bias.PYTORCH);
  }

  private Tensor half(int rows, int cols) {
    Tensor tensor = arena.tensor(rows, cols);
    ops.fill(0.5f, tensor);
    return tensor;
  }

  /** A loss of the output, as a training loop computes it. */
  private interface Loss {
    Losses.Loss of(Arena step, Tensor output);
  }

  private static <I> void gradients(
      Arena step, Steps steps, Sequential<I> model, I input, Loss loss) {
    Trace trace = model.forward(Pass.of(step, steps), input, State.NONE);
    trace.backwardToParameters(loss.of(step, trace.output()).gradient(), State.NONE);
  }
}
