// SPDX-License-Identifier: Apache-2.0

package dev.unroll.train;

/** Training stopped because loss, gradient or parameter is NaN or infinite. */
public final class DivergedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** The step that was not applied. */
  private final long step;

  /** What was found first. */
  private final String where;

  DivergedException(long step, String where, float loss, double learningRate) {
    super(
        "training diverged at step "
            + step
            + ": "
            + where
            + " is not finite (loss "
            + loss
            + "); use a smaller learning rate than "
            + learningRate
            + " or clip the gradients");
    this.step = step;
    this.where = where;
  }

  /**
   * The step whose loss or gradient was not finite; it was not applied.
   *
   * @return the step, from 1
   */
  public long step() {
    return step;
  }

  /**
   * What was found first.
   *
   * @return such as {@code the gradient of lstm.weight_hh_l0}
   */
  public String where() {
    return where;
  }
}
