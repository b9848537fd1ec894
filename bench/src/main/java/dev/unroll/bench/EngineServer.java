// SPDX-License-Identifier: Apache-2.0

package dev.unroll.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.UnaryOperator;

/**
 * The main loop of an engine's process. It reads commands, one a line, and answers each with one
 * line that starts with {@link #MARK}; whatever else libraries print is passed over:
 *
 * <ul>
 *   <li>{@code name}: the engine's name
 *   <li>{@code open CASE}: the numbers to agree on, or {@code unknown}
 *   <li>{@code fresh CASE}: opens it without computing those numbers
 *   <li>{@code first COUNT}: the nanoseconds of each of so many runs
 *   <li>{@code warm NANOS}: {@link Warming}; the nanoseconds of the fastest run
 *   <li>{@code run SAMPLES REPEATS}: after one untimed run, the nanoseconds of one run in each
 *       sample
 * </ul>
 */
public final class EngineServer {
  /** Starts each answer. */
  static final String MARK = "@bench ";

  private final Engine engine;
  private Engine.Run run;

  private EngineServer(Engine engine) {
    this.engine = engine;
  }

  /**
   * Serves until the input ends.
   *
   * @param engine what is asked
   * @param in commands
   * @param out answers
   * @throws IOException if the input cannot be read
   */
  public static void serve(Engine engine, InputStream in, PrintStream out) throws IOException {
    EngineServer server = new EngineServer(engine);
    answerLines(in, out, server::handle);
    server.closeRun();
  }

  /** Reads lines until the input ends, and answers each. */
  static void answerLines(InputStream in, PrintStream out, UnaryOperator<String> answer)
      throws IOException {
    BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      out.println(MARK + answer.apply(line));
      out.flush();
    }
  }

  private String handle(String line) {
    String[] words = line.split(" ", 2);
    return switch (words[0]) {
      case "name" -> engine.name();
      case "open" -> open(words[1]) ? text(run.check()) : "unknown";
      case "fresh" -> Boolean.toString(open(words[1]));
      case "first" -> samples(Integer.parseInt(words[1]), 1);
      case "warm" -> Long.toString(Warming.run(this::runAndWait, Long.parseLong(words[1])));
      case "run" -> {
        String[] counts = words[1].split(" ");
        runAndWait();
        yield samples(Integer.parseInt(counts[0]), Integer.parseInt(counts[1]));
      }
      default -> throw new IllegalArgumentException("unknown command: " + line);
    };
  }

  private boolean open(String name) {
    closeRun();
    run = engine.open(name);
    return run != null;
  }

  private void closeRun() {
    if (run != null) {
      run.close();
      run = null;
    }
  }

  private String samples(int count, int repeats) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < count; i++) {
      text.append(time(repeats) / repeats).append(' ');
    }
    return text.toString().trim();
  }

  private long time(int repeats) {
    long start = System.nanoTime();
    for (int i = 0; i < repeats; i++) {
      run.once();
    }
    run.await();
    return System.nanoTime() - start;
  }

  private void runAndWait() {
    run.once();
    run.await();
  }

  private static String text(float... numbers) {
    return Arrays.toString(numbers).replaceAll("[\\[\\],]", "");
  }
}
