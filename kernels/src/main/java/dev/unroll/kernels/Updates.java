// SPDX-License-Identifier: Apache-2.0

package dev.unroll.kernels;

import dev.unroll.AdamStep;
import dev.unroll.RmspropStep;
import dev.unroll.SgdStep;
import dev.unroll.Tensor;
import java.util.List;

/** One optimiser step of all parameters, a launch for each. */
final class Updates {
  private final Launcher launcher;
  private final Tensor any;
  private final View scalars;
  private final View gradScale;
  private final int hasGradScale;
  private final List<Tensor> params;
  private final List<Tensor> grads;

  Updates(
      Launcher launcher,
      Tensor scalars,
      Tensor gradScale,
      List<Tensor> params,
      List<Tensor> grads) {
    this.launcher = launcher;
    this.any = scalars;
    this.scalars = View.of(scalars);
    this.gradScale = View.orAbsent(gradScale, scalars);
    this.hasGradScale = gradScale == null ? 0 : 1;
    this.params = params;
    this.grads = grads;
  }

  void sgd(SgdStep step, List<Tensor> buffers) {
    int nesterov = step.nesterov() ? 1 : 0;
    int first = step.first() ? 1 : 0;
    for (int i = 0; i < params.size(); i++) {
      launcher.elements(
          "sgd_step",
          params.get(i),
          scalars,
          gradScale,
          hasGradScale,
          step.weightDecay(),
          step.momentum(),
          step.oneMinusDampening(),
          nesterov,
          first,
          params.get(i),
          grads.get(i),
          state(buffers, i),
          flag(buffers));
    }
  }

  void adam(AdamStep step, List<Tensor> m, List<Tensor> v, List<Tensor> vMax) {
    for (int i = 0; i < params.size(); i++) {
      launcher.elements(
          "adam_step",
          params.get(i),
          scalars,
          gradScale,
          hasGradScale,
          step.beta1(),
          step.oneMinusBeta1(),
          step.beta2(),
          step.oneMinusBeta2(),
          step.epsilon(),
          step.weightDecay(),
          params.get(i),
          grads.get(i),
          m.get(i),
          v.get(i),
          state(vMax, i),
          flag(vMax));
    }
  }

  void rmsprop(RmspropStep step, List<Tensor> squares, List<Tensor> means, List<Tensor> buffers) {
    for (int i = 0; i < params.size(); i++) {
      launcher.elements(
          "rmsprop_step",
          params.get(i),
          scalars,
          gradScale,
          hasGradScale,
          step.alpha(),
          step.oneMinusAlpha(),
          step.epsilon(),
          step.weightDecay(),
          step.momentum(),
          params.get(i),
          grads.get(i),
          squares.get(i),
          state(means, i),
          flag(means),
          state(buffers, i),
          flag(buffers));
    }
  }

  private Object state(List<Tensor> states, int i) {
    return states.isEmpty() ? View.absent(any) : states.get(i);
  }

  private static int flag(List<Tensor> states) {
    return states.isEmpty() ? 0 : 1;
  }
}
