// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;

/**
 * Where a command writes.
 *
 * @param out results
 * @param err errors and progress
 * @param terminal whether a person watches: then progress bars are drawn
 */
record Console(PrintStream out, PrintStream err, boolean terminal) {

  /** Whether standard output is a terminal. */
  static boolean onTerminal() {
    java.io.Console console = System.console();
    if (console == null) {
      return false;
    }
    try {
      // From JDK 22 on there is a console for redirected output too, and this method to tell.
      return (boolean) java.io.Console.class.getMethod("isTerminal").invoke(console);
    } catch (NoSuchMethodException e) {
      return true;
    } catch (IllegalAccessException | InvocationTargetException e) {
      return false;
    }
  }

  /** Prints a line of results. */
  void print(String format, Object... args) {
    out.println(format(format, args));
  }

  /** Prints a line that is no result. */
  void note(String format, Object... args) {
    err.println(format(format, args));
  }

  /** Formats with a decimal point, wherever the user lives. */
  static String format(String format, Object... args) {
    return String.format(java.util.Locale.ROOT, format, args);
  }
}
