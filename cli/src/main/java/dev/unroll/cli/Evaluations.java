// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.nn.ModelFile;
import dev.unroll.train.KeptCheckpoints;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Map;

/**
 * Measures the network on held-out data. With {@code --eval} the weights of the best measurement
 * are kept, {@code best.safetensors}, and those of the last few.
 */
final class Evaluations {
  private static final int LAST = 3;

  private final TrainSettings settings;
  private final Session session;
  private final Metrics metrics;
  private final KeptCheckpoints kept;
  private boolean outOfPatience;

  Evaluations(RunFolder folder, TrainSettings settings, Session session, Metrics metrics) {
    this.settings = settings;
    this.session = session;
    this.metrics = metrics;
    this.kept = new KeptCheckpoints(folder.path(), LAST);
  }

  /** Goes on from what the run that is resumed found best. */
  void resume(Path before) throws IOException {
    kept.takeBest(new KeptCheckpoints(before, LAST));
    countStale();
  }

  /**
   * Measures.
   *
   * @param step steps done
   * @return the metric
   */
  double take(long step) {
    double value = session.evaluate();
    metrics.weights(step, session.ops, session.network().parameters());
    metrics.evaluation(step, value);
    if (isRegular(step)) {
      try {
        kept.write(step, session.largerIsBetter() ? -value : value, file -> write(file, step));
        countStale();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return value;
  }

  /** Whether so many measurements in a row were no better that training is to stop. */
  boolean outOfPatience() {
    return outOfPatience;
  }

  /** The measurement at the end of a run is none that a longer run has too. */
  private boolean isRegular(long step) {
    return settings.eval() > 0 && step % settings.eval() == 0;
  }

  private void countStale() throws IOException {
    long stale =
        metrics.evaluations().tailMap(kept.bestStep() + 1).keySet().stream()
            .filter(this::isRegular)
            .count();
    outOfPatience = settings.patience() > 0 && stale >= settings.patience();
  }

  /**
   * Puts the best weights back.
   *
   * @return what was measured with them; NaN if nothing was ever measured but that
   */
  double restoreBest() throws IOException {
    if (kept.bestStep() == 0) {
      return Double.NaN;
    }
    ModelFile.read(kept.best(), session.ops, session.network());
    return best();
  }

  private double best() throws IOException {
    double value = kept.bestValue();
    return session.largerIsBetter() ? -value : value;
  }

  /** Writes the weights as they are. */
  void write(Path file, long step) throws IOException {
    ModelFile.write(
        file,
        session.ops,
        session.network(),
        Map.of("recipe", settings.recipe(), "steps", Long.toString(step)));
  }

  /** Tells of the best weights, if any were kept. */
  void printBest(Console console) throws IOException {
    if (!Double.isInfinite(kept.bestValue())) {
      console.print(
          "best %s: %.4f at step %d, in %s",
          session.metric(), best(), kept.bestStep(), kept.best());
    }
  }
}
