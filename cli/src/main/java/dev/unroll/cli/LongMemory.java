// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.Activation;
import dev.unroll.Arena;
import dev.unroll.Arithmetic;
import dev.unroll.ElementLoss;
import dev.unroll.Ops;
import dev.unroll.Philox;
import dev.unroll.Reduction;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import dev.unroll.nn.Dense;
import dev.unroll.nn.Gru;
import dev.unroll.nn.Initializer;
import dev.unroll.nn.LastStep;
import dev.unroll.nn.Layer;
import dev.unroll.nn.Losses;
import dev.unroll.nn.Lstm;
import dev.unroll.nn.Model;
import dev.unroll.nn.Parameter;
import dev.unroll.nn.Pass;
import dev.unroll.nn.Recurrent;
import dev.unroll.nn.Rnn;
import dev.unroll.nn.Sequential;
import dev.unroll.nn.State;
import dev.unroll.nn.Trace;
import dev.unroll.train.Adam;
import dev.unroll.train.Batches;
import dev.unroll.train.Clipping;
import dev.unroll.train.Optimizer;
import dev.unroll.train.XRay;
import dev.unroll.train.XRayReport;
import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * How far back a network can remember: the adding problem (S. Hochreiter, J. Schmidhuber, 1997). Of
 * T random numbers two are marked, one in each half; the answer is their sum. Four networks learn
 * it side by side: tanh RNN, ReLU RNN, LSTM, GRU, each with its gradients clipped to norm 1. T
 * grows in four stages up to {@code --seq}.
 *
 * <p>Always answering 1 has a mean squared error of 1/6. The norm of dL/dh_t tells why a network
 * fails: where it vanishes, nothing is learned about step t.
 */
final class LongMemory implements Session {
  private static final int HIDDEN = 64;
  private static final int STAGES = 4;
  private static final int HELD_OUT = 512;
  private static final long HORIZON = 4000;
  private static final int DATA = Philox.stream(Philox.DATA, Batches.FREE_INSTANCE);
  private static final List<String> NETWORKS = List.of("tanh", "relu", "lstm", "gru");

  /** Steps of the held-out data, which no training step has. */
  private static final long OUT_OF_TRAINING = 1L << 40;

  static final Recipe RECIPE =
      new Recipe(
          "long-memory",
          "adding problem: tanh RNN, ReLU RNN, LSTM, GRU side by side",
          null,
          TrainSettings.of("long-memory", 32, 100, 0.002, 0),
          HORIZON,
          LongMemory::new,
          LongMemory::load);

  private final Ops ops;
  private final TrainSettings settings;
  private final Map<String, Sequential<Tensor>> networks;
  private final Model all;
  private final Optimizer optimizer;

  LongMemory(Arena model, TrainSettings settings, Corpus none) {
    this.ops = model.ops();
    if (settings.seq() < 2) {
      throw new IllegalArgumentException("the adding problem needs --seq 2 or more");
    }
    this.settings = settings;
    this.networks = networks(new Initializer(model, settings.seed()), HIDDEN);
    this.all = Model.of(networks);
    this.optimizer = new Adam(model, all.parameters(), Adam.Settings.ADAM);
  }

  /** The networks: [N, 2] (value, mark) to [B, 1]. */
  static Map<String, Sequential<Tensor>> networks(Initializer init, int hidden) {
    Recurrent.Shape shape = new Recurrent.Shape(2, hidden);
    Map<String, Sequential<Tensor>> networks = new LinkedHashMap<>();
    for (String name : NETWORKS) {
      Layer<Tensor> memory =
          switch (name) {
            case "tanh" -> new Rnn(init, Activation.TANH, shape);
            case "relu" -> new Rnn(init, Activation.RELU, shape);
            case "lstm" -> new Lstm(init, shape);
            default -> new Gru(init, shape);
          };
      networks.put(
          name,
          Sequential.of("memory", memory)
              .then("last", new LastStep())
              .then("dense", new Dense(init, hidden, 1)));
    }
    return networks;
  }

  /** A batch of the problem: inputs [T*B, 2] and sums [B]. */
  private record Problem(int length, float[] inputs, float[] sums) {
    /** The inputs of a step, [B, 2]. */
    float[] at(int t) {
      return Arrays.copyOfRange(inputs, 2 * t * sums.length, 2 * (t + 1) * sums.length);
    }
  }

  private Problem problem(int length, int batch, long step) {
    float[] inputs = new float[2 * length * batch];
    float[] sums = new float[batch];
    for (int b = 0; b < batch; b++) {
      int half = length / 2;
      int first = (int) (uniform(step, length * batch + 2 * b) * half);
      int second = half + (int) (uniform(step, length * batch + 2 * b + 1) * (length - half));
      for (int t = 0; t < length; t++) {
        int row = t * batch + b;
        inputs[2 * row] = uniform(step, row);
        if (t == first || t == second) {
          inputs[2 * row + 1] = 1;
          sums[b] += inputs[2 * row];
        }
      }
    }
    return new Problem(length, inputs, sums);
  }

  private float uniform(long step, int index) {
    return Philox.uniform(settings.seed(), DATA, step, index);
  }

  /** The length that a step trains with: a quarter of all at first, then more. */
  private int length(long step) {
    int stage = (int) Math.min(STAGES, 1 + (step - 1) * 2 * STAGES / HORIZON);
    return Math.max(2, settings.seq() * stage / STAGES);
  }

  /** The sum of the networks' losses; each has its gradients clipped by itself. */
  @Override
  public Tensor run(Arena step, long number) {
    Problem problem = problem(length(number), settings.batch(), number);
    Tensor total = step.tensor(1, 1);
    ops.fill(0, total);
    for (Sequential<Tensor> network : networks.values()) {
      ops.axpby(1, pass(step, network, problem), 1, total);
      clip(step, network);
    }
    return total;
  }

  private Tensor pass(Arena step, Sequential<Tensor> network, Problem problem) {
    Trace trace = forward(step, network, problem, settings::pass);
    int batch = problem.sums().length;
    Losses.Loss loss =
        Losses.elementwise(
            step,
            ElementLoss.SQUARED,
            Reduction.MEAN,
            trace.output(),
            step.tensor(problem.sums(), batch, 1));
    trace.backwardToParameters(loss.gradient(), State.NONE);
    return loss.value();
  }

  private static Trace forward(
      Arena arena, Sequential<Tensor> network, Problem problem, UnaryOperator<Pass> how) {
    Steps steps = Steps.uniform(problem.length(), problem.sums().length);
    Tensor x = arena.tensor(problem.inputs(), steps.rows(), 2);
    return network.forward(how.apply(Pass.of(arena, steps)), x, State.NONE);
  }

  private void clip(Arena step, Sequential<Tensor> network) {
    List<Parameter> parameters = network.parameters();
    Tensor norm = Clipping.norm(step, parameters);
    Tensor scale = Clipping.byNorm(1).apply(step, parameters, norm);
    for (Parameter p : parameters) {
      Tensor grad = p.grad();
      ops.binary(Arithmetic.MUL, grad, scale.repeatRows(grad.rows()).repeatCols(grad.cols()), grad);
    }
  }

  @Override
  public double evaluate() {
    return error("lstm", settings.seq());
  }

  private double error(String network, int length) {
    Problem problem = problem(Math.max(2, length), HELD_OUT, OUT_OF_TRAINING);
    try (Arena arena = ops.arena("long memory")) {
      float[] sums = ops.read(forward(arena, networks.get(network), problem, p -> p).output());
      double squares = 0;
      for (int b = 0; b < sums.length; b++) {
        double d = sums[b] - (double) problem.sums()[b];
        squares += d * d;
      }
      return squares / sums.length;
    }
  }

  @Override
  public String sample(int length, long seed) {
    int seq = settings.seq();
    StringBuilder text =
        new StringBuilder(
            "mean squared error at T = %d, %d, %d (always 1: 0.1667)%n"
                .formatted(Math.max(2, seq / 4), Math.max(2, seq / 2), seq));
    for (String name : NETWORKS) {
      text.append(
          "%-5s %10.5f %10.5f %10.5f%n"
              .formatted(name, error(name, seq / 4), error(name, seq / 2), error(name, seq)));
    }
    text.append("norm of dL/dh_t at t = 1, T/2, T - 1\n");
    xray()
        .forEach(
            (name, report) -> {
              float[] norms = report.norms();
              text.append(
                  "%-5s %10.2e %10.2e %10.2e%n"
                      .formatted(name, norms[0], norms[norms.length / 2], norms[norms.length - 1]));
            });
    return text.toString();
  }

  @Override
  public Map<String, XRayReport> xray() {
    Problem problem = problem(settings.seq(), settings.batch(), OUT_OF_TRAINING);
    int batch = settings.batch();
    Map<String, XRayReport> reports = new LinkedHashMap<>();
    networks.forEach(
        (name, network) ->
            reports.put(
                name,
                XRay.take(
                    ops,
                    network,
                    settings.seq(),
                    batch,
                    (arena, t) -> arena.tensor(problem.at(t), batch, 2),
                    (arena, t, sums) ->
                        t < settings.seq() - 1
                            ? null
                            : Losses.elementwise(
                                    arena,
                                    ElementLoss.SQUARED,
                                    Reduction.MEAN,
                                    sums,
                                    arena.tensor(problem.sums(), batch, 1))
                                .gradient())));
    return reports;
  }

  private static Trained load(Arena model, ModelFolder folder) throws IOException {
    int hidden = folder.size("hidden");
    folder.requireShape("lstm.dense.weight", 1, hidden);
    Map<String, Sequential<Tensor>> networks = networks(new Initializer(model, 0), hidden);
    folder.read(model.ops(), Model.of(networks));
    return new Trained() {
      @Override
      public Map<String, Object> predict(String line) {
        Map<String, Object> answer = new LinkedHashMap<>();
        answer.put("input", line);
        Problem problem = parse(line);
        try (Arena arena = model.ops().arena("predict")) {
          networks.forEach(
              (name, n) ->
                  answer.put(
                      name, model.ops().read(forward(arena, n, problem, p -> p).output())[0]));
        }
        return answer;
      }
    };
  }

  /** Values with marks, such as {@code 0.3:0,0.8:1,0.1:0,0.5:1}. */
  private static Problem parse(String line) {
    String[] pairs = line.split(",", -1);
    float[] inputs = new float[2 * pairs.length];
    for (int t = 0; t < pairs.length; t++) {
      String[] pair = pairs[t].split(":", -1);
      if (pair.length != 2) {
        throw new IllegalArgumentException("'" + pairs[t] + "' is not value:mark, such as 0.3:1");
      }
      inputs[2 * t] = (float) Table.number(pair[0], "step " + (t + 1) + ": ");
      inputs[2 * t + 1] = (float) Table.number(pair[1], "step " + (t + 1) + ": ");
    }
    return new Problem(pairs.length, inputs, new float[1]);
  }

  /** Half a cosine to a twentieth. */
  @Override
  public double learningRate(long step) {
    double done = Math.min(1, step / (double) HORIZON);
    return settings.lr() * (0.05 + 0.475 * (1 + StrictMath.cos(StrictMath.PI * done)));
  }

  @Override
  public Map<String, Object> sizes() {
    return new LinkedHashMap<>(Map.of("hidden", HIDDEN));
  }

  @Override
  public String metric() {
    return "lstm_mse";
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
  public Model network() {
    return all;
  }

  @Override
  public long stepsPerEpoch() {
    return HORIZON;
  }

  @Override
  public int tokensPerStep() {
    return settings.batch() * settings.seq();
  }

  @Override
  public String data() {
    return "the adding problem, up to T = " + settings.seq() + ", new numbers at each step";
  }
}
