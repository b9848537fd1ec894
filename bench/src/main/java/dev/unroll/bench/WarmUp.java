// SPDX-License-Identifier: Apache-2.0

package dev.unroll.bench;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * How long a fresh process takes to be fast.
 *
 * @param name the training case
 * @param backend the backend
 * @param openNanos from the start of the JVM until the backend is open
 * @param firstNanos of the first {@value #STEPS} steps together
 * @param steadyNanos median of a step afterwards
 */
record WarmUp(
    String name, String backend, double openNanos, double firstNanos, double steadyNanos) {
  static final int STEPS = 50;

  private static final long PAUSE_NANOS = 1_000_000_000L;

  /** Time of the first steps as a multiple of that of as many steady ones. */
  double ratio() {
    return firstNanos / (STEPS * steadyNanos);
  }

  static WarmUp measure(String backend, String name) throws IOException {
    List<String> command = Jvm.command("", UnrollEngine.class.getName());
    command.addAll(List.of(backend, "0"));
    long start = System.nanoTime();
    try (EngineProcess process =
        new EngineProcess(new EngineProcess.Launch(backend, 0, command, Map.of()))) {
      process.ask("name");
      double open = System.nanoTime() - start;
      process.ask("fresh " + name);
      double first = Arrays.stream(process.numbers("first " + STEPS)).sum();
      process.ask("warm " + PAUSE_NANOS);
      double steady = Samples.of(process.numbers("run " + STEPS + " 1")).median();
      return new WarmUp(name, backend, open, first, steady);
    }
  }
}
