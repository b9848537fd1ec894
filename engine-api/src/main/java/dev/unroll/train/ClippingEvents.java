// SPDX-License-Identifier: Apache-2.0

package dev.unroll.train;

/** Counts how often the gradient was longer than a bound. */
public final class ClippingEvents implements TrainingListener {
  private final double bound;
  private long steps;
  private long events;
  private double largest;

  /**
   * Nothing counted.
   *
   * @param bound that gradients are clipped to
   */
  public ClippingEvents(double bound) {
    this.bound = bound;
  }

  @Override
  public void onStep(TrainingStep step) {
    steps++;
    events += step.gradNorm() > bound ? 1 : 0;
    largest = Math.max(largest, step.gradNorm());
  }

  /**
   * Steps with a gradient beyond the bound.
   *
   * @return their number
   */
  public long events() {
    return events;
  }

  @Override
  public String toString() {
    return "clipped "
        + events
        + " of "
        + steps
        + " steps to norm "
        + bound
        + "; the largest norm was "
        + largest;
  }
}
