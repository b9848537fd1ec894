// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.Arena;
import dev.unroll.BackendProvider;
import dev.unroll.Ops;
import dev.unroll.text.Sampler;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code unroll generate}: lets a trained model write. */
@Command(name = "generate", description = "Writes text with a trained model.")
final class GenerateCommand implements Callable<Integer> {
  @Option(
      names = "--model",
      required = true,
      paramLabel = "DIR",
      description = "folder of a run, or a file of weights in it")
  private Path folder;

  @Option(names = "--prompt", paramLabel = "TEXT", description = "what to go on from, or to answer")
  private String prompt = "";

  @Option(names = "--length", paramLabel = "N", description = "symbols to write (default: 500)")
  private int length = 500;

  @Option(
      names = "--temperature",
      paramLabel = "T",
      description = "0: always the most likely; 1: as the model has it (default: 0.8)")
  private double temperature = 0.8;

  @Option(names = "--top-k", paramLabel = "K", description = "draws from the K most likely only")
  private int topK;

  @Option(
      names = "--top-p",
      paramLabel = "P",
      description = "draws from the most likely that together have probability P")
  private double topP = 1;

  @Option(names = "--beam", paramLabel = "N", description = "searches with N beams, no drawing")
  private Integer beam;

  @Option(names = "--stop", paramLabel = "TEXT", description = "ends after this text")
  private String stop;

  @Option(names = "--seed", paramLabel = "S", description = "of the random numbers (default: 1)")
  private long seed = 1;

  private final Console console;

  GenerateCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    if (length < 0) {
      throw CliException.usage("--length must not be negative: " + length);
    }
    if (beam != null && beam < 1) {
      throw CliException.usage("--beam must be at least 1: " + beam);
    }
    Sampler sampler = new Sampler(temperature, topK, topP, seed);
    ModelFolder model = new ModelFolder(folder);
    try (Ops ops = BackendChoice.open("auto", BackendProvider.Options.DEFAULT);
        Arena arena = ops.arena("model")) {
      Trained trained = model.recipe().loader().load(arena, model);
      requireKnown(trained);
      int width = beam == null ? 0 : beam;
      trained.write(prompt, new Trained.Writing(length, sampler, width, stop), this::show);
      console.out().println();
    }
    return ExitCode.DONE;
  }

  private void requireKnown(Trained trained) {
    try {
      trained.check(prompt);
    } catch (IllegalArgumentException e) {
      throw CliException.usage("--prompt: " + e.getMessage(), e);
    }
  }

  private void show(String piece) {
    console.out().print(piece);
    console.out().flush();
  }
}
