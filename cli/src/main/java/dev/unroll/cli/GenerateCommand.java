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

/** {@code unroll generate}: lets a trained language model write. */
@Command(name = "generate", description = "Writes text with a trained language model.")
final class GenerateCommand implements Callable<Integer> {
  @Option(names = "--model", required = true, paramLabel = "DIR", description = "folder of a run")
  private Path folder;

  @Option(names = "--prompt", paramLabel = "TEXT", description = "what to go on from")
  private String prompt = "";

  @Option(names = "--length", paramLabel = "N", description = "characters to write (default: 500)")
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

  @Option(names = "--seed", paramLabel = "S", description = "of the random numbers (default: 1)")
  private long seed = 1;

  @Option(names = "--beam", paramLabel = "N", description = "not built yet")
  private Integer beam;

  private final Console console;

  GenerateCommand(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws IOException {
    if (beam != null) {
      throw CliException.notBuilt("the option --beam");
    }
    if (length < 0) {
      throw CliException.usage("--length must not be negative: " + length);
    }
    Sampler sampler = new Sampler(temperature, topK, topP, seed);
    ModelFolder model = new ModelFolder(folder);
    requireKnown(model);
    try (Ops ops = BackendChoice.open("auto", BackendProvider.Options.DEFAULT);
        Arena arena = ops.arena("model")) {
      TextGenerator generator = new TextGenerator(ops, model.network(arena), model.vocabulary());
      console.out().print(prompt);
      generator.generate(prompt, length, sampler, this::show);
      console.out().println();
    }
    return ExitCode.DONE;
  }

  /** Refuses the prompt before anything is opened. */
  private void requireKnown(ModelFolder model) {
    try {
      model.vocabulary().encode(prompt);
    } catch (IllegalArgumentException e) {
      throw CliException.usage("--prompt: " + e.getMessage(), e);
    }
  }

  private void show(String symbol) {
    console.out().print(symbol);
    console.out().flush();
  }
}
