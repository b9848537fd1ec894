// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.Activation;
import dev.unroll.Arena;
import dev.unroll.ElementLoss;
import dev.unroll.Reduction;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import dev.unroll.nn.ActivationLayer;
import dev.unroll.nn.Dense;
import dev.unroll.nn.Initializer;
import dev.unroll.nn.LossCheck;
import dev.unroll.nn.Losses;
import dev.unroll.nn.Parameter;
import dev.unroll.nn.Pass;
import dev.unroll.nn.Sequential;
import dev.unroll.nn.State;
import dev.unroll.nn.Trace;
import dev.unroll.train.Batches;
import dev.unroll.train.Optimizer;
import dev.unroll.train.Sgd;
import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Back-propagation by hand: a perceptron with two inputs, four ReLU units and one sigmoid output
 * learns four points with binary cross-entropy and plain SGD. {@code --explain} prints every number
 * of one forward and backward pass.
 */
final class TwoFourOne extends Session {
  private static final float[] X = {0.5f, 0.1f, 0.3f, 0.2f, 0.9f, 0.8f, 0.2f, 0.7f};
  private static final float[] Y = {1, 0, 1, 0};

  static final Recipe RECIPE =
      new Recipe(
          "two-four-one",
          "2-4-1 perceptron on four points; --explain prints every number",
          null,
          TrainSettings.of("two-four-one", 4, 1, 0.5, 0),
          5000,
          TwoFourOne::new,
          TwoFourOne::load);

  private final Batches batches;
  private final Sequential<Tensor> network;
  private final Optimizer optimizer;

  TwoFourOne(Arena model, TrainSettings settings, Corpus none) {
    super(model, settings);
    int[] all = IntStream.range(0, Y.length).toArray();
    this.batches = new Batches(all, settings.batch(), settings.seed());
    this.network = network(new Initializer(model, settings.seed()));
    LossCheck.warn(network, ElementLoss.BINARY_CROSS_ENTROPY);
    this.optimizer = new Sgd(model, network.parameters(), Sgd.Settings.PLAIN);
  }

  /** The network: [N, 2] to probabilities [N, 1]. */
  static Sequential<Tensor> network(Initializer init) {
    return Sequential.of("fc1", new Dense(init, 2, 4))
        .then("relu", new ActivationLayer(Activation.RELU))
        .then("fc2", new Dense(init, 4, 1))
        .then("sigmoid", new ActivationLayer(Activation.SIGMOID));
  }

  @Override
  public Tensor run(Arena step, long number) {
    return pass(step, batches.at(number)).value();
  }

  private Losses.Loss pass(Arena step, int... chosen) {
    Trace trace = forward(step, chosen);
    float[] y = new float[chosen.length];
    for (int i = 0; i < y.length; i++) {
      y[i] = Y[chosen[i]];
    }
    Losses.Loss loss =
        Losses.elementwise(
            step,
            ElementLoss.BINARY_CROSS_ENTROPY,
            Reduction.MEAN,
            trace.output(),
            step.tensor(y, y.length, 1));
    trace.backwardToParameters(loss.gradient(), State.NONE);
    return loss;
  }

  private Trace forward(Arena arena, int... chosen) {
    float[] x = new float[2 * chosen.length];
    for (int i = 0; i < chosen.length; i++) {
      System.arraycopy(X, 2 * chosen[i], x, 2 * i, 2);
    }
    Tensor input = arena.tensor(x, chosen.length, 2);
    return network.forward(Pass.of(arena, Steps.uniform(1, chosen.length)), input, State.NONE);
  }

  private float[] outputs() {
    try (Arena arena = ops.arena("two-four-one")) {
      return ops.read(forward(arena, IntStream.range(0, Y.length).toArray()).output());
    }
  }

  /** The share of the four points on the right side of 1/2. */
  @Override
  double evaluate() {
    float[] p = outputs();
    return IntStream.range(0, Y.length).filter(i -> p[i] > 0.5f == Y[i] > 0.5f).count()
        / (double) Y.length;
  }

  @Override
  String sample(int length, long seed) {
    float[] p = outputs();
    StringBuilder text = new StringBuilder("  x1   x2    y  predicted\n");
    for (int i = 0; i < Y.length; i++) {
      text.append("%4.1f %4.1f %4.0f     %.4f%n".formatted(X[2 * i], X[2 * i + 1], Y[i], p[i]));
    }
    return text.toString();
  }

  @Override
  String explain() {
    StringBuilder text = new StringBuilder();
    try (Arena arena = ops.arena("explain")) {
      Parameter.zeroGrads(ops, network.parameters());
      int[] first = {0};
      Tensor h = forwardThrough(arena, text, first);
      Losses.Loss loss = pass(arena, first);
      float o = ops.read(h)[0];
      text.append(
          "loss = -(y ln o + (1 - y) ln(1 - o)) = %s%n".formatted(show(ops.read(loss.value()))));
      text.append(
          "dL/do = (o - y) / (o (1 - o)) = %s%n".formatted(show(ops.read(loss.gradient()))));
      text.append("delta2 = dL/do o (1 - o) = o - y = %s%n".formatted(show(o - Y[0])));
      for (Parameter p : network.parameters()) {
        text.append("dL/d%s = %s%n".formatted(p.name(), show(ops.read(p.grad()))));
        text.append(
            "%s <- %s - %s dL/d%s%n".formatted(p.name(), p.name(), settings.lr(), p.name()));
      }
      Parameter.zeroGrads(ops, network.parameters());
    }
    return text.toString();
  }

  /** Writes each layer's numbers for the first point; gives the output. */
  private Tensor forwardThrough(Arena arena, StringBuilder text, int... first) {
    text.append("x = %s, y = %s%n".formatted(show(X[0], X[1]), show(Y[0])));
    network
        .parameters()
        .forEach(p -> text.append("%s = %s%n".formatted(p.name(), show(ops.read(p.value())))));
    Map<String, Parameter> p = new LinkedHashMap<>();
    network.parameters().forEach(each -> p.put(each.name(), each));
    Tensor x = arena.tensor(Arrays.copyOf(X, 2), 1, 2);
    Tensor z1 = dense(arena, x, p.get("fc1.weight"), p.get("fc1.bias"));
    Tensor h = arena.tensor(1, 4);
    ops.activate(Activation.RELU, z1, h);
    Tensor z2 = dense(arena, h, p.get("fc2.weight"), p.get("fc2.bias"));
    text.append("z1 = W1 x + b1 = %s%n".formatted(show(ops.read(z1))));
    text.append("h = relu(z1) = %s%n".formatted(show(ops.read(h))));
    text.append("z2 = W2 h + b2 = %s%n".formatted(show(ops.read(z2))));
    Tensor o = forward(arena, first).output();
    text.append("o = sigmoid(z2) = %s%n".formatted(show(ops.read(o))));
    return o;
  }

  private Tensor dense(Arena arena, Tensor x, Parameter weight, Parameter bias) {
    Tensor y = arena.tensor(1, weight.value().rows());
    ops.copy(bias.value(), y);
    ops.matmul(x, weight.value().t(), 1, y);
    return y;
  }

  private static String show(float... values) {
    StringBuilder text = new StringBuilder();
    for (float value : values) {
      text.append(String.format(Locale.ROOT, "%s%.7f", text.isEmpty() ? "" : ", ", value));
    }
    return values.length == 1 ? text.toString() : "[" + text + "]";
  }

  private static Trained load(Arena model, ModelFolder folder) throws IOException {
    Sequential<Tensor> network = network(new Initializer(model, 0));
    folder.read(model.ops(), network);
    return new NumberModel(model.ops(), network, 2, "probability");
  }

  @Override
  Map<String, Object> sizes() {
    return Map.of("inputs", 2);
  }

  @Override
  String metric() {
    return "accuracy";
  }

  @Override
  boolean largerIsBetter() {
    return true;
  }

  @Override
  Optimizer optimizer() {
    return optimizer;
  }

  @Override
  Sequential<Tensor> network() {
    return network;
  }

  @Override
  long stepsPerEpoch() {
    return batches.perEpoch();
  }

  @Override
  int tokensPerStep() {
    return settings.batch();
  }

  @Override
  String data() {
    return "four points";
  }
}
