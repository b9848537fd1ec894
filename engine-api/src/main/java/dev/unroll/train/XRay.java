// SPDX-License-Identifier: Apache-2.0

package dev.unroll.train;

import dev.unroll.Arena;
import dev.unroll.Ops;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import dev.unroll.nn.Layer;
import dev.unroll.nn.Parameter;
import dev.unroll.nn.Pass;
import dev.unroll.nn.Sequential;
import dev.unroll.nn.State;
import dev.unroll.nn.Trace;
import java.util.ArrayList;
import java.util.List;

/**
 * Looks into back-propagation through time: how long the gradient of the loss stays on its way back
 * from step to step, which gates stand open or shut all the time, which units do nothing.
 *
 * <p>It runs a model over one batch a step at a time, with the state carried over, which gives the
 * same bits as one run over all steps, and back in the same way; in between, states and their
 * gradients can be seen. Dropout is off. Gradients of the parameters are zero afterwards.
 */
public final class XRay {
  /**
   * What goes into the model at a step.
   *
   * @param <I> as the model takes it
   */
  @FunctionalInterface
  public interface Input<I> {
    /**
     * Gives the input.
     *
     * @param arena takes tensors
     * @param step from 0
     * @return B rows
     */
    I at(Arena arena, int step);
  }

  /** The loss at a step. */
  @FunctionalInterface
  public interface Loss {
    /**
     * Gives the gradient of the loss for what the model put out.
     *
     * @param arena takes tensors
     * @param step from 0
     * @param output of this step
     * @return gradient of the output's shape; null where the step has no loss
     */
    Tensor gradient(Arena arena, int step, Tensor output);
  }

  private XRay() {}

  /**
   * Takes a picture. To see how far memory reaches let only the last step have a loss.
   *
   * @param ops where the model lives
   * @param model with a recurrent layer; none may be bidirectional
   * @param steps number of steps, 2 or more
   * @param batch sequences B
   * @param input what goes in
   * @param loss what comes back
   * @param <I> what the model takes
   * @return what was seen
   */
  public static <I> XRayReport take(
      Ops ops, Sequential<I> model, int steps, int batch, Input<I> input, Loss loss) {
    requireRecurrent(model, steps);
    try (Arena arena = ops.arena("x-ray")) {
      List<Trace> traces = new ArrayList<>();
      XRayUnits units = new XRayUnits(ops, model);
      State state = model.zeroState(arena, batch);
      for (int t = 0; t < steps; t++) {
        Pass pass = Pass.of(arena, Steps.uniform(1, batch));
        I in = input.at(arena, t);
        Trace trace = model.forward(pass, in, state);
        units.see(arena, in, trace, state);
        state = trace.finalState();
        traces.add(trace);
      }
      float[] norms = norms(arena, traces, loss);
      Parameter.zeroGrads(ops, model.parameters());
      return new XRayReport(norms, units.saturation(), units.dead());
    }
  }

  /**
   * The norms of the gradients that later steps send into the state after each step but the last.
   */
  private static float[] norms(Arena arena, List<Trace> traces, Loss loss) {
    Ops ops = arena.ops();
    int last = traces.size() - 1;
    Tensor norms = arena.tensor(1, last);
    State gradient = State.NONE;
    for (int t = last; t >= 1; t--) {
      Tensor output = traces.get(t).output();
      Tensor dOutput = loss.gradient(arena, t, output);
      if (dOutput == null) {
        dOutput = arena.tensor(output.rows(), output.cols());
        ops.fill(0, dOutput);
      }
      gradient = traces.get(t).backward(dOutput, gradient).initial();
      ops.norm(List.copyOf(gradient.tensors().values()), norms.cols(t - 1, 1));
    }
    return ops.read(norms);
  }

  private static void requireRecurrent(Layer<?> model, int steps) {
    if (steps < 2) {
      throw new IllegalArgumentException("x-ray: needs 2 steps or more: " + steps);
    }
    boolean recurrent = false;
    for (Parameter p : model.parameters()) {
      recurrent |= p.name().contains("weight_hh_l");
      if (p.name().endsWith("_reverse")) {
        throw new IllegalArgumentException(
            "x-ray: "
                + p.name()
                + " runs backwards in time, and one step at a time is not what it computes; look"
                + " at a model of one direction");
      }
    }
    if (!recurrent) {
      throw new IllegalArgumentException("x-ray: the model has no recurrent layer");
    }
  }
}
