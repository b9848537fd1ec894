// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Runs the command line inside the test's JVM. */
final class Cli {
  private static final String SENTENCE = "the whale went down and the sea closed over it; ";

  private Cli() {}

  /** What a command printed and returned. */
  record Result(int exitCode, String out, String err) {
    List<String> lines() {
      return out.lines().toList();
    }

    /** A line counted from the end: 1 is the last. */
    String fromEnd(int number) {
      return lines().get(lines().size() - number);
    }

    String digest() {
      return fromEnd(1);
    }
  }

  static Result run(Object... args) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Console console = new Console(stream(out), stream(err), false);
    String[] words = Stream.of(args).map(Object::toString).toArray(String[]::new);
    int exitCode = Main.run(console, words);
    return new Result(
        exitCode, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  private static PrintStream stream(ByteArrayOutputStream bytes) {
    return new PrintStream(bytes, true, StandardCharsets.UTF_8);
  }

  /** Trains a tiny run: two streams of eight characters. */
  static Result train(Path data, Path out, Object... more) {
    List<Object> args =
        new ArrayList<>(List.of("train", "--batch", 2, "--seq", 8, "--quiet", "--backend"));
    args.addAll(List.of("cpu-scalar", "--data", data, "--out", out));
    args.addAll(List.of(more));
    return run(args.toArray());
  }

  /** A text of 960 characters, 864 of them for training. */
  static Path text(Path folder) throws IOException {
    return Files.writeString(folder.resolve("text.txt"), SENTENCE.repeat(20));
  }

  /** Name and content of all files of a folder. */
  static Map<String, String> content(Path folder) throws IOException {
    Map<String, String> content = new TreeMap<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        byte[] bytes = Files.readAllBytes(file);
        content.put(file.getFileName().toString(), new String(bytes, StandardCharsets.ISO_8859_1));
      }
    }
    return content;
  }
}
