// SPDX-License-Identifier: Apache-2.0

package dev.unroll.bench;

import dev.unroll.Arena;
import dev.unroll.CrossEntropy;
import dev.unroll.ElementLoss;
import dev.unroll.Indices;
import dev.unroll.Ops;
import dev.unroll.Philox;
import dev.unroll.Reduction;
import dev.unroll.Tensor;
import dev.unroll.nn.Bias;
import dev.unroll.nn.Dense;
import dev.unroll.nn.Embedding;
import dev.unroll.nn.Initializer;
import dev.unroll.nn.LastStep;
import dev.unroll.nn.Layer;
import dev.unroll.nn.Losses;
import dev.unroll.nn.Parameter;
import dev.unroll.nn.Pass;
import dev.unroll.nn.Recurrent;
import dev.unroll.nn.Sequential;
import dev.unroll.nn.State;
import dev.unroll.nn.Trace;
import dev.unroll.train.Adam;
import dev.unroll.train.Optimizer;
import dev.unroll.train.Sgd;
import java.util.ArrayList;
import java.util.List;

/** A {@link TrainingCase} on a backend: random batches take turns. */
public final class TrainingRun {
  /** Batches that take turns, so that the embedding rows of a step are not those of the last. */
  public static final int BATCHES = 4;

  /**
   * One batch on the host.
   *
   * @param ids [T * B] symbols; null with dense input
   * @param input [T * B, input] dense input; null with an embedding
   * @param classes targets of each row of the output; null for the squared error
   * @param target [T * B, hidden] of the squared error; null with classes
   */
  public record Batch(int[] ids, float[] input, int[] classes, float[] target) {}

  private final TrainingCase test;
  private final Ops ops;
  private final Network<?> network;
  private final Optimizer optimizer;
  private final List<Tensor> targets = new ArrayList<>();
  private final List<Indices> classes = new ArrayList<>();
  private final int recompute;
  private int next;

  TrainingRun(TrainingCase test, Arena arena, int recompute) {
    this.test = test;
    this.recompute = recompute;
    this.ops = arena.ops();
    List<Batch> batches = new ArrayList<>();
    for (int i = 0; i < BATCHES; i++) {
      batches.add(batch(test, i));
    }
    this.network = test.vocabulary() > 0 ? embedded(arena, batches) : dense(arena, batches);
    List<Parameter> parameters = network.model.parameters();
    this.optimizer =
        test.adam()
            ? new Adam(arena, parameters, Adam.Settings.ADAM)
            : new Sgd(arena, parameters, Sgd.Settings.PLAIN);
    for (Batch batch : batches) {
      if (test.classes() > 0) {
        classes.add(arena.indices(batch.classes()));
      } else {
        targets.add(arena.tensor(batch.target(), test.steps().rows(), test.hidden()));
      }
    }
  }

  /** A network with the inputs that take turns. */
  private record Network<I>(Sequential<I> model, List<I> inputs) {
    Trace forward(Pass pass, int batch) {
      return model.forward(pass, inputs.get(batch), State.NONE);
    }
  }

  private Network<Indices> embedded(Arena arena, List<Batch> batches) {
    Initializer init = new Initializer(arena, TrainingCase.SEED);
    Layer<Indices> first = new Embedding(init, test.vocabulary(), test.input());
    Sequential<Indices> model = Sequential.of("embedding", first);
    return new Network<>(
        head(init, model.then("rnn", recurrent(init))),
        batches.stream().map(b -> arena.indices(b.ids())).toList());
  }

  private Network<Tensor> dense(Arena arena, List<Batch> batches) {
    Initializer init = new Initializer(arena, TrainingCase.SEED);
    return new Network<>(
        head(init, Sequential.of("rnn", recurrent(init))),
        batches.stream()
            .map(b -> arena.tensor(b.input(), test.steps().rows(), test.input()))
            .toList());
  }

  private Recurrent recurrent(Initializer init) {
    return test.cell()
        .layer(init, new Recurrent.Shape(test.input(), test.hidden(), test.layers(), Bias.PYTORCH));
  }

  private <I> Sequential<I> head(Initializer init, Sequential<I> body) {
    if (test.classes() == 0) {
      return body;
    }
    Sequential<I> rows = test.lastOnly() ? body.then("last", new LastStep()) : body;
    return rows.then("dense", new Dense(init, test.hidden(), test.classes()));
  }

  /**
   * The data of a batch: symbols and classes uniform, dense numbers from -1 to 1.
   *
   * @param test the case
   * @param number which batch, from 0
   * @return the data, the same for every engine
   */
  public static Batch batch(TrainingCase test, int number) {
    int rows = test.batch() * test.length();
    boolean embedded = test.vocabulary() > 0;
    boolean classes = test.classes() > 0;
    return new Batch(
        embedded ? symbols(4 * number, rows, test.vocabulary()) : null,
        embedded ? null : numbers(4 * number + 1, rows * test.input()),
        classes ? symbols(4 * number + 2, test.outputRows(), test.classes()) : null,
        classes ? null : numbers(4 * number + 3, rows * test.hidden()));
  }

  private static int[] symbols(int instance, int count, int bound) {
    int[] symbols = new int[count];
    float[] uniform = new float[count];
    int stream = Philox.stream(Philox.DATA, instance);
    Philox.fillUniform(TrainingCase.SEED, stream, 0, 0, 1, uniform);
    for (int i = 0; i < count; i++) {
      symbols[i] = Math.min(bound - 1, (int) (uniform[i] * bound));
    }
    return symbols;
  }

  private static float[] numbers(int instance, int count) {
    float[] numbers = new float[count];
    int stream = Philox.stream(Philox.DATA, instance);
    Philox.fillUniform(TrainingCase.SEED, stream, 0, -1, 1, numbers);
    return numbers;
  }

  /**
   * The parameters, named as in PyTorch behind the names {@code embedding}, {@code rnn} and {@code
   * dense}.
   *
   * @return the tensors that are trained
   */
  public List<Parameter> parameters() {
    return optimizer.parameters();
  }

  /**
   * Trains one step on the next batch; the device need not be done on return.
   *
   * @param loss [1, 1] takes the loss; null: it is not kept
   */
  public void step(Tensor loss) {
    try (Arena arena = ops.arena("step")) {
      Parameter.zeroGrads(ops, optimizer.parameters());
      Pass pass = Pass.of(arena, test.steps());
      Trace trace = network.forward(recompute > 0 ? pass.withRecompute(recompute) : pass, next);
      Losses.Loss found = loss(arena, trace.output());
      trace.backwardToParameters(found.gradient(), State.NONE);
      optimizer.step(TrainingCase.LEARNING_RATE, null);
      if (loss != null) {
        ops.copy(found.value(), loss);
      }
    }
    next = (next + 1) % BATCHES;
  }

  private Losses.Loss loss(Arena arena, Tensor output) {
    return test.classes() > 0
        ? Losses.crossEntropy(arena, CrossEntropy.MEAN, output, classes.get(next), null)
        : Losses.elementwise(arena, ElementLoss.SQUARED, Reduction.MEAN, output, targets.get(next));
  }

  /**
   * Runs the network forward on the next batch.
   *
   * @param output takes the output; null: it is not kept
   */
  public void forward(Tensor output) {
    try (Arena arena = ops.arena("forward")) {
      Trace trace = network.forward(Pass.of(arena, test.steps()), next);
      if (output != null) {
        ops.copy(trace.output(), output);
      }
    }
    next = (next + 1) % BATCHES;
  }
}
