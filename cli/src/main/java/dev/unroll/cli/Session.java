// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.Arena;
import dev.unroll.Ops;
import dev.unroll.nn.Model;
import dev.unroll.nn.Sequential;
import dev.unroll.nn.State;
import dev.unroll.text.Vocabulary;
import dev.unroll.train.Optimizer;
import dev.unroll.train.Trainer;
import dev.unroll.train.XRayReport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/** A network with its data while it is trained: what a recipe makes. */
abstract class Session implements Trainer.Task {
  /** Where everything runs. */
  final Ops ops;

  /** What decides the result. */
  final TrainSettings settings;

  /**
   * A session without data and network.
   *
   * @param model will own the parameters
   */
  Session(Arena model, TrainSettings settings) {
    this.ops = model.ops();
    this.settings = settings;
  }

  /** The network whose parameters are trained. */
  abstract Model network();

  /** The chains of layers that it is made of, by name, for a summary or a diagram. */
  Map<String, Sequential<?>> chains() {
    return Map.of("network", (Sequential<?>) network());
  }

  /** Turns gradients into smaller losses. */
  abstract Optimizer optimizer();

  /** What is carried from one training step to the next; checkpoints hold it. */
  State carried() {
    return State.NONE;
  }

  /**
   * The schedule, by default a constant. Its horizon belongs to the recipe, so that a run can be
   * made longer.
   *
   * @param step from 1
   * @return learning rate of that step
   */
  double learningRate(long step) {
    return settings.lr();
  }

  /** Half a cosine from 1 at step 0 to {@code floor} at the horizon, which is then kept. */
  static double halfCosine(long step, long horizon, double floor) {
    double done = Math.min(1, step / (double) horizon);
    return floor + (1 - floor) * 0.5 * (1 + StrictMath.cos(StrictMath.PI * done));
  }

  /** Training steps that see all of the data once. */
  abstract long stepsPerEpoch();

  /** Tokens, or examples, that one training step sees. */
  int tokensPerStep() {
    return settings.batch() * settings.seq();
  }

  /** Name of what {@link #evaluate} measures. */
  abstract String metric();

  /** Measures the network on data that it is not trained on; leaves training as it is. */
  abstract double evaluate();

  /** Whether a larger value of {@link #evaluate} is a better one. */
  boolean largerIsBetter() {
    return false;
  }

  /**
   * Shows what the network can do; leaves training as it is.
   *
   * @param length number of symbols, where it writes text
   * @param seed of the random numbers
   * @return a text of some lines
   */
  abstract String sample(int length, long seed);

  /** What rebuilds the network, for its configuration file: sizes, labels, scales. */
  abstract Map<String, Object> sizes();

  /** Symbols of inputs and outputs; null for a network that reads numbers. */
  Vocabulary vocabulary() {
    return null;
  }

  /** One line about the data. */
  abstract String data();

  /**
   * Looks into back-propagation through time, for {@code --xray}.
   *
   * @return a report by network
   * @throws CliException if the network is not one of those that can be looked into
   */
  Map<String, XRayReport> xray() {
    throw CliException.usage(
        "--xray works with the recipes char-lm, word-lm, surnames, forecast and long-memory");
  }

  /**
   * Every number of one forward and backward pass, for {@code --explain}.
   *
   * @throws CliException if the network is too large for that
   */
  String explain() {
    throw CliException.usage("--explain works with the recipe two-four-one only");
  }

  /**
   * Adds pictures of its own to the folder of the finished run.
   *
   * @param folder of the run
   */
  void plot(Path folder) throws IOException {}
}
