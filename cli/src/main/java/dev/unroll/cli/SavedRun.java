// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.Ops;
import dev.unroll.io.FileFormatException;
import dev.unroll.train.Checkpoint;
import dev.unroll.train.Trainer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * A run that can be resumed; its folder is only read.
 *
 * @param folder of the run
 * @param settings it was started with
 * @param steps it was to take in all
 */
record SavedRun(Path folder, TrainSettings settings, long steps) {
  private static final String STEPS = "steps";

  /**
   * Reads what a run was started with.
   *
   * @throws CliException or FileFormatException if there is no usable checkpoint
   */
  static SavedRun read(Path folder) throws IOException {
    Path file = folder.resolve(RunFolder.CHECKPOINT);
    if (!Files.exists(file)) {
      throw CliException.usage(
          "--resume "
              + folder
              + ": there is no "
              + RunFolder.CHECKPOINT
              + "; name the folder of a run");
    }
    try (Checkpoint checkpoint = Checkpoint.open(file)) {
      Map<String, Object> tree = checkpoint.progress().settings();
      return new SavedRun(folder, TrainSettings.fromJson(tree), (Long) tree.get(STEPS));
    } catch (ClassCastException | NullPointerException | IllegalArgumentException e) {
      throw CliException.usage(
          new FileFormatException(
                  file,
                  "holds no settings of a run",
                  "",
                  "use a checkpoint that 'unroll train' wrote")
              .getMessage(),
          e);
    }
  }

  /** The settings as a checkpoint keeps them. */
  static Map<String, Object> tree(TrainSettings settings, long steps) {
    Map<String, Object> tree = settings.toJson();
    tree.put(STEPS, steps);
    return tree;
  }

  /** Brings network, optimiser and trainer to where the run was. */
  void restore(Ops ops, Session session, Trainer trainer) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(folder.resolve(RunFolder.CHECKPOINT))) {
      checkpoint.restore(ops, session.optimizer(), session.carried());
      trainer.resume(checkpoint.progress().losses());
    }
  }
}
