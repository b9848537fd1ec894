// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.Activation;
import dev.unroll.Arena;
import dev.unroll.ElementLoss;
import dev.unroll.Philox;
import dev.unroll.Reduction;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import dev.unroll.nn.ActivationLayer;
import dev.unroll.nn.Dense;
import dev.unroll.nn.Initializer;
import dev.unroll.nn.Losses;
import dev.unroll.nn.Pass;
import dev.unroll.nn.Sequential;
import dev.unroll.nn.State;
import dev.unroll.nn.Trace;
import dev.unroll.train.Adam;
import dev.unroll.train.Batches;
import dev.unroll.train.ErrorMeasure;
import dev.unroll.train.Optimizer;
import dev.unroll.train.Split;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/**
 * Regression with GELU: y = W3 GELU(W1 x1 + W2 x2 + b) + b3, fitted to 1000 points with y = 2 x1 +
 * x2 + 0.1 noise, all drawn from the normal distribution. A fifth is held out.
 */
final class GeluRegression extends Session {
  private static final int POINTS = 1000;
  private static final double NOISE = 0.1;
  private static final double HELD_OUT = 0.2;
  private static final long HORIZON = 6000;

  static final Recipe RECIPE =
      new Recipe(
          "gelu-regression",
          "two inputs, GELU, one output; generated data",
          null,
          TrainSettings.of("gelu-regression", 32, 1, 0.03, 0),
          HORIZON,
          GeluRegression::new,
          GeluRegression::load);

  private final float[] x = new float[2 * POINTS];
  private final float[] y = new float[POINTS];
  private final Split split;
  private final Batches batches;
  private final Sequential<Tensor> network;
  private final Optimizer optimizer;

  GeluRegression(Arena model, TrainSettings settings, Corpus none) {
    super(model, settings);
    int stream = Philox.stream(Philox.DATA, Batches.FREE_INSTANCE);
    Philox.fillNormal(settings.seed(), stream, 0, 0, 1, x);
    for (int i = 0; i < POINTS; i++) {
      double noise = NOISE * Philox.normal(settings.seed(), stream, 1, i);
      y[i] = (float) (2 * x[2 * i] + x[2 * i + 1] + noise);
    }
    this.split = Split.stratified(new int[POINTS], HELD_OUT, settings.seed());
    this.batches = new Batches(split.training(), settings.batch(), settings.seed());
    this.network = network(new Initializer(model, settings.seed()));
    this.optimizer = new Adam(model, network.parameters(), Adam.Settings.ADAM);
  }

  /** The network: [N, 2] to [N, 1]. */
  static Sequential<Tensor> network(Initializer init) {
    return Sequential.of("input", new Dense(init, 2, 1))
        .then("gelu", new ActivationLayer(Activation.GELU_ERF))
        .then("output", new Dense(init, 1, 1));
  }

  @Override
  public Tensor run(Arena step, long number) {
    int[] chosen = batches.at(number);
    Trace trace = forward(step, chosen);
    Tensor targets = step.tensor(targets(chosen), chosen.length, 1);
    Losses.Loss loss =
        Losses.elementwise(step, ElementLoss.SQUARED, Reduction.MEAN, trace.output(), targets);
    trace.backwardToParameters(loss.gradient(), State.NONE);
    return loss.value();
  }

  private Trace forward(Arena arena, int... chosen) {
    float[] inputs = new float[2 * chosen.length];
    for (int i = 0; i < chosen.length; i++) {
      inputs[2 * i] = x[2 * chosen[i]];
      inputs[2 * i + 1] = x[2 * chosen[i] + 1];
    }
    Pass pass = Pass.of(arena, Steps.uniform(1, chosen.length));
    return network.forward(pass, arena.tensor(inputs, chosen.length, 2), State.NONE);
  }

  private float[] targets(int... chosen) {
    float[] targets = new float[chosen.length];
    for (int i = 0; i < chosen.length; i++) {
      targets[i] = y[chosen[i]];
    }
    return targets;
  }

  private float[] predictions(int... chosen) {
    try (Arena arena = ops.arena("predict")) {
      return ops.read(forward(arena, chosen).output());
    }
  }

  /** Coefficient of determination on the points held out. */
  @Override
  double evaluate() {
    ErrorMeasure measure = new ErrorMeasure();
    measure.add(predictions(split.heldOut()), targets(split.heldOut()));
    return measure.explained();
  }

  @Override
  String sample(int length, long seed) {
    StringBuilder text = new StringBuilder("      x1       x2        y  predicted\n");
    int[] shown = {split.heldOut()[0], split.heldOut()[1], split.heldOut()[2]};
    float[] found = predictions(shown);
    for (int i = 0; i < shown.length; i++) {
      int p = shown[i];
      text.append("%8.4f %8.4f %8.4f %8.4f%n".formatted(x[2 * p], x[2 * p + 1], y[p], found[i]));
    }
    return text.toString();
  }

  @Override
  void plot(Path folder) throws IOException {
    int[] held = split.heldOut();
    ScatterPlot.write(
        folder.resolve("scatter.png"), "held-out points", targets(held), predictions(held));
  }

  private static Trained load(Arena model, ModelFolder folder) throws IOException {
    Sequential<Tensor> network = network(new Initializer(model, 0));
    folder.read(model.ops(), network);
    return new NumberModel(model.ops(), network, 2, "y");
  }

  /** Half a cosine to zero. */
  @Override
  double learningRate(long step) {
    return settings.lr() * halfCosine(step, HORIZON, 0);
  }

  @Override
  Map<String, Object> sizes() {
    return Map.of("inputs", 2);
  }

  @Override
  String metric() {
    return "r2";
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
    return POINTS + " points, " + split.heldOut().length + " held out";
  }
}
