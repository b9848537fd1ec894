// SPDX-License-Identifier: Apache-2.0

package dev.unroll.train;

import dev.unroll.AdamStep;
import dev.unroll.Arena;
import dev.unroll.Tensor;
import dev.unroll.nn.Parameter;
import java.util.List;

/**
 * Adam (D. Kingma, J. Ba, 2015), AdamW (I. Loshchilov, F. Hutter, 2019) and their AMSGrad form (S.
 * Reddi et al., 2018): m and v are decaying means of g and g^2; p -= lr / (1 - beta1^t) m /
 * (sqrt(v) / sqrt(1 - beta2^t) + epsilon). State: {@code m}, {@code v}, with AMSGrad {@code vmax}.
 */
public final class Adam extends Optimizer {
  /**
   * What stays the same from step to step.
   *
   * @param beta1 decay of the first moment, 0 to below 1
   * @param beta2 decay of the second moment, 0 to below 1
   * @param epsilon added to the root of the second moment
   * @param weightDecay strength of the weight decay, 0 for none
   * @param decoupled whether the decay shrinks the parameter by lr * weightDecay (AdamW) instead of
   *     being added to the gradient
   * @param amsgrad whether the largest second moment so far is used
   * @param rawEpsilon whether epsilon is added to the root before the bias of the second moment is
   *     corrected (Keras, and the end of section 2 of the paper) instead of after (PyTorch)
   */
  public record Settings(
      double beta1,
      double beta2,
      double epsilon,
      double weightDecay,
      boolean decoupled,
      boolean amsgrad,
      boolean rawEpsilon) {
    /** Adam as in PyTorch: 0.9, 0.999, 1e-8, no weight decay. */
    public static final Settings ADAM = new Settings(0.9, 0.999, 1e-8, 0, false, false);

    /** AdamW as in PyTorch: weight decay 0.01. */
    public static final Settings ADAMW = new Settings(0.9, 0.999, 1e-8, 0.01, true, false);

    /** Adam as in Keras: epsilon 1e-7, added to the uncorrected root. */
    public static final Settings KERAS = new Settings(0.9, 0.999, 1e-7, 0, false, false, true);

    /**
     * Checks the settings.
     *
     * @param beta1 decay of the first moment, 0 to below 1
     * @param beta2 decay of the second moment, 0 to below 1
     * @param epsilon added to the root of the second moment
     * @param weightDecay strength of the weight decay, 0 for none
     * @param decoupled whether the decay shrinks the parameter by lr * weightDecay (AdamW) instead
     *     of being added to the gradient
     * @param amsgrad whether the largest second moment so far is used
     * @param rawEpsilon whether epsilon is added before the correction (Keras) instead of after
     */
    public Settings {
      require("beta1", beta1, 0, Math.nextDown(1.0));
      require("beta2", beta2, 0, Math.nextDown(1.0));
      require("epsilon", epsilon, 0, Double.MAX_VALUE);
      require("weight decay", weightDecay, 0, Double.MAX_VALUE);
    }

    /**
     * With epsilon where PyTorch has it.
     *
     * @param beta1 decay of the first moment, 0 to below 1
     * @param beta2 decay of the second moment, 0 to below 1
     * @param epsilon added to the root of the second moment
     * @param weightDecay strength of the weight decay, 0 for none
     * @param decoupled whether the decay shrinks the parameter by lr * weightDecay (AdamW) instead
     *     of being added to the gradient
     * @param amsgrad whether the largest second moment so far is used
     */
    public Settings(
        double beta1,
        double beta2,
        double epsilon,
        double weightDecay,
        boolean decoupled,
        boolean amsgrad) {
      this(beta1, beta2, epsilon, weightDecay, decoupled, amsgrad, false);
    }
  }

  private final Settings settings;
  private final AdamStep step;
  private final List<Tensor> m;
  private final List<Tensor> v;
  private final List<Tensor> vMax;

  /**
   * A fresh optimiser.
   *
   * @param arena owns the state
   * @param parameters what to update
   * @param settings the settings
   */
  public Adam(Arena arena, List<Parameter> parameters, Settings settings) {
    super(arena, parameters, 3);
    this.settings = settings;
    this.step =
        new AdamStep(
            (float) settings.beta1(),
            (float) (1 - settings.beta1()),
            (float) settings.beta2(),
            (float) (1 - settings.beta2()),
            (float) settings.epsilon(),
            settings.decoupled() ? 0 : (float) settings.weightDecay());
    this.m = slots("m");
    this.v = slots("v");
    this.vMax = settings.amsgrad() ? slots("vmax") : List.of();
  }

  @Override
  void update(double learningRate, Tensor gradScale, long number) {
    double size = learningRate / (1 - power(settings.beta1(), number));
    double root = StrictMath.sqrt(1 - power(settings.beta2(), number));
    scalar(0, settings.rawEpsilon() ? size * root : size);
    scalar(1, settings.rawEpsilon() ? 1 : 1 / root);
    scalar(2, settings.decoupled() ? 1 - learningRate * settings.weightDecay() : 1);
    ops().adamStep(step, scalars(), gradScale, values(), grads(), m, v, vMax);
  }

  /** base^n by squaring; StrictMath.pow would allocate its tables in each step. */
  private static double power(double base, long n) {
    double power = 1;
    double square = base;
    for (long rest = n; rest > 0; rest >>= 1) {
      if ((rest & 1) == 1) {
        power *= square;
      }
      square *= square;
    }
    return power;
  }
}
