// SPDX-License-Identifier: Apache-2.0

package dev.unroll.train;

import java.util.function.LongToDoubleFunction;

/**
 * Learning rates as functions of the number of the step, from 1: nothing to save, nothing to
 * resume. {@link Plateau} is the one that needs a memory.
 */
public final class Schedules {
  private Schedules() {}

  /**
   * Always the same.
   *
   * @param rate learning rate
   * @return the schedule
   */
  public static LongToDoubleFunction constant(double rate) {
    requirePositive("rate", rate);
    return step -> rate;
  }

  /**
   * Multiplied by a factor after every so many steps.
   *
   * @param rate learning rate of the first steps
   * @param factor usually below 1
   * @param every number of steps with one rate
   * @return the schedule
   */
  public static LongToDoubleFunction step(double rate, double factor, long every) {
    requirePositive("rate", rate);
    requirePositive("factor", factor);
    requirePositive("steps", every);
    return step -> {
      long drops = (step - 1) / every;
      return rate * StrictMath.pow(factor, drops);
    };
  }

  /**
   * Multiplied by a factor after each step.
   *
   * @param rate learning rate of the first step
   * @param factor usually below 1
   * @return the schedule
   */
  public static LongToDoubleFunction exponential(double rate, double factor) {
    return step(rate, factor, 1);
  }

  /**
   * Half a cosine from a rate down to a floor, which is reached one step after the total and then
   * kept (I. Loshchilov, F. Hutter, 2017, without restarts).
   *
   * @param rate learning rate of the first step
   * @param floor learning rate at the end
   * @param total number of steps
   * @return the schedule
   */
  public static LongToDoubleFunction cosine(double rate, double floor, long total) {
    requirePositive("rate", rate);
    requirePositive("steps", total);
    return step -> cosineBetween(rate, floor, Math.min(1, (step - 1) / (double) total));
  }

  /**
   * Another schedule times a factor that rises in equal parts to 1.
   *
   * @param steps step at which the factor is 1
   * @param then the schedule
   * @return the schedule
   */
  public static LongToDoubleFunction warmUp(long steps, LongToDoubleFunction then) {
    requirePositive("steps", steps);
    return step -> Math.min(1, step / (double) steps) * then.applyAsDouble(step);
  }

  /**
   * One cycle as in PyTorch (L. Smith, N. Topin, 2018): half a cosine from peak / 25 up to the peak
   * for three tenths of the steps, then half a cosine down to peak / 250000, which is kept.
   *
   * @param peak highest learning rate
   * @param total number of steps, at least 4
   * @return the schedule
   */
  public static LongToDoubleFunction oneCycle(double peak, long total) {
    requirePositive("peak", peak);
    if (total < 4) {
      throw new IllegalArgumentException("schedule: a cycle needs at least 4 steps: " + total);
    }
    double top = 0.3 * total - 1;
    double end = total - 1 - top;
    return step -> {
      double after = step - 1 - top;
      return after <= 0
          ? cosineBetween(peak / 25, peak, 1 + after / top)
          : cosineBetween(peak, peak / 25e4, Math.min(1, after / end));
    };
  }

  private static double cosineBetween(double from, double to, double share) {
    return to + (from - to) * 0.5 * (1 + StrictMath.cos(StrictMath.PI * share));
  }

  static void requirePositive(String what, double value) {
    if (!(value > 0 && value <= Double.MAX_VALUE)) {
      throw new IllegalArgumentException("schedule: " + what + " must be above 0: " + value);
    }
  }
}
