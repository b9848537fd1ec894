// SPDX-License-Identifier: Apache-2.0

package dev.unroll.train;

import dev.unroll.Arena;
import dev.unroll.RmspropStep;
import dev.unroll.Tensor;
import dev.unroll.nn.Parameter;
import java.util.List;

/**
 * RMSprop (T. Hinton, 2012), as PyTorch defines it: q is a decaying mean of g^2; p -= lr g /
 * (sqrt(q) + epsilon), centred with the variance in place of q, with momentum through a buffer.
 * State: {@code square_avg}, {@code grad_avg} if centred, {@code momentum_buffer} with momentum.
 */
public final class Rmsprop extends Optimizer {
  /**
   * What stays the same from step to step.
   *
   * @param alpha decay of the means, 0 to 1
   * @param epsilon added to the root
   * @param weightDecay L2 penalty, 0 for none
   * @param momentum factor of the old buffer, 0 for no momentum
   * @param centered whether the mean's square is taken off
   */
  public record Settings(
      double alpha, double epsilon, double weightDecay, double momentum, boolean centered) {
    /** As in PyTorch: alpha 0.99, epsilon 1e-8. */
    public static final Settings DEFAULT = new Settings(0.99, 1e-8, 0, 0, false);

    /**
     * Keras' decay 0.9 and epsilon 1e-7. Keras adds it under the root, here it is added to the
     * root: a difference where q is not far above epsilon.
     */
    public static final Settings KERAS = new Settings(0.9, 1e-7, 0, 0, false);

    /**
     * Checks the settings.
     *
     * @param alpha decay of the means, 0 to 1
     * @param epsilon added to the root
     * @param weightDecay L2 penalty, 0 for none
     * @param momentum factor of the old buffer, 0 for no momentum
     * @param centered whether the mean's square is taken off
     */
    public Settings {
      require("alpha", alpha, 0, 1);
      require("epsilon", epsilon, 0, Double.MAX_VALUE);
      require("weight decay", weightDecay, 0, Double.MAX_VALUE);
      require("momentum", momentum, 0, Double.MAX_VALUE);
    }
  }

  private final RmspropStep step;
  private final List<Tensor> squares;
  private final List<Tensor> means;
  private final List<Tensor> buffers;

  /**
   * A fresh optimiser.
   *
   * @param arena owns the state
   * @param parameters what to update
   * @param settings the settings
   */
  public Rmsprop(Arena arena, List<Parameter> parameters, Settings settings) {
    super(arena, parameters, 1);
    this.step =
        new RmspropStep(
            (float) settings.alpha(),
            (float) (1 - settings.alpha()),
            (float) settings.epsilon(),
            (float) settings.weightDecay(),
            (float) settings.momentum());
    this.squares = slots("square_avg");
    this.means = settings.centered() ? slots("grad_avg") : List.of();
    this.buffers = settings.momentum() == 0 ? List.of() : slots("momentum_buffer");
  }

  @Override
  void update(double learningRate, Tensor gradScale, long number) {
    scalar(0, learningRate);
    Tensor scalars = scalars();
    ops().rmspropStep(step, scalars, gradScale, values(), grads(), squares, means, buffers);
  }
}
