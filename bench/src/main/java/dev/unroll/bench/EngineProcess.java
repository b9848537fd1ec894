// SPDX-License-Identifier: Apache-2.0

package dev.unroll.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** An {@link Engine} in a process of its own, driven through {@link EngineServer}. */
final class EngineProcess implements AutoCloseable {
  private static final int CLOSING_SECONDS = 10;

  /** How a process is started. */
  record Launch(String label, int threads, List<String> command, Map<String, String> environment) {}

  private final Launch launch;
  private final Process process;
  private final Path errors;
  private final PrintWriter commands;
  private final BufferedReader answers;

  EngineProcess(Launch launch) throws IOException {
    this.launch = launch;
    this.errors = Files.createTempFile("unroll-bench", ".log");
    ProcessBuilder builder = new ProcessBuilder(launch.command());
    builder.environment().putAll(launch.environment());
    this.process = builder.redirectError(errors.toFile()).start();
    this.commands = new PrintWriter(process.getOutputStream(), true, StandardCharsets.UTF_8);
    this.answers =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  String label() {
    return launch.label();
  }

  int threads() {
    return launch.threads();
  }

  /** Sends a command and waits for its answer. */
  String ask(String command) throws IOException {
    commands.println(command);
    String line = answers.readLine();
    while (line != null && !line.startsWith(EngineServer.MARK)) {
      line = answers.readLine();
    }
    if (line == null) {
      throw new IOException(
          launch.label() + " ended at '" + command + "':\n" + Files.readString(errors));
    }
    return line.substring(EngineServer.MARK.length());
  }

  /** An answer of numbers. */
  double[] numbers(String command) throws IOException {
    return parse(ask(command));
  }

  static double[] parse(String answer) {
    return answer.isEmpty()
        ? new double[0]
        : Arrays.stream(answer.split(" ")).mapToDouble(Double::parseDouble).toArray();
  }

  @Override
  public void close() throws IOException {
    commands.close();
    try {
      if (!process.waitFor(CLOSING_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
    Files.deleteIfExists(errors);
  }
}
