// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.Ops;
import dev.unroll.train.Clipping;
import dev.unroll.train.ClippingEvents;
import dev.unroll.train.Digest;
import dev.unroll.train.DivergedException;
import dev.unroll.train.Trainer;
import dev.unroll.train.XRayReport;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** One training run from its first step, or the checkpoint it goes on from, to its results. */
final class TrainRun {
  private static final int LOSSES_OF_RESULT = 100;

  /** The losses of all steps are kept in memory. */
  private static final long MOST_STEPS = 1_000_000_000;

  private final Console console;
  private final TrainOptions options;
  private final TrainSettings settings;
  private final SavedRun saved;
  private final Ops ops;
  private final Session session;
  private final Trainer trainer;
  private final ClippingEvents clipped;

  TrainRun(
      Console console,
      TrainOptions options,
      TrainSettings settings,
      SavedRun saved,
      Session session) {
    this.console = console;
    this.options = options;
    this.settings = settings;
    this.saved = saved;
    this.ops = session.ops;
    this.session = session;
    this.trainer = trainer(session);
    this.clipped = new ClippingEvents(settings.clip());
  }

  /** The trainer of a session. */
  static Trainer trainer(Session session) {
    return new Trainer(
        session.ops,
        session.optimizer(),
        clipping(session.settings),
        session::learningRate,
        session);
  }

  /** How gradients are bounded. */
  static Clipping clipping(TrainSettings settings) {
    return settings.clip() == 0 ? Clipping.NONE : Clipping.byNorm((float) settings.clip());
  }

  /**
   * Trains.
   *
   * @param defaultSteps steps in all where neither the user nor a resumed run gives a number
   * @param interrupts tells when to stop early
   * @param summary prints what will be trained, once nothing speaks against it
   * @return the exit code
   */
  int run(long defaultSteps, Interrupts interrupts, Runnable summary) throws IOException {
    if (saved != null) {
      saved.restore(ops, session, trainer);
    }
    long total =
        options.totalSteps(session.stepsPerEpoch(), saved == null ? defaultSteps : saved.steps());
    requireAhead(total);
    if (options.explain()) {
      console.print("%s", session.explain());
    }
    if (options.xray()) {
      requireXray();
    }
    RunFolder folder = RunFolder.create(options.out(), settings.recipe());
    folder.writeConfig(session, settings, total);
    announce(folder, total, summary);
    try (Metrics metrics = new Metrics(folder.path(), earlierMetrics(), session)) {
      Checkpoints checkpoints = new Checkpoints(folder, settings, total, trainer, session, metrics);
      Evaluations evaluations = new Evaluations(folder, settings, session, metrics);
      if (saved != null) {
        evaluations.resume(saved.folder());
      }
      checkpoints.write();
      train(folder, total, metrics, evaluations, checkpoints, interrupts);
      checkpoints.write();
      if (trainer.steps() < total && !evaluations.outOfPatience()) {
        return interrupted(folder, total);
      }
      finish(folder, metrics, evaluations);
    }
    return ExitCode.DONE;
  }

  /** Looks before anything is trained, so that a network it cannot look into is refused early. */
  private void requireXray() {
    try {
      session.xray();
    } catch (IllegalArgumentException e) {
      throw CliException.usage("--xray: " + e.getMessage(), e);
    }
  }

  private void requireAhead(long total) {
    if (total > MOST_STEPS) {
      throw CliException.usage("a run has at most " + MOST_STEPS + " steps: " + total);
    }
    if (total < trainer.steps()) {
      throw CliException.usage(
          "the run in "
              + saved.folder()
              + " is at step "
              + trainer.steps()
              + ", beyond the "
              + total
              + " steps asked for; --steps is the total");
    }
  }

  private List<Map<String, Object>> earlierMetrics() throws IOException {
    return saved == null
        ? List.of()
        : Metrics.read(saved.folder().resolve(RunFolder.METRICS), trainer.steps());
  }

  private void announce(RunFolder folder, long total, Runnable summary) {
    if (!options.quiet()) {
      summary.run();
      console.print(
          "%s on %s: step %d to %d, %s",
          settings.recipe(), ops.name(), trainer.steps(), total, session.data());
      console.print("writing to %s", folder);
    }
  }

  private void train(
      RunFolder folder,
      long total,
      Metrics metrics,
      Evaluations evaluations,
      Checkpoints checkpoints,
      Interrupts interrupts) {
    trainer.addListener(metrics);
    trainer.addListener(clipped);
    try (ProgressReport progress =
        options.quiet()
            ? null
            : new ProgressReport(console, trainer.steps(), total, session.tokensPerStep())) {
      if (progress != null) {
        trainer.addListener(progress);
      }
      trainer.addListener(new Samples(session, settings, total, metrics, evaluations, progress));
      trainer.addListener(checkpoints);
      trainer.run(total, () -> interrupts.requested() || evaluations.outOfPatience());
    } catch (DivergedException e) {
      throw CliException.failed(e.getMessage() + "\nthe last checkpoint is in " + folder, e);
    }
  }

  private int interrupted(RunFolder folder, long total) {
    console.note("interrupted at step %d of %d; the checkpoint is saved", trainer.steps(), total);
    console.note("go on with: unroll train --resume %s", folder);
    return ExitCode.INTERRUPTED;
  }

  private void finish(RunFolder folder, Metrics metrics, Evaluations evaluations)
      throws IOException {
    double metric =
        evaluations.outOfPatience() ? evaluations.restoreBest() : evaluations.take(trainer.steps());
    evaluations.write(folder.file(RunFolder.MODEL), trainer.steps());
    PlacementFile.write(folder.file(RunFolder.PLACEMENT), ops.placement());
    LossPlot.write(folder.file(RunFolder.PLOT), trainer.losses(), metrics.evaluations());
    session.plot(folder.path());
    if (options.xray()) {
      xray(folder, metrics);
    }
    if (!options.quiet()) {
      console.print("\na sample:\n%s\n", session.sample(Samples.LENGTH, settings.seed()));
      evaluations.printBest(console);
    }
    console.print(
        "result %s backend=%s precision=%s steps=%d loss=%.4f metric=%s:%.4f",
        settings.recipe(),
        ops.placement().backend(),
        ops.placement().precision().name().toLowerCase(Locale.ROOT),
        trainer.steps(),
        meanOfLast(trainer.losses()),
        session.metric(),
        metric);
    console.print("digest sha256:%s", digest(session, trainer));
  }

  /** What equals on every backend: of all losses and the parameters. */
  static String digest(Session session, Trainer trainer) {
    return new Digest()
        .add(trainer.losses())
        .add(session.ops, session.network().parameters())
        .hex();
  }

  private void xray(RunFolder folder, Metrics metrics) throws IOException {
    for (Map.Entry<String, XRayReport> e : session.xray().entrySet()) {
      console.print("x-ray of %s: %s", e.getKey(), String.join("\n  ", e.getValue().verdict()));
      metrics.xray(e.getValue());
      XRayPlot.write(folder.file("xray-" + e.getKey() + ".png"), e.getValue());
    }
    if (settings.clip() > 0) {
      console.print("%s", clipped);
    }
  }

  static double meanOfLast(float[] losses) {
    int from = Math.max(0, losses.length - LOSSES_OF_RESULT);
    double sum = 0;
    for (int i = from; i < losses.length; i++) {
      sum += losses[i];
    }
    return sum / (losses.length - from);
  }
}
