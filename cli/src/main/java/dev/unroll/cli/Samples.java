// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.train.TrainingListener;
import dev.unroll.train.TrainingStep;

/** Evaluates as often as the user wants, and shows now and then what the network can do. */
final class Samples implements TrainingListener {
  static final int LENGTH = 300;

  private static final int OFTEN = 8;
  private static final long RARELY = 200;

  private final Session session;
  private final TrainSettings settings;
  private final long total;
  private final long samplesEvery;
  private final Metrics metrics;
  private final Evaluations evaluations;
  private final ProgressReport progress;

  /**
   * Starts.
   *
   * @param progress prints; null in a quiet run, which has no samples
   */
  Samples(
      Session session,
      TrainSettings settings,
      long total,
      Metrics metrics,
      Evaluations evaluations,
      ProgressReport progress) {
    this.session = session;
    this.settings = settings;
    this.total = total;
    this.samplesEvery = Math.max(RARELY, total / OFTEN);
    this.metrics = metrics;
    this.evaluations = evaluations;
    this.progress = progress;
  }

  @Override
  public void onStep(TrainingStep step) {
    // The last step is evaluated and sampled with the results.
    if (step.number() == total) {
      return;
    }
    if (settings.eval() > 0 && step.number() % settings.eval() == 0) {
      evaluate(step.number());
    }
    if (progress != null && step.number() % samplesEvery == 0) {
      String text = session.sample(LENGTH, settings.seed());
      metrics.sample(step.number(), text);
      progress.print("\na sample at step " + step.number() + ":\n" + text + "\n");
    }
  }

  private void evaluate(long step) {
    double value = evaluations.take(step);
    if (progress != null) {
      progress.print(Console.format("step %d/%d  %s %.4f", step, total, session.metric(), value));
    }
  }
}
