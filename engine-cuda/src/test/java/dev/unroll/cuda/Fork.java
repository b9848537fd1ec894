// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cuda;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A second JVM with other drivers than this one: drivers are found once for each process. */
final class Fork {
  private Fork() {}

  /**
   * What became of it.
   *
   * @param exit exit code
   * @param out what it printed
   * @param err what it and the driver complained of
   */
  record Result(int exit, String out, String err) {}

  /** Runs a main class with the test's class path, unless the options give another. */
  static Result run(
      Path folder,
      int seconds,
      Map<String, String> environment,
      List<String> options,
      Class<?> main,
      String... arguments)
      throws IOException, InterruptedException {
    String path =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                path,
                "-Dunroll.cache=" + folder.resolve("cache")));
    command.addAll(options);
    command.add(main.getName());
    command.addAll(List.of(arguments));
    Path out = folder.resolve("out");
    Path err = folder.resolve("err");
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().putAll(environment);
    Process process = builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
    boolean ended = process.waitFor(seconds, TimeUnit.SECONDS);
    process.destroyForcibly().waitFor();
    Result result = new Result(process.exitValue(), text(out), text(err));
    if (!ended) {
      throw new AssertionError("not done within " + seconds + " s: " + result);
    }
    return result;
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
