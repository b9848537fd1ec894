// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.BackendProvider;
import dev.unroll.Precision;
import java.nio.file.Path;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What the user gives to {@code unroll train}; null where nothing is given. */
final class TrainOptions {
  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "RECIPE",
      description = "the network to train (default: char-lm); see 'unroll recipes'")
  private String recipe;

  @Option(
      names = "--backend",
      paramLabel = "B",
      defaultValue = "auto",
      description = "cpu, cpu-scalar, ... or auto (default): the best there is")
  private String backend;

  @Option(names = "--steps", paramLabel = "N", description = "training steps in all")
  private Long steps;

  @Option(names = "--epochs", paramLabel = "N", description = "passes over the data, not --steps")
  private Long epochs;

  @Option(names = "--seed", paramLabel = "S", description = "seed of all random numbers")
  private Long seed;

  @Option(names = "--precision", paramLabel = "P", description = "exact (default) or fast")
  private Precision precision;

  @Option(names = "--threads", paramLabel = "N", description = "worker threads of a CPU backend")
  private Integer threads;

  @Option(names = "--data", paramLabel = "FILE", description = "text to train on, UTF-8")
  private Path data;

  @Option(names = "--out", paramLabel = "DIR", description = "default: a new folder in runs/")
  private Path out;

  @Option(names = "--resume", paramLabel = "DIR", description = "goes on with the run in DIR")
  private Path resume;

  @Option(names = "--batch", paramLabel = "N", description = "sequences side by side")
  private Integer batch;

  @Option(names = "--seq", paramLabel = "N", description = "steps back-propagated through")
  private Integer seq;

  @Option(names = "--lr", paramLabel = "X", description = "highest learning rate")
  private Double lr;

  @Option(names = "--clip", paramLabel = "X", description = "largest gradient norm; 0: any")
  private Double clip;

  @Option(
      names = "--eval",
      paramLabel = "N",
      description = "evaluates every N steps too, not only at the end; keeps the best weights")
  private Integer eval;

  @Option(
      names = "--patience",
      paramLabel = "N",
      description =
          "stops after N evaluations in a row without a better one; takes the best weights")
  private Integer patience;

  @Option(
      names = "--find-lr",
      description = "tries learning rates from small to large, tells which to take; trains nothing")
  private boolean findLr;

  @Option(
      names = "--diagram",
      paramLabel = "L",
      description = "prints the network in the language mermaid or dot; trains nothing")
  private Summary.Diagram diagram;

  @Option(
      names = "--vocabulary",
      paramLabel = "V",
      description = "of word-lm: words (default) or byte-pairs (the most frequent of GPT-2's)")
  private VocabularyKind vocabulary;

  @Option(names = "--quiet", description = "prints the last two lines only")
  private boolean quiet;

  @Option(names = "--xray", description = "looks at gradients, gates and units at the end")
  private boolean xray;

  @Option(
      names = "--recompute",
      paramLabel = "K",
      description = "keeps cell states every K steps only: less memory, same bits")
  private Integer recompute;

  @Option(names = "--explain", description = "prints every number of one pass (two-four-one)")
  private boolean explain;

  /**
   * Refuses what cannot be done, before anything is opened.
   *
   * @throws CliException naming the option
   */
  void check() {
    atLeastOne("--recompute", recompute == null ? null : recompute.longValue());
    atLeastOne("--patience", patience == null ? null : patience.longValue());
    if (findLr && resume != null) {
      throw CliException.usage("--find-lr starts from fresh weights; leave out --resume");
    }
    if (steps != null && epochs != null) {
      throw CliException.usage("give --steps or --epochs, not both");
    }
    atLeastOne("--steps", steps);
    atLeastOne("--epochs", epochs);
    atLeastOne("--threads", threads == null ? null : threads.longValue());
    BackendChoice.requireKnown(backend);
  }

  private static void atLeastOne(String option, Long value) {
    if (value != null && value < 1) {
      throw CliException.usage(option + " must be at least 1: " + value);
    }
  }

  /** What is given, over the settings of a resumed run or the defaults of a recipe. */
  TrainSettings over(TrainSettings base) {
    if (vocabulary != null && base.vocabulary() == null) {
      throw CliException.usage("--vocabulary works with the recipe word-lm only");
    }
    return new TrainSettings(
        recipe == null ? base.recipe() : recipe,
        seed == null ? base.seed() : seed,
        precision == null ? base.precision() : precision,
        data == null ? base.data() : data.toString(),
        base.dataSha256(),
        batch == null ? base.batch() : batch,
        seq == null ? base.seq() : seq,
        lr == null ? base.lr() : lr,
        clip == null ? base.clip() : clip,
        eval == null ? base.eval() : eval,
        patience == null ? base.patience() : patience,
        recompute == null ? base.recompute() : recompute,
        vocabulary == null ? base.vocabulary() : vocabulary);
  }

  /** The number of steps in all. */
  long totalSteps(long stepsPerEpoch, long otherwise) {
    if (epochs != null) {
      return Math.multiplyExact(epochs, stepsPerEpoch);
    }
    return steps == null ? otherwise : steps;
  }

  BackendProvider.Options backendOptions(Precision inForce) {
    return new BackendProvider.Options(inForce, threads == null ? 0 : threads);
  }

  String recipe() {
    return recipe == null ? Recipes.ALL.get(0).name() : recipe;
  }

  String backend() {
    return backend;
  }

  Path out() {
    return out;
  }

  Path resume() {
    return resume;
  }

  Summary.Diagram diagram() {
    return diagram;
  }

  boolean findLr() {
    return findLr;
  }

  boolean explain() {
    return explain;
  }

  boolean xray() {
    return xray;
  }

  boolean quiet() {
    return quiet;
  }
}
