// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.Ops;
import dev.unroll.nn.Layer;
import dev.unroll.nn.State;
import dev.unroll.text.Vocabulary;
import dev.unroll.train.Optimizer;
import dev.unroll.train.Trainer;
import java.util.Map;

/** A network with its data while it is trained: what a recipe makes. */
interface Session extends Trainer.Task {
  /** Where everything runs. */
  Ops ops();

  /** Turns gradients into smaller losses. */
  Optimizer optimizer();

  /** The network whose parameters are trained. */
  Layer<?> network();

  /** What is carried from one training step to the next; checkpoints hold it. */
  State carried();

  /**
   * The schedule. Its horizon belongs to the recipe, so that a run can be made longer.
   *
   * @param step from 1
   * @return learning rate of that step
   */
  double learningRate(long step);

  /** Training steps that see all of the data once. */
  long stepsPerEpoch();

  /** Tokens that one training step sees. */
  int tokensPerStep();

  /** Name of what {@link #evaluate} measures. */
  String metric();

  /** Measures the network on data that it is not trained on; leaves training as it is. */
  double evaluate();

  /**
   * Shows what the network can do; leaves training as it is.
   *
   * @param length number of symbols
   * @param seed of the random numbers
   * @return a text
   */
  String sample(int length, long seed);

  /** The sizes that rebuild the network, for its configuration file. */
  Map<String, Object> sizes();

  /** Symbols of inputs and outputs. */
  Vocabulary vocabulary();

  /** One line about the data. */
  String data();
}
