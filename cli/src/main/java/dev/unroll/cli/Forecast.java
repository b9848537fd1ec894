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
import dev.unroll.train.Optimizer;
import dev.unroll.train.Standardizer;
import dev.unroll.train.XRay;
import dev.unroll.train.XRayReport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
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
final class Forecast implements Session {
  private static final int HIDDEN = 32;
  private static final double TRAINING_SHARE = 0.8;
  private static final long HORIZON = 3000;

  /** Columns that are read, the first that is there, and the steps of a season. */
  private static final Map<String, Integer> SEASONS = seasons();

  static final Recipe RECIPE =
      new Recipe(
          "forecast",
          "LSTM; time series of CO2 or weather",
          "co2-concentration.csv",
          TrainSettings.of("forecast", 16, 48, 0.005, 1),
          HORIZON,
          Forecast::new,
          Forecast::load);

  private final Ops ops;
  private final TrainSettings settings;
  private final int season;
  private final double[] series;
  private final float[] changes;
  private final int training;
  private final Standardizer scale;
  private final Batches batches;
  private final Sequential<Tensor> network;
  private final Optimizer optimizer;

  Forecast(Arena model, TrainSettings settings, Corpus corpus) {
    this.ops = model.ops();
    this.settings = settings;
    String name = column(corpus);
    this.season = SEASONS.get(name);
    this.series = Table.read(corpus, RECIPE.resource(), name).numbers(0);
    this.training = (int) (series.length * TRAINING_SHARE);
    int starts = training - settings.seq() - 1;
    if (starts < 1 || training <= 2 * season) {
      throw new IllegalArgumentException(
          "has " + series.length + " values, too few for --seq " + settings.seq());
    }
    this.scale = Standardizer.of(Arrays.copyOf(differences(series), training - 1));
    this.changes = standardized(scale, series);
    this.batches =
        new Batches(IntStream.range(0, starts).toArray(), settings.batch(), settings.seed());
    this.network = network(new Initializer(model, settings.seed()), HIDDEN);
    this.optimizer = new Adam(model, network.parameters(), Adam.Settings.ADAM);
  }

  private static Map<String, Integer> seasons() {
    Map<String, Integer> seasons = new LinkedHashMap<>();
    seasons.put("CO2", 12);
    seasons.put("temp_max", 365);
    seasons.put("value", 12);
    return seasons;
  }

  private static String column(Corpus corpus) {
    List<String> header =
        Arrays.asList(corpus.text().lines().findFirst().orElse("").split("[,\t]"));
    return SEASONS.keySet().stream().filter(header::contains).findFirst().orElse("value");
  }

  /** The network: standardized changes [N, 1] to the next ones [N, 1]. */
  static Sequential<Tensor> network(Initializer init, int hidden) {
    return Sequential.of("lstm", new Lstm(init, new Recurrent.Shape(1, hidden)))
        .then("dense", new Dense(init, hidden, 1));
  }

  private static double[] differences(double... values) {
    return IntStream.range(1, values.length).mapToDouble(i -> values[i] - values[i - 1]).toArray();
  }

  private static float[] standardized(Standardizer scale, double... values) {
    double[] differences = differences(values);
    float[] all = new float[differences.length];
    for (int i = 0; i < all.length; i++) {
      all[i] = scale.apply(differences[i]);
    }
    return all;
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
  public double evaluate() {
    return Scores.rmse(forecasts(), truth());
  }

  private double[] truth() {
    return Arrays.copyOfRange(series, training, series.length);
  }

  /** One-step forecasts of the values held out; the state has seen all before. */
  private double[] forecasts() {
    float[] next = continued(ops, network, changes);
    return IntStream.range(training, series.length)
        .mapToDouble(i -> series[i - 1] + scale.invert(next[i - 2]))
        .toArray();
  }

  /** The next standardized change after each. */
  private static float[] continued(Ops ops, Sequential<Tensor> network, float... changes) {
    try (Arena arena = ops.arena("forecast")) {
      Tensor x = arena.tensor(changes, changes.length, 1);
      Pass pass = Pass.of(arena, Steps.uniform(changes.length, 1));
      return ops.read(network.forward(pass, x, State.NONE).output());
    }
  }

  private double[] naive(boolean seasonal) {
    return IntStream.range(training, series.length)
        .mapToDouble(
            i ->
                seasonal
                    ? series[i - season] + (series[i - season] - series[i - 2 * season])
                    : series[i - 1])
        .toArray();
  }

  @Override
  public String sample(int length, long seed) {
    return "rmse: this model %.4f, last value %.4f, seasonal naive %.4f"
        .formatted(
            evaluate(), Scores.rmse(naive(false), truth()), Scores.rmse(naive(true), truth()));
  }

  @Override
  public Map<String, XRayReport> xray() {
    int from = changes.length - settings.seq() - 1;
    XRayReport report =
        XRay.take(
            ops,
            network,
            settings.seq(),
            1,
            (arena, t) -> arena.tensor(new float[] {changes[from + t]}, 1, 1),
            (arena, t, next) ->
                t < settings.seq() - 1
                    ? null
                    : Losses.elementwise(
                            arena,
                            ElementLoss.SQUARED,
                            Reduction.MEAN,
                            next,
                            arena.tensor(new float[] {changes[from + t + 1]}, 1, 1))
                        .gradient());
    return Map.of("lstm", report);
  }

  @Override
  public void plot(Path folder) throws IOException {
    ScatterPlot.write(
        folder.resolve("scatter.png"), "held-out values", floats(truth()), floats(forecasts()));
  }

  private static float[] floats(double... values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }

  private static Trained load(Arena model, ModelFolder folder) throws IOException {
    int hidden = folder.size("hidden");
    folder.requireShape("dense.weight", 1, hidden);
    Sequential<Tensor> network = network(new Initializer(model, 0), hidden);
    folder.read(model.ops(), network);
    Standardizer scale = new Standardizer(folder.number("mean"), folder.number("deviation"));
    return new Trained() {
      @Override
      public Map<String, Object> predict(String line) {
        double[] values = new double[line.split(",", -1).length];
        for (int i = 0; i < values.length; i++) {
          values[i] = Table.number(line.split(",", -1)[i], "value " + (i + 1) + ": ");
        }
        if (values.length < 2) {
          throw new IllegalArgumentException("has " + values.length + " values; give two or more");
        }
        float[] next = continued(model.ops(), network, standardized(scale, values));
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("input", line);
        answer.put("next", values[values.length - 1] + scale.invert(next[next.length - 1]));
        return answer;
      }
    };
  }

  /** Half a cosine to zero. */
  @Override
  public double learningRate(long step) {
    double done = Math.min(1, step / (double) HORIZON);
    return settings.lr() * 0.5 * (1 + StrictMath.cos(StrictMath.PI * done));
  }

  @Override
  public Map<String, Object> sizes() {
    Map<String, Object> sizes = new LinkedHashMap<>();
    sizes.put("hidden", HIDDEN);
    sizes.put("mean", scale.mean());
    sizes.put("deviation", scale.deviation());
    return sizes;
  }

  @Override
  public String metric() {
    return "rmse";
  }

  @Override
  public Ops ops() {
    return ops;
  }

  @Override
  public Optimizer optimizer() {
    return optimizer;
  }

  @Override
  public Sequential<Tensor> network() {
    return network;
  }

  @Override
  public long stepsPerEpoch() {
    return batches.perEpoch();
  }

  @Override
  public int tokensPerStep() {
    return settings.batch() * settings.seq();
  }

  @Override
  public String data() {
    return series.length + " values, the last " + (series.length - training) + " held out";
  }
}
