// SPDX-License-Identifier: Apache-2.0

package dev.unroll.train;

import dev.unroll.Arena;
import dev.unroll.RmspropStep;
import dev.unroll.Tensor;
import dev.unroll.nn.Parameter;
import java.util.List;

/**
 * Adagrad (J. Duchi et al., 2011), as PyTorch defines it: s is the sum of all g^2 so far; p -= lr /
 * (1 + (t - 1) rateDecay) g / (sqrt(s) + epsilon). State: {@code sum}.
 */
public final class Adagrad extends Optimizer {
  /**
   * What stays the same from step to step.
   *
   * @param rateDecay how fast the learning rate falls, 0 for not at all
   * @param weightDecay L2 penalty, 0 for none
   * @param initialSum what the sums start from
   * @param epsilon added to the root
   */
  public record Settings(double rateDecay, double weightDecay, double initialSum, double epsilon) {
    /** As in PyTorch: sums from 0, epsilon 1e-10. */
    public static final Settings DEFAULT = new Settings(0, 0, 0, 1e-10);

    /**
     * Keras' sums from 0.1 and epsilon 1e-7. Keras adds it under the root, here it is added to the
     * root; beside sums of 0.1 that makes next to no difference.
     */
    public static final Settings KERAS = new Settings(0, 0, 0.1, 1e-7);

    /**
     * Checks the settings.
     *
     * @param rateDecay how fast the learning rate falls, 0 for not at all
     * @param weightDecay L2 penalty, 0 for none
     * @param initialSum what the sums start from
     * @param epsilon added to the root
     */
    public Settings {
      require("rate decay", rateDecay, 0, Double.MAX_VALUE);
      require("weight decay", weightDecay, 0, Double.MAX_VALUE);
      require("initial sum", initialSum, 0, Double.MAX_VALUE);
      require("epsilon", epsilon, 0, Double.MAX_VALUE);
    }
  }

  private final Settings settings;
  private final RmspropStep step;
  private final List<Tensor> sums;

  /**
   * A fresh optimiser.
   *
   * @param arena owns the state
   * @param parameters what to update
   * @param settings the settings
   */
  public Adagrad(Arena arena, List<Parameter> parameters, Settings settings) {
    super(arena, parameters, 1);
    this.settings = settings;
    // RMSprop whose running average forgets nothing: 1 * s + 1 * (g * g).
    this.step =
        new RmspropStep(1, 1, (float) settings.epsilon(), (float) settings.weightDecay(), 0);
    this.sums = slots("sum");
    sums.forEach(s -> ops().fill((float) settings.initialSum(), s));
  }

  @Override
  void update(double learningRate, Tensor gradScale, long number) {
    scalar(0, learningRate / (1 + (number - 1) * settings.rateDecay()));
    Tensor scalars = scalars();
    ops().rmspropStep(step, scalars, gradScale, values(), grads(), sums, List.of(), List.of());
  }
}
