// SPDX-License-Identifier: Apache-2.0

package dev.unroll.train;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongToDoubleFunction;

/**
 * A learning rate that is lowered when a measured value stops falling, as PyTorch's
 * ReduceLROnPlateau does by default: a value counts as better if it is below the best by more than
 * 1e-4 of it. {@link #state} belongs into the checkpoint.
 */
public final class Plateau implements LongToDoubleFunction {
  private static final double THRESHOLD = 1e-4;

  private final double factor;
  private final int patience;
  private final double floor;
  private double rate;
  private double best = Double.POSITIVE_INFINITY;
  private long waited;

  /**
   * A schedule that has seen nothing.
   *
   * @param rate learning rate at first
   * @param factor what it is multiplied by, between 0 and 1
   * @param patience how many values in a row may fail to be better before that
   * @param floor lowest rate
   */
  public Plateau(double rate, double factor, int patience, double floor) {
    Schedules.requirePositive("rate", rate);
    if (!(factor > 0 && factor < 1) || patience < 0 || !(floor >= 0)) {
      throw new IllegalArgumentException(
          "plateau: factor must be between 0 and 1, patience and floor not negative: "
              + factor
              + ", "
              + patience
              + ", "
              + floor);
    }
    this.rate = rate;
    this.factor = factor;
    this.patience = patience;
    this.floor = floor;
  }

  /**
   * Tells a measured value, such as the loss on held-out data.
   *
   * @param value the smaller the better; NaN is never better
   */
  public void observe(double value) {
    if (value < (Double.isInfinite(best) ? best : best - THRESHOLD * Math.abs(best))) {
      best = value;
      waited = 0;
    } else if (++waited > patience) {
      rate = Math.max(floor, rate * factor);
      waited = 0;
    }
  }

  /**
   * The rate as it is now.
   *
   * @param step not used
   * @return learning rate
   */
  @Override
  public double applyAsDouble(long step) {
    return rate;
  }

  /**
   * What a resumed run needs.
   *
   * @return numbers by name, as JSON can hold them
   */
  public Map<String, Object> state() {
    Map<String, Object> state = new LinkedHashMap<>();
    state.put("rate", rate);
    state.put("waited", waited);
    if (!Double.isInfinite(best)) {
      state.put("best", best);
    }
    return state;
  }

  /**
   * Goes on from a saved state.
   *
   * @param state of an earlier run
   */
  public void restore(Map<String, Object> state) {
    if (!(state.get("rate") instanceof Number savedRate)
        || !(state.get("waited") instanceof Number savedWaited)) {
      throw new IllegalArgumentException("plateau: not the state of a plateau: " + state);
    }
    rate = savedRate.doubleValue();
    waited = savedWaited.longValue();
    best = state.get("best") instanceof Number n ? n.doubleValue() : Double.POSITIVE_INFINITY;
  }
}
