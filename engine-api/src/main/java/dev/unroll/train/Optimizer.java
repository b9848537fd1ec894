// SPDX-License-Identifier: Apache-2.0

package dev.unroll.train;

import dev.unroll.Arena;
import dev.unroll.Ops;
import dev.unroll.Tensor;
import dev.unroll.nn.Parameter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Updates parameters from their gradients. Its state is one tensor per parameter and kind, plus the
 * number of steps done; all of it can be saved and restored.
 *
 * <p>Numbers that change from step to step are computed on the host in double and rounded once.
 */
public abstract class Optimizer {
  private final Arena arena;
  private final List<Parameter> parameters;
  private final List<Tensor> values;
  private final List<Tensor> grads;
  private final Tensor scalars;
  private final float[] rounded;
  private final Map<String, Tensor> state = new LinkedHashMap<>();
  private long steps;

  Optimizer(Arena arena, List<Parameter> parameters, int scalarCount) {
    this.arena = arena;
    this.parameters = List.copyOf(parameters);
    this.values = parameters.stream().map(Parameter::value).toList();
    this.grads = parameters.stream().map(Parameter::grad).toList();
    this.scalars = arena.tensor(1, scalarCount);
    this.rounded = new float[scalarCount];
  }

  /** One that leaves the work, and the scalars, to others. */
  Optimizer(Arena arena, List<Optimizer> parts) {
    this.arena = arena;
    this.parameters = parts.stream().flatMap(p -> p.parameters.stream()).toList();
    this.values = null;
    this.grads = null;
    this.scalars = null;
    this.rounded = null;
    requireDistinct(parameters);
    parts.forEach(p -> state.putAll(p.state));
  }

  /**
   * Updates all parameters once.
   *
   * @param learningRate of this step, 0 or more
   * @param gradScale [1, 1] what gradients are multiplied by first, usually from clipping; or null
   * @throws IllegalArgumentException if the learning rate is negative or not finite
   */
  public final void step(double learningRate, Tensor gradScale) {
    require("learning rate", learningRate, 0, Double.MAX_VALUE);
    update(learningRate, gradScale, steps + 1);
    steps++;
  }

  /**
   * Steps done so far, those before a resume included.
   *
   * @return number of steps
   */
  public final long steps() {
    return steps;
  }

  /**
   * Goes on from a saved state, whose tensors have been written to those of {@link #state}.
   *
   * @param stepsDone steps done when it was saved
   */
  public void resume(long stepsDone) {
    if (stepsDone < 0) {
      throw new IllegalArgumentException(
          "optimizer: steps done must not be negative: " + stepsDone);
    }
    steps = stepsDone;
  }

  /**
   * What belongs to the model, frozen parameters too.
   *
   * @return the parameters
   */
  public final List<Parameter> parameters() {
    return parameters;
  }

  /**
   * What is updated: all that is not frozen. Only these gradients are measured and clipped.
   *
   * @return the parameters
   */
  public List<Parameter> trained() {
    return parameters;
  }

  /**
   * The state by name: kind and parameter, such as {@code m.lstm.weight_ih_l0}.
   *
   * @return the tensors themselves
   */
  public final Map<String, Tensor> state() {
    return Collections.unmodifiableMap(state);
  }

  /** Does step {@code number}, counted from 1. */
  abstract void update(double learningRate, Tensor gradScale, long number);

  /** Sets one of the numbers of a step, rounded once. */
  final void scalar(int i, double value) {
    rounded[i] = (float) value;
  }

  /** The numbers of a step where the operation reads them. */
  final Tensor scalars() {
    ops().write(rounded, scalars);
    return scalars;
  }

  final Ops ops() {
    return arena.ops();
  }

  /** One zero tensor for each parameter. */
  final List<Tensor> slots(String kind) {
    List<Tensor> slots = new ArrayList<>();
    for (Parameter p : parameters) {
      String name = kind + "." + p.name();
      Tensor slot = arena.named(name, p.shape());
      ops().fill(0, slot);
      if (state.put(name, slot) != null) {
        throw twice(p);
      }
      slots.add(slot);
    }
    return slots;
  }

  static void require(String what, double value, double low, double high) {
    if (!(value >= low && value <= high)) {
      throw new IllegalArgumentException(
          "optimizer: "
              + what
              + " must be "
              + (high == Double.MAX_VALUE
                  ? "a finite number, at least " + low
                  : low + " to " + high)
              + ": "
              + value);
    }
  }

  private static void requireDistinct(List<Parameter> parameters) {
    Set<String> names = new HashSet<>();
    for (Parameter p : parameters) {
      if (!names.add(p.name())) {
        throw twice(p);
      }
    }
  }

  private static IllegalArgumentException twice(Parameter p) {
    return new IllegalArgumentException(
        "optimizer: there are two parameters '" + p.name() + "'; names must differ");
  }

  final List<Tensor> values() {
    return values;
  }

  final List<Tensor> grads() {
    return grads;
  }
}
