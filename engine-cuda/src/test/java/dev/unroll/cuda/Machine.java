// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cuda;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** What this machine has; where UNROLL_REQUIRE names something, its absence is a failure. */
final class Machine {
  private Machine() {}

  /** Skips the test where a command is not on the PATH. */
  static void requireCommand(String command) {
    if (!hasCommand(command)) {
      absent(command, command + " is not on the PATH");
    }
  }

  static boolean hasCommand(String command) {
    return Arrays.stream(System.getenv("PATH").split(File.pathSeparator))
        .anyMatch(p -> Files.isExecutable(Path.of(p, command)));
  }

  /** Skips the test aloud, or fails it if what is absent was promised. */
  static void absent(String what, String why) {
    String required = System.getenv().getOrDefault("UNROLL_REQUIRE", "");
    if (Arrays.asList(required.split("\\s*,\\s*")).contains(what)) {
      fail(why + " (UNROLL_REQUIRE names " + what + ")");
    }
    abort(why);
  }

  /** Runs a command and returns what it printed; a failure is an error with all of it. */
  static String output(Path folder, String... command) throws IOException, InterruptedException {
    Path log = Files.createTempFile(folder, "command", ".log");
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    if (!process.waitFor(15, TimeUnit.MINUTES)) {
      process.destroyForcibly();
      throw new AssertionError("not done within 15 minutes: " + List.of(command));
    }
    String output = Files.readString(log);
    if (process.exitValue() != 0) {
      throw new AssertionError(List.of(command) + " failed: " + output);
    }
    return output;
  }
}
