// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.BackendException;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.util.List;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Turns what was thrown into one to three lines and an exit code. */
final class Errors {
  private static final int MAX_LINES = 3;

  private Errors() {}

  /** Reports a mistake on the command line itself. */
  static int wrongUsage(ParameterException e, PrintStream err) {
    err.println("error: " + mistake(e) + suggestion(e));
    err.println("help:  " + e.getCommandLine().getCommandSpec().qualifiedName() + " --help");
    return ExitCode.WRONG_USAGE;
  }

  /** Reports what a command threw. */
  static int report(Throwable thrown, boolean verbose, PrintStream err) {
    Throwable e = thrown instanceof UncheckedIOException ? thrown.getCause() : thrown;
    message(e).lines().limit(MAX_LINES).forEach(err::println);
    if (verbose) {
      e.printStackTrace(err);
    }
    return exitCode(e);
  }

  private static String message(Throwable e) {
    if (isUnexpected(e)) {
      return "error: internal: " + e + "\nplease report it, with what --verbose prints";
    }
    String text = e instanceof OutOfMemoryError ? outOfMemory(e) : e.getMessage();
    return "error: " + (text == null ? e.getClass().getSimpleName() : text);
  }

  private static String outOfMemory(Throwable e) {
    return "out of memory: "
        + e.getMessage()
        + "\nuse a smaller batch or shorter sequences, or more heap: UNROLL_JAVA_OPTS=-Xmx8g";
  }

  private static int exitCode(Throwable e) {
    if (e instanceof CliException cli) {
      return cli.exitCode();
    }
    if (e instanceof BackendException backend) {
      return backend.unavailable() ? ExitCode.BACKEND_NOT_AVAILABLE : ExitCode.DEVICE_FAILED;
    }
    if (e instanceof OutOfMemoryError) {
      return ExitCode.DEVICE_FAILED;
    }
    boolean input = e instanceof IOException || e instanceof IllegalArgumentException;
    return input ? ExitCode.WRONG_USAGE : ExitCode.CHECK_FAILED;
  }

  private static boolean isUnexpected(Throwable e) {
    return !(e instanceof CliException
        || e instanceof BackendException
        || e instanceof OutOfMemoryError
        || e instanceof IOException
        || e instanceof IllegalArgumentException
        || e instanceof IllegalStateException);
  }

  private static String mistake(ParameterException e) {
    if (e instanceof UnmatchedArgumentException unmatched && !unmatched.isUnknownOption()) {
      boolean command = e.getCommandLine().getParent() == null;
      return (command ? "unknown command '" : "unexpected argument '")
          + unmatched.getUnmatched().get(0)
          + "'";
    }
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("wrong usage");
  }

  private static String suggestion(ParameterException e) {
    List<String> near =
        e instanceof UnmatchedArgumentException unmatched ? unmatched.getSuggestions() : List.of();
    return near.isEmpty() ? "" : "; did you mean '" + near.get(0) + "'?";
  }
}
