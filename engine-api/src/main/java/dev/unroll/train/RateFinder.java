// SPDX-License-Identifier: Apache-2.0

package dev.unroll.train;

import dev.unroll.Ops;
import dev.unroll.Tensor;
import dev.unroll.nn.Parameter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Finds a learning rate by trial (L. Smith, 2017): trains for some steps while the rate grows from
 * very small to far too large, and looks where the loss fell fastest. Parameters and optimiser are
 * put back afterwards; what else the task carries from step to step is the caller's to reset.
 */
public final class RateFinder {
  /** Weight of the past in the smoothed loss. */
  private static final double SMOOTHING = 0.9;

  /** A smoothed loss that is so many times the lowest ends the trial. */
  private static final double TOO_MUCH = 4;

  private RateFinder() {}

  /**
   * What was measured.
   *
   * @param rates learning rate of each step
   * @param losses smoothed loss before each step
   * @param suggestion the rate where the smoothed loss fell fastest; 0 if it never fell
   */
  public record Result(List<Double> rates, List<Double> losses, double suggestion) {}

  /**
   * Runs the trial.
   *
   * @param ops where the model lives
   * @param optimizer as it will be used
   * @param clipping as it will be used
   * @param task forward and backward pass
   * @param low first learning rate
   * @param high last learning rate
   * @param steps number of steps, at least 10
   * @return what was measured, up to where the loss exploded
   */
  public static Result run(
      Ops ops,
      Optimizer optimizer,
      Clipping clipping,
      Trainer.Task task,
      double low,
      double high,
      int steps) {
    Schedules.requirePositive("lowest rate", low);
    if (!(high > low) || steps < 10) {
      throw new IllegalArgumentException(
          "rate finder: needs a highest rate above the lowest and 10 steps or more: "
              + low
              + " to "
              + high
              + " in "
              + steps);
    }
    double factor = StrictMath.pow(high / low, 1.0 / (steps - 1));
    Curve curve = new Curve();
    Trainer trainer =
        new Trainer(ops, optimizer, clipping, Schedules.exponential(low, factor), task);
    trainer.addListener(curve);
    Map<Tensor, float[]> before = save(ops, optimizer);
    long stepsBefore = optimizer.steps();
    try {
      trainer.run(steps, curve::exploded);
    } catch (DivergedException e) {
      // Too large a rate is what the trial ends with; the measured ones lie before it.
    } finally {
      before.forEach((tensor, values) -> ops.write(values, tensor));
      optimizer.resume(stepsBefore);
    }
    return new Result(List.copyOf(curve.rates), List.copyOf(curve.losses), curve.steepest());
  }

  private static Map<Tensor, float[]> save(Ops ops, Optimizer optimizer) {
    List<Tensor> all = new ArrayList<>(optimizer.state().values());
    optimizer.parameters().stream().map(Parameter::value).forEach(all::add);
    Map<Tensor, float[]> values = new LinkedHashMap<>();
    all.forEach(t -> values.put(t, ops.read(t)));
    return values;
  }

  private static final class Curve implements TrainingListener {
    final List<Double> rates = new ArrayList<>();
    final List<Double> losses = new ArrayList<>();
    private double average;
    private double lowest = Double.POSITIVE_INFINITY;

    @Override
    public void onStep(TrainingStep step) {
      average = SMOOTHING * average + (1 - SMOOTHING) * step.loss();
      // As for Adam's moments: an average that starts from 0 is too small at first.
      double smooth = average / (1 - StrictMath.pow(SMOOTHING, rates.size() + 1.0));
      rates.add(step.learningRate());
      losses.add(smooth);
      lowest = Math.min(lowest, smooth);
    }

    boolean exploded() {
      double bound = lowest + (TOO_MUCH - 1) * Math.abs(lowest);
      return !losses.isEmpty() && losses.get(losses.size() - 1) > bound;
    }

    double steepest() {
      double suggestion = 0;
      double best = 0;
      for (int i = 1; i < losses.size(); i++) {
        double fall = losses.get(i - 1) - losses.get(i);
        if (fall > best) {
          best = fall;
          suggestion = rates.get(i);
        }
      }
      return suggestion;
    }
  }
}
