// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.Arena;
import dev.unroll.ElementLoss;
import dev.unroll.Ops;
import dev.unroll.Reduction;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import dev.unroll.nn.Dense;
import dev.unroll.nn.Initializer;
import dev.unroll.nn.Losses;
import dev.unroll.nn.Lstm;
import dev.unroll.nn.Pass;
import dev.unroll.nn.Recurrent;
import dev.unroll.nn.Sequential;
import dev.unroll.nn.State;
import dev.unroll.nn.Trace;
import dev.unroll.train.Adam;
import dev.unroll.train.Batches;
import dev.unroll.train.ErrorMeasure;
import dev.unroll.train.Optimizer;
import dev.unroll.train.Standardizer;
import dev.unroll.train.XRayReport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Forecasts a time series one step ahead: an LSTM reads the changes from step to step and predicts
 * the next, mean squared error. The last fifth of the series is held out. Two naive forecasts stand
 * beside it: the last value, and the value a season ago plus the growth of the season before.
 *
 * <p>The series that ships is the monthly CO2 at Mauna Loa; {@code --data
 * built-in/seattle-weather.csv} is the daily highest temperature of Seattle. A file of the user's
 * has a column {@code CO2}, {@code temp_max} or {@code value}.
 */
final class Forecast extends Session {
  private static final int HIDDEN = 32;
  private static final long HORIZON = 3000;

  static final Recipe RECIPE =
      new Recipe(
          "forecast",
          "LSTM; time series of CO2 or weather",
          "co2-concentration.csv",
          TrainSettings.of("forecast", 16, 48, 0.005, 1),
          HORIZON,
          Forecast::new,
          Forecast::load);

  private final Series series;
  private final Standardizer scale;
  private final float[] changes;
  private final Batches batches;
  private final Sequential<Tensor> network;
  private final Optimizer optimizer;

  Forecast(Arena model, TrainSettings settings, Corpus corpus) {
    super(model, settings);
    this.series = Series.read(corpus, RECIPE.resource(), settings.seq() + 2);
    this.scale = series.scale();
    this.changes = Series.changes(scale, series.values());
    int[] starts = IntStream.range(0, series.training() - settings.seq() - 1).toArray();
    this.batches = new Batches(starts, settings.batch(), settings.seed());
    this.network = network(new Initializer(model, settings.seed()), HIDDEN);
    this.optimizer = new Adam(model, network.parameters(), Adam.Settings.ADAM);
  }

  /** The network: standardized changes [N, 1] to the next ones [N, 1]. */
  static Sequential<Tensor> network(Initializer init, int hidden) {
    return Sequential.of("lstm", new Lstm(init, new Recurrent.Shape(1, hidden)))
        .then("dense", new Dense(init, hidden, 1));
  }

  @Override
  public Tensor run(Arena step, long number) {
    int[] starts = batches.at(number);
    Steps steps = Steps.uniform(settings.seq(), starts.length);
    Tensor x = step.tensor(windows(steps, 0, starts), steps.rows(), 1);
    Trace trace = network.forward(settings.pass(Pass.of(step, steps)), x, State.NONE);
    Tensor next = step.tensor(windows(steps, 1, starts), steps.rows(), 1);
    Losses.Loss loss =
        Losses.elementwise(step, ElementLoss.SQUARED, Reduction.MEAN, trace.output(), next);
    trace.backwardToParameters(loss.gradient(), State.NONE);
    return loss.value();
  }

  private float[] windows(Steps steps, int shift, int... starts) {
    float[] rows = new float[steps.rows()];
    for (int t = 0; t < steps.count(); t++) {
      for (int b = 0; b < starts.length; b++) {
        rows[t * starts.length + b] = changes[starts[b] + t + shift];
      }
    }
    return rows;
  }

  /** Root mean squared error on the values held out, in the unit of the data. */
  @Override
  double evaluate() {
    return error(forecasts());
  }

  private double error(float... forecasts) {
    ErrorMeasure measure = new ErrorMeasure();
    measure.add(forecasts, series.heldOut());
    return measure.rmse();
  }

  /** One-step forecasts of the values held out; the state has seen all before. */
  private float[] forecasts() {
    float[] next = continued(ops, network, changes);
    return series.heldOut(i -> series.values()[i - 1] + scale.invert(next[i - 2]));
  }

  /** The next standardized change after each. */
  private static float[] continued(Ops ops, Sequential<Tensor> network, float... changes) {
    try (Arena arena = ops.arena("forecast")) {
      Tensor x = arena.tensor(changes, changes.length, 1);
      Pass pass = Pass.of(arena, Steps.uniform(changes.length, 1));
      return ops.read(network.forward(pass, x, State.NONE).output());
    }
  }

  @Override
  String sample(int length, long seed) {
    return "rmse: this model %.4f, last value %.4f, seasonal naive %.4f"
        .formatted(evaluate(), error(series.lastValue()), error(series.seasonal()));
  }

  @Override
  Map<String, XRayReport> xray() {
    int last = changes.length - 1;
    float[] window = Arrays.copyOfRange(changes, last - settings.seq(), last);
    return Map.of("lstm", LookBack.ofNumbers(ops, network, 1, window, changes[last]));
  }

  @Override
  void plot(Path folder) throws IOException {
    ScatterPlot.write(
        folder.resolve("scatter.png"), "held-out values", series.heldOut(), forecasts());
  }

  private static Trained load(Arena model, ModelFolder folder) throws IOException {
    int hidden = folder.size("hidden");
    folder.requireShape("dense.weight", 1, hidden);
    Sequential<Tensor> network = network(new Initializer(model, 0), hidden);
    folder.read(model.ops(), network);
    Standardizer scale = new Standardizer(folder.number("mean"), folder.number("deviation"));
    return Trained.predicting(
        line -> {
          double[] values = Table.numbers(line);
          if (values.length < 2) {
            throw new IllegalArgumentException("has 1 value; give two or more, comma-separated");
          }
          float[] next = continued(model.ops(), network, Series.changes(scale, values));
          return Map.of("next", values[values.length - 1] + scale.invert(next[next.length - 1]));
        });
  }

  /** Half a cosine to zero. */
  @Override
  double learningRate(long step) {
    return settings.lr() * halfCosine(step, HORIZON, 0);
  }

  @Override
  Map<String, Object> sizes() {
    Map<String, Object> sizes = new LinkedHashMap<>();
    sizes.put("hidden", HIDDEN);
    sizes.put("mean", scale.mean());
    sizes.put("deviation", scale.deviation());
    return sizes;
  }

  @Override
  String metric() {
    return "rmse";
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
  String data() {
    return series.values().length + " values, the last " + series.heldOut().length + " held out";
  }
}
