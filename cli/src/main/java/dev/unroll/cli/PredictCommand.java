// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.Arena;
import dev.unroll.BackendProvider;
import dev.unroll.Ops;
import dev.unroll.io.Json;
import dev.unroll.text.TextFiles;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code unroll predict}: answers each line of its input with one line of JSON. */
@Command(
    name = "predict",
    description = {
      "Answers each line of input with one line of JSON. What a line is depends on the recipe:",
      "surnames: a name; sentiment: a sentence; char-lm, word-lm: a text to go on from;",
      "forecast: the last values, comma-separated; gelu-regression, two-four-one: x1,x2;",
      "long-memory: value:mark pairs, comma-separated; reverse: a word."
    })
final class PredictCommand implements Callable<Integer> {
  @Option(
      names = "--model",
      required = true,
      paramLabel = "DIR",
      description = "folder of a run, or a file of weights in it")
  private Path folder;

  @Option(
      names = "--input",
      paramLabel = "FILE",
      description = "UTF-8; - (default): standard input")
  private String input = "-";

  private final Console console;
  private final InputStream in;

  PredictCommand(Console console, InputStream in) {
    this.console = console;
    this.in = in;
  }

  @Override
  public Integer call() throws IOException {
    ModelFolder model = new ModelFolder(folder);
    List<String> lines = lines();
    try (Ops ops = BackendChoice.open("auto", BackendProvider.Options.DEFAULT);
        Arena arena = ops.arena("model")) {
      Trained trained = model.recipe().loader().load(arena, model);
      for (int i = 0; i < lines.size(); i++) {
        console.print("%s", answer(trained, lines.get(i), i + 1));
      }
    }
    return ExitCode.DONE;
  }

  private List<String> lines() throws IOException {
    String text =
        input.equals("-")
            ? new String(in.readAllBytes(), StandardCharsets.UTF_8)
            : TextFiles.read(Path.of(input));
    return text.lines().toList();
  }

  private String answer(Trained trained, String line, int number) {
    try {
      Map<String, Object> answer = new LinkedHashMap<>();
      answer.put("input", line);
      answer.putAll(trained.predict(line));
      return Json.toLine(answer);
    } catch (IllegalArgumentException e) {
      String where = (input.equals("-") ? "standard input" : input) + ", line " + number;
      throw CliException.usage(where + ": " + e.getMessage(), e);
    }
  }
}
