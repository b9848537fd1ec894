// SPDX-License-Identifier: Apache-2.0

package dev.unroll.train;

import dev.unroll.Arena;
import dev.unroll.Ops;
import dev.unroll.Recording;
import dev.unroll.Tensor;
import dev.unroll.nn.Parameter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.LongToDoubleFunction;

/**
 * The training loop: gradients to zero, the task's forward and backward pass, clipping, optimiser
 * step. Loss and gradient norm are read together, once per step; nothing else waits for the device.
 */
public final class Trainer {
  /** Forward and backward pass of one step. */
  @FunctionalInterface
  public interface Task {
    /**
     * Computes a loss and adds its gradient to the parameters'.
     *
     * @param arena for all tensors of the step; closed after it
     * @param number the step, from 1; with {@link #accumulate} the run
     * @return the loss [1, 1]
     */
    Tensor run(Arena arena, long number);

    /**
     * Writes the data of a run to tensors that outlive it, before {@link #run}.
     *
     * @param number as in {@link #run}
     */
    default void feed(long number) {}

    /**
     * Whether every run does the same on the same tensors, once they are fed. Then it is called
     * once and recorded ({@link Ops#record}), which spares each step what surrounds the operations.
     *
     * @return false, unless overridden
     */
    default boolean repeats() {
      return false;
    }
  }

  /** What a step measures, before the update; both is [loss, norm]. */
  private record Measured(Tensor norm, Tensor both) {}

  private final Ops ops;
  private final Optimizer optimizer;
  private final Clipping clipping;
  private final LongToDoubleFunction learningRate;
  private final Task task;
  private final List<TrainingListener> listeners = new ArrayList<>();
  private float[] losses = new float[256];
  private int steps;
  private int parts = 1;
  private final float[] read = new float[2];
  private Recording gradients;
  private Recording clip;
  private Measured measured;
  private Tensor scale;

  /**
   * A loop at step 0.
   *
   * @param ops where to train
   * @param optimizer updates its parameters
   * @param clipping bound of the gradients
   * @param learningRate of each step, by its number from 1
   * @param task forward and backward pass
   */
  public Trainer(
      Ops ops,
      Optimizer optimizer,
      Clipping clipping,
      LongToDoubleFunction learningRate,
      Task task) {
    this.ops = ops;
    this.optimizer = optimizer;
    this.clipping = clipping;
    this.learningRate = learningRate;
    this.task = task;
  }

  /**
   * Adds a listener, called after those added before.
   *
   * @param listener who wants to hear of each step
   */
  public void addListener(TrainingListener listener) {
    listeners.add(listener);
  }

  /**
   * Makes each step of several runs of the task, whose gradients and losses are averaged: a batch
   * larger than fits at once. The task is then called with numbers from 1 on that count the runs.
   *
   * @param runs runs of the task for each step, at least 1
   */
  public void accumulate(int runs) {
    if (runs < 1) {
      throw new IllegalArgumentException("trainer: runs per step must be at least 1: " + runs);
    }
    parts = runs;
  }

  /**
   * Goes on after the steps of an earlier run.
   *
   * @param lossesSoFar the loss of each step done
   */
  public void resume(float[] lossesSoFar) {
    losses = Arrays.copyOf(lossesSoFar, lossesSoFar.length + 256);
    steps = lossesSoFar.length;
  }

  /**
   * Steps done, those before a resume included.
   *
   * @return number of steps
   */
  public int steps() {
    return steps;
  }

  /**
   * The loss of every step since step 1.
   *
   * @return a copy
   */
  public float[] losses() {
    return Arrays.copyOf(losses, steps);
  }

  /**
   * Trains.
   *
   * @param until total number of steps after which it ends
   * @param stop asked before each step; true ends it there
   * @throws DivergedException if loss or gradient is not finite; the parameters are as the step
   *     before left them
   */
  public void run(long until, BooleanSupplier stop) {
    try {
      while (steps < until && !stop.getAsBoolean()) {
        TrainingStep done = step();
        if (steps == losses.length) {
          losses = Arrays.copyOf(losses, 2 * steps);
        }
        losses[steps++] = done.loss();
        listeners.forEach(l -> l.onStep(done));
      }
    } finally {
      forget(gradients);
      forget(clip);
      gradients = null;
      clip = null;
    }
  }

  private static void forget(Recording recording) {
    if (recording != null) {
      recording.close();
    }
  }

  private TrainingStep step() {
    long number = steps + 1L;
    double rate = learningRate.applyAsDouble(number);
    if (parts == 1 && task.repeats()) {
      repeat(number, rate);
    } else {
      try (Arena arena = ops.arena("training step " + number)) {
        if (parts == 1) {
          task.feed(number);
        }
        Measured measured = measure(arena, number);
        requireFinite(measured, number, rate);
        optimizer.step(rate, clipping.apply(arena, optimizer.trained(), measured.norm()));
      }
    }
    return new TrainingStep(number, read[0], read[1], rate);
  }

  /** A step whose parts are recorded the first time. */
  private void repeat(long number, double rate) {
    task.feed(number);
    if (gradients == null) {
      gradients = ops.record("training step", arena -> measured = measure(arena, number));
    } else {
      gradients.run();
    }
    requireFinite(measured, number, rate);
    if (clip == null) {
      clip =
          ops.record(
              "clipping",
              arena -> scale = clipping.apply(arena, optimizer.trained(), measured.norm()));
    } else {
      clip.run();
    }
    optimizer.step(rate, scale);
  }

  private Measured measure(Arena arena, long number) {
    Parameter.zeroGrads(ops, optimizer.parameters());
    Tensor loss = parts == 1 ? task.run(arena, number) : accumulated(arena, number);
    Tensor norm = Clipping.norm(arena, optimizer.trained());
    Tensor both = arena.tensor(1, 2);
    ops.copy(loss, both.cols(0, 1));
    ops.copy(norm, both.cols(1, 1));
    return new Measured(norm, both);
  }

  private void requireFinite(Measured measured, long number, double rate) {
    ops.read(measured.both(), read);
    if (!Float.isFinite(read[0]) || !Float.isFinite(read[1])) {
      throw new DivergedException(number, culprit(read[0]), read[0], rate);
    }
  }

  private Tensor accumulated(Arena arena, long number) {
    Tensor each = arena.tensor(1, parts);
    for (int i = 0; i < parts; i++) {
      try (Arena part = ops.arena("part " + (i + 1) + " of training step " + number)) {
        long run = (number - 1) * parts + i + 1;
        task.feed(run);
        ops.copy(task.run(part, run), each.cols(i, 1));
      }
    }
    for (Parameter p : optimizer.trained()) {
      ops.axpby((float) (1.0 / parts), p.grad(), 0, p.grad());
    }
    Tensor mean = arena.tensor(1, 1);
    ops.sum(each, parts, mean);
    return mean;
  }

  /** A parameter that is not finite is the cause of all else; a gradient names the layer. */
  private String culprit(float loss) {
    for (Parameter p : optimizer.parameters()) {
      if (!isFinite(p.value())) {
        return "parameter " + p.name();
      }
    }
    for (Parameter p : optimizer.trained()) {
      if (!isFinite(p.grad())) {
        return "the gradient of " + p.name();
      }
    }
    // All are finite but too large for what is computed from them: the largest names the layer.
    return Float.isFinite(loss)
        ? "the norm of the gradients (the largest is that of " + largest(Parameter::grad) + ")"
        : "the loss (the largest values are those of " + largest(Parameter::value) + ")";
  }

  private boolean isFinite(Tensor tensor) {
    return Float.isFinite(magnitude(tensor));
  }

  private String largest(Function<Parameter, Tensor> part) {
    return optimizer.parameters().stream()
        .max(Comparator.comparing(p -> magnitude(part.apply(p))))
        .map(Parameter::name)
        .orElse("no parameter");
  }

  /** The largest absolute value; NaN if there is one. */
  private float magnitude(Tensor tensor) {
    float largest = 0f;
    for (float value : ops.read(tensor)) {
      largest = Math.max(largest, Math.abs(value));
    }
    return largest;
  }
}
