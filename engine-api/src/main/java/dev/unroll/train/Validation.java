// SPDX-License-Identifier: Apache-2.0

package dev.unroll.train;

import dev.unroll.Ops;
import dev.unroll.Tensor;
import dev.unroll.nn.Parameter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.DoubleSupplier;
import java.util.function.ObjDoubleConsumer;

/**
 * Measures a model on held-out data every so many steps, keeps the best weights, and asks to stop
 * when they do not get better: give it to {@link Trainer#addListener} and to {@link Trainer#run} as
 * the stop. A value that is NaN is never better.
 */
public final class Validation implements TrainingListener, BooleanSupplier {
  private final Ops ops;
  private final List<Parameter> parameters;
  private final long every;
  private final int patience;
  private final DoubleSupplier measure;
  private final ObjDoubleConsumer<TrainingStep> told;
  private final Map<Tensor, float[]> best = new LinkedHashMap<>();
  private double bestValue = Double.POSITIVE_INFINITY;
  private long bestStep;
  private int waited;

  /**
   * A validation that has measured nothing.
   *
   * @param ops where the model lives
   * @param parameters of the model
   * @param every steps from one measurement to the next
   * @param patience how many measurements in a row may fail to be better before it asks to stop
   * @param measure the loss on held-out data, the smaller the better
   * @param told hears each value: metrics, {@link Plateau#observe}, checkpoints
   */
  public Validation(
      Ops ops,
      List<Parameter> parameters,
      long every,
      int patience,
      DoubleSupplier measure,
      ObjDoubleConsumer<TrainingStep> told) {
    if (every < 1 || patience < 1) {
      throw new IllegalArgumentException(
          "validation: interval and patience must be at least 1: " + every + ", " + patience);
    }
    this.ops = ops;
    this.parameters = List.copyOf(parameters);
    this.every = every;
    this.patience = patience;
    this.measure = measure;
    this.told = told;
  }

  @Override
  public void onStep(TrainingStep step) {
    if (step.number() % every != 0) {
      return;
    }
    double value = measure.getAsDouble();
    if (value < bestValue) {
      bestValue = value;
      bestStep = step.number();
      waited = 0;
      parameters.forEach(p -> best.put(p.value(), ops.read(p.value())));
    } else {
      waited++;
    }
    told.accept(step, value);
  }

  /**
   * Whether to stop.
   *
   * @return true once {@code patience} measurements in a row were no better
   */
  @Override
  public boolean getAsBoolean() {
    return waited >= patience;
  }

  /**
   * The lowest value so far.
   *
   * @return infinity if there is none
   */
  public double bestValue() {
    return bestValue;
  }

  /**
   * When it was measured.
   *
   * @return number of the step, 0 if there is none
   */
  public long bestStep() {
    return bestStep;
  }

  /** Puts the weights of the best step back; without one nothing changes. */
  public void restoreBest() {
    best.forEach((tensor, values) -> ops.write(values, tensor));
  }
}
