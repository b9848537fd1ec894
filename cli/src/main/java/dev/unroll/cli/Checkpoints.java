// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.train.Checkpoint;
import dev.unroll.train.Trainer;
import dev.unroll.train.TrainingListener;
import dev.unroll.train.TrainingStep;
import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * Saves the run every few seconds (system property {@code unroll.checkpoint.seconds}), so that
 * little is lost when the process is killed. Each checkpoint replaces the one before in one go.
 */
final class Checkpoints implements TrainingListener {
  private static final long SECONDS = 20;

  private final RunFolder folder;
  private final TrainSettings settings;
  private final long total;
  private final Trainer trainer;
  private final Session session;
  private final Metrics metrics;
  private final long interval = Long.getLong("unroll.checkpoint.seconds", SECONDS) * 1_000_000_000L;
  private long last = System.nanoTime();

  Checkpoints(
      RunFolder folder,
      TrainSettings settings,
      long total,
      Trainer trainer,
      Session session,
      Metrics metrics) {
    this.folder = folder;
    this.settings = settings;
    this.total = total;
    this.trainer = trainer;
    this.session = session;
    this.metrics = metrics;
  }

  @Override
  public void onStep(TrainingStep step) {
    if (System.nanoTime() - last >= interval) {
      try {
        write();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** Saves the run as it is now. */
  void write() throws IOException {
    // First the metrics, so that they reach at least as far as the checkpoint.
    metrics.flush();
    Checkpoint.Progress progress =
        new Checkpoint.Progress(
            settings.seed(), trainer.steps(), trainer.losses(), SavedRun.tree(settings, total));
    try {
      Checkpoint.write(
          folder.file(RunFolder.CHECKPOINT),
          session.ops,
          progress,
          session.optimizer(),
          session.carried());
    } catch (IllegalStateException e) {
      String where = " after step " + trainer.steps() + "; use a smaller --lr than ";
      throw CliException.failed(e.getMessage() + "\ntraining diverged" + where + settings.lr(), e);
    }
    last = System.nanoTime();
  }
}
