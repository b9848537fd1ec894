// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.Arena;
import dev.unroll.Ops;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code unroll train}: trains a recipe, or goes on with a run. */
@Command(
    name = "train",
    description = {
      "Trains a network; with nothing else, a character language model on Moby-Dick.",
      "Writes the model, plots, metrics and a checkpoint to a new folder."
    })
final class TrainCommand implements Callable<Integer> {
  @Mixin private TrainOptions options;

  private final Console console;

  TrainCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    options.check();
    SavedRun saved = options.resume() == null ? null : SavedRun.read(options.resume());
    Recipe recipe = Recipes.byName(saved == null ? options.recipe() : saved.settings().recipe());
    TrainSettings base = saved == null ? recipe.defaults() : saved.settings();
    TrainSettings given = options.over(base);
    Corpus corpus = Corpus.load(given.data(), recipe.resource());
    TrainSettings settings = given.with(corpus);
    if (saved != null) {
      settings.requireSame(base);
    }
    Summary summary = new Summary(recipe, settings, corpus);
    if (options.diagram() != null) {
      console.print("%s", summary.diagram(options.diagram()).stripTrailing());
      return ExitCode.DONE;
    }
    try (Interrupts interrupts = new Interrupts();
        Ops ops =
            BackendChoice.open(options.backend(), options.backendOptions(settings.precision()));
        Arena model = ops.arena("model")) {
      Session session = open(recipe, model, settings, corpus);
      if (options.findLr()) {
        return new RateSearch(session)
            .run(console, options.totalSteps(session.stepsPerEpoch(), RateSearch.STEPS));
      }
      return new TrainRun(console, options, settings, saved, session)
          .run(recipe.steps(), interrupts, () -> console.print("%s", summary.text()));
    }
  }

  /** Makes a recipe's network and reads its data. */
  static Session open(Recipe recipe, Arena model, TrainSettings settings, Corpus corpus) {
    try {
      return recipe.opener().open(model, settings, corpus);
    } catch (IllegalArgumentException e) {
      throw CliException.usage("data " + corpus.source() + ": " + e.getMessage(), e);
    }
  }
}
