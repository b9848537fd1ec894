// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.Ops;
import dev.unroll.nn.Model;
import dev.unroll.nn.State;
import dev.unroll.text.Vocabulary;
import dev.unroll.train.Optimizer;
import dev.unroll.train.Trainer;
import dev.unroll.train.XRayReport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/** A network with its data while it is trained: what a recipe makes. */
interface Session extends Trainer.Task {
  /** Where everything runs. */
  Ops ops();

  /** Turns gradients into smaller losses. */
  Optimizer optimizer();

  /** The network whose parameters are trained. */
  Model network();

  /** What is carried from one training step to the next; checkpoints hold it. */
  default State carried() {
    return State.NONE;
  }

  /**
   * The schedule. Its horizon belongs to the recipe, so that a run can be made longer.
   *
   * @param step from 1
   * @return learning rate of that step
   */
  double learningRate(long step);

  /** Training steps that see all of the data once. */
  long stepsPerEpoch();

  /** Tokens, or examples, that one training step sees. */
  int tokensPerStep();

  /** Name of what {@link #evaluate} measures. */
  String metric();

  /** Measures the network on data that it is not trained on; leaves training as it is. */
  double evaluate();

  /** Whether a larger value of {@link #evaluate} is a better one. */
  default boolean largerIsBetter() {
    return false;
  }

  /**
   * Shows what the network can do; leaves training as it is.
   *
   * @param length number of symbols, where it writes text
   * @param seed of the random numbers
   * @return a text of some lines
   */
  String sample(int length, long seed);

  /** What rebuilds the network, for its configuration file: sizes, labels, scales. */
  Map<String, Object> sizes();

  /** Symbols of inputs and outputs; null for a network that reads numbers. */
  default Vocabulary vocabulary() {
    return null;
  }

  /** One line about the data. */
  String data();

  /**
   * Looks into back-propagation through time, for {@code --xray}.
   *
   * @return a report by network
   * @throws CliException if the network is not one of those that can be looked into
   */
  default Map<String, XRayReport> xray() {
    throw CliException.usage(
        "--xray works with the recipes char-lm, word-lm, surnames, forecast and long-memory");
  }

  /**
   * Every number of one forward and backward pass, for {@code --explain}.
   *
   * @throws CliException if the network is too large for that
   */
  default String explain() {
    throw CliException.usage("--explain works with the recipe two-four-one only");
  }

  /**
   * Adds pictures of its own to the folder of the finished run.
   *
   * @param folder of the run
   */
  default void plot(Path folder) throws IOException {}
}
