// SPDX-License-Identifier: Apache-2.0

package dev.unroll.kernels;

import dev.unroll.AdamStep;
import dev.unroll.Buffer;
import dev.unroll.RmspropStep;
import dev.unroll.SgdStep;
import dev.unroll.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** One optimiser step of all parameters, a launch for each eight of them. */
final class Updates {
  /** Tensors that a kernel takes alike: SLOTS of functions.cl. */
  static final int SLOTS = 8;

  /** Elements of a launch: together with what is lost between two runs they must fit an int. */
  private static final int MOST_ELEMENTS = 1 << 29;

  private final Launcher launcher;
  private final Tensor scalars;
  private final Tensor gradScale;
  private final List<Tensor> params;
  private final List<Tensor> grads;

  Updates(
      Launcher launcher,
      Tensor scalars,
      Tensor gradScale,
      List<Tensor> params,
      List<Tensor> grads) {
    this.launcher = launcher;
    this.scalars = scalars;
    this.gradScale = gradScale;
    this.params = params;
    this.grads = grads;
  }

  void sgd(SgdStep step, List<Tensor> buffers) {
    Object[] settings = {
      step.weightDecay(),
      step.momentum(),
      step.oneMinusDampening(),
      step.nesterov() ? 1 : 0,
      step.first() ? 1 : 0,
      flag(buffers)
    };
    update("sgd_step", settings, List.of(buffers));
  }

  void adam(AdamStep step, List<Tensor> m, List<Tensor> v, List<Tensor> vMax) {
    Object[] settings = {
      step.beta1(),
      step.oneMinusBeta1(),
      step.beta2(),
      step.oneMinusBeta2(),
      step.epsilon(),
      step.weightDecay(),
      flag(vMax)
    };
    update("adam_step", settings, List.of(m, v, vMax));
  }

  void rmsprop(RmspropStep step, List<Tensor> squares, List<Tensor> means, List<Tensor> buffers) {
    Object[] settings = {
      step.alpha(),
      step.oneMinusAlpha(),
      step.epsilon(),
      step.weightDecay(),
      step.momentum(),
      flag(means),
      flag(buffers)
    };
    update("rmsprop_step", settings, List.of(squares, means, buffers));
  }

  private static int flag(List<Tensor> states) {
    return states.isEmpty() ? 0 : 1;
  }

  private void update(String kernel, Object[] settings, List<List<Tensor>> states) {
    List<List<Run>> waiting = new ArrayList<>();
    long elements = 0;
    for (int i = 0; i < params.size(); i++) {
      for (List<Run> runs : Run.of(operands(i, states), MOST_ELEMENTS)) {
        int count = runs.get(0).count();
        if (waiting.size() == SLOTS || elements + count > MOST_ELEMENTS) {
          launch(kernel, settings, waiting, elements);
          elements = 0;
        }
        waiting.add(runs);
        elements += count;
      }
    }
    launch(kernel, settings, waiting, elements);
  }

  private List<Tensor> operands(int i, List<List<Tensor>> states) {
    List<Tensor> operands = new ArrayList<>(List.of(params.get(i), grads.get(i)));
    states.forEach(state -> operands.add(state.isEmpty() ? null : state.get(i)));
    return operands;
  }

  /** Updates what waits, which is none afterwards. */
  private void launch(String kernel, Object[] settings, List<List<Run>> waiting, long elements) {
    if (waiting.isEmpty()) {
      return;
    }
    List<Object> arguments = new ArrayList<>();
    arguments.add(scalars);
    arguments.add(View.orAbsent(gradScale, scalars));
    arguments.add(gradScale == null ? 0 : 1);
    arguments.addAll(Arrays.asList(settings));
    Buffer any = scalars.buffer();
    for (int slot = 0; slot < SLOTS; slot++) {
      boolean used = slot < waiting.size();
      for (Run run : waiting.get(used ? slot : 0)) {
        arguments.add(used ? run : Run.none(any));
      }
      arguments.add(used ? waiting.get(slot).get(0).count() : 0);
    }
    launcher.run(kernel, (int) elements, arguments.toArray());
    waiting.clear();
  }
}
