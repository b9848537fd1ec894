// SPDX-License-Identifier: Apache-2.0

package dev.unroll.train;

/** Hears of each training step: progress, metrics, checkpoints. */
@FunctionalInterface
public interface TrainingListener {
  /**
   * Called after each step, when its update is queued; a checkpoint taken here holds that step.
   *
   * @param step what happened
   */
  void onStep(TrainingStep step);
}
