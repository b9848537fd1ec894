// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.Arena;
import dev.unroll.Arithmetic;
import dev.unroll.ElementLoss;
import dev.unroll.Reduction;
import dev.unroll.Tensor;
import dev.unroll.nn.Initializer;
import dev.unroll.nn.Losses;
import dev.unroll.nn.Model;
import dev.unroll.nn.Parameter;
import dev.unroll.nn.Sequential;
import dev.unroll.nn.State;
import dev.unroll.nn.Trace;
import dev.unroll.train.Adam;
import dev.unroll.train.Clipping;
import dev.unroll.train.ErrorMeasure;
import dev.unroll.train.Optimizer;
import dev.unroll.train.XRayReport;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How far back a network can remember. Four networks learn the {@link AddingProblem} side by side:
 * tanh RNN, ReLU RNN, LSTM, GRU, each with its gradients clipped to norm 1. T grows in four stages
 * up to {@code --seq}.
 *
 * <p>Always answering 1 has a mean squared error of 1/6. The norm of dL/dh_t tells why a network
 * fails: where it vanishes, nothing is learned about step t.
 */
final class LongMemory extends Session {
  private static final int HIDDEN = 64;
  private static final int STAGES = 4;
  private static final int HELD_OUT = 512;
  private static final long HORIZON = 4000;

  /** Step of the held-out data, which no training step has. */
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

  private final MemoryNetworks networks;
  private final Model all;
  private final Optimizer optimizer;

  LongMemory(Arena model, TrainSettings settings, Corpus none) {
    super(model, settings);
    if (settings.seq() < 2) {
      throw new IllegalArgumentException("the adding problem needs --seq 2 or more");
    }
    this.networks = MemoryNetworks.of(new Initializer(model, settings.seed()), HIDDEN);
    this.all = networks.together();
    this.optimizer = new Adam(model, all.parameters(), Adam.Settings.ADAM);
  }

  /** The length that a step trains with: a quarter of all at first, then more. */
  private int length(long step) {
    int stage = (int) Math.min(STAGES, 1 + (step - 1) * 2 * STAGES / HORIZON);
    return Math.max(2, settings.seq() * stage / STAGES);
  }

  private AddingProblem draw(int length, int batch, long step) {
    return AddingProblem.draw(length, batch, settings.seed(), step);
  }

  /** The sum of the networks' losses; each has its gradients clipped by itself. */
  @Override
  public Tensor run(Arena step, long number) {
    AddingProblem problem = draw(length(number), settings.batch(), number);
    Tensor total = step.tensor(1, 1);
    ops.fill(0, total);
    for (Sequential<Tensor> network : networks.byName().values()) {
      ops.axpby(1, pass(step, network, problem), 1, total);
      clip(step, network.parameters());
    }
    return total;
  }

  private Tensor pass(Arena step, Sequential<Tensor> network, AddingProblem problem) {
    Trace trace = MemoryNetworks.forward(step, network, problem, settings::pass);
    Tensor sums = step.tensor(problem.sums(), problem.sums().length, 1);
    Losses.Loss loss =
        Losses.elementwise(step, ElementLoss.SQUARED, Reduction.MEAN, trace.output(), sums);
    trace.backwardToParameters(loss.gradient(), State.NONE);
    return loss.value();
  }

  private void clip(Arena step, List<Parameter> parameters) {
    Tensor norm = Clipping.norm(step, parameters);
    Tensor scale = Clipping.byNorm(1).apply(step, parameters, norm);
    for (Parameter p : parameters) {
      Tensor grad = p.grad();
      ops.binary(Arithmetic.MUL, grad, scale.repeatRows(grad.rows()).repeatCols(grad.cols()), grad);
    }
  }

  @Override
  double evaluate() {
    return error("lstm", settings.seq());
  }

  /** The mean squared error of a network on sequences of that length. */
  private double error(String network, int length) {
    AddingProblem problem = draw(Math.max(2, length), HELD_OUT, OUT_OF_TRAINING);
    ErrorMeasure measure = new ErrorMeasure();
    measure.add(networks.answers(ops, network, problem), problem.sums());
    return measure.mse();
  }

  @Override
  String sample(int length, long seed) {
    int seq = settings.seq();
    StringBuilder text =
        new StringBuilder(
            "mean squared error at T/4, T/2, T = %d (always 1: 0.1667)".formatted(seq));
    text.append("; norm of dL/dh_t at t = 1, T/2, T - 1\n");
    xray()
        .forEach(
            (name, report) -> {
              float[] norms = report.norms();
              text.append(
                  "%-5s %10.5f %10.5f %10.5f %10.2e %10.2e %10.2e%n"
                      .formatted(
                          name,
                          error(name, seq / 4),
                          error(name, seq / 2),
                          error(name, seq),
                          norms[0],
                          norms[norms.length / 2],
                          norms[norms.length - 1]));
            });
    return text.toString();
  }

  @Override
  Map<String, XRayReport> xray() {
    AddingProblem problem = draw(settings.seq(), settings.batch(), OUT_OF_TRAINING);
    Map<String, XRayReport> reports = new LinkedHashMap<>();
    networks
        .byName()
        .forEach(
            (name, network) ->
                reports.put(
                    name, LookBack.ofNumbers(ops, network, 2, problem.inputs(), problem.sums())));
    return reports;
  }

  private static Trained load(Arena model, ModelFolder folder) throws IOException {
    int hidden = folder.size("hidden");
    folder.requireShape("lstm.dense.weight", 1, hidden);
    MemoryNetworks networks = MemoryNetworks.of(new Initializer(model, 0), hidden);
    folder.read(model.ops(), networks.together());
    return Trained.predicting(
        line -> {
          AddingProblem problem = AddingProblem.parse(line);
          Map<String, Object> answer = new LinkedHashMap<>();
          for (String name : networks.byName().keySet()) {
            answer.put(name, networks.answers(model.ops(), name, problem)[0]);
          }
          return answer;
        });
  }

  @Override
  double learningRate(long step) {
    return settings.lr() * halfCosine(step, HORIZON, 0.05);
  }

  @Override
  Map<String, Object> sizes() {
    return Map.of("hidden", HIDDEN);
  }

  @Override
  String metric() {
    return "lstm_mse";
  }

  @Override
  Optimizer optimizer() {
    return optimizer;
  }

  @Override
  Model network() {
    return all;
  }

  @Override
  Map<String, Sequential<?>> chains() {
    return new LinkedHashMap<>(networks.byName());
  }

  @Override
  long stepsPerEpoch() {
    return HORIZON;
  }

  @Override
  String data() {
    return "the adding problem, up to T = " + settings.seq() + ", new numbers at each step";
  }
}
