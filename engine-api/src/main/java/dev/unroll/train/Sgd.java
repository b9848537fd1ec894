// SPDX-License-Identifier: Apache-2.0

package dev.unroll.train;

import dev.unroll.Arena;
import dev.unroll.SgdStep;
import dev.unroll.Tensor;
import dev.unroll.nn.Parameter;
import java.util.List;

/**
 * Stochastic gradient descent, as PyTorch defines it: g += weightDecay p; with momentum b = g at
 * the first step, later momentum b + (1 - dampening) g, and g = g + momentum b (Nesterov) or b; p
 * -= lr g. State: {@code momentum_buffer}, with momentum.
 */
public final class Sgd extends Optimizer {
  /**
   * What stays the same from step to step.
   *
   * @param momentum factor of the old buffer, 0 for no momentum
   * @param dampening how much less of the gradient enters the buffer, 0 to 1
   * @param weightDecay L2 penalty, 0 for none
   * @param nesterov whether the step looks ahead
   */
  public record Settings(double momentum, double dampening, double weightDecay, boolean nesterov) {
    /** No momentum, no weight decay. */
    public static final Settings PLAIN = new Settings(0, 0, 0, false);

    /**
     * Checks the settings.
     *
     * @param momentum factor of the old buffer, 0 for no momentum
     * @param dampening how much less of the gradient enters the buffer, 0 to 1
     * @param weightDecay L2 penalty, 0 for none
     * @param nesterov whether the step looks ahead
     */
    public Settings {
      require("momentum", momentum, 0, Double.MAX_VALUE);
      require("dampening", dampening, 0, 1);
      require("weight decay", weightDecay, 0, Double.MAX_VALUE);
      if (nesterov && (momentum == 0 || dampening != 0)) {
        throw new IllegalArgumentException(
            "optimizer: Nesterov needs a momentum above 0 and no dampening; momentum is "
                + momentum
                + ", dampening "
                + dampening);
      }
    }
  }

  private final SgdStep first;
  private final SgdStep later;
  private final List<Tensor> buffers;

  /**
   * A fresh optimiser.
   *
   * @param arena owns the state
   * @param parameters what to update
   * @param settings the settings
   */
  public Sgd(Arena arena, List<Parameter> parameters, Settings settings) {
    super(arena, parameters, 1);
    this.first = step(settings, true);
    this.later = step(settings, false);
    this.buffers = settings.momentum() == 0 ? List.of() : slots("momentum_buffer");
  }

  private static SgdStep step(Settings settings, boolean first) {
    return new SgdStep(
        (float) settings.weightDecay(),
        (float) settings.momentum(),
        (float) (1 - settings.dampening()),
        settings.nesterov(),
        first);
  }

  @Override
  void update(double learningRate, Tensor gradScale, long number) {
    SgdStep step = number == 1 ? first : later;
    scalar(0, learningRate);
    ops().sgdStep(step, scalars(), gradScale, values(), grads(), buffers);
  }
}
