// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

/** Ends a command with a message of one to three lines and an exit code. */
final class CliException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final int exitCode;

  private CliException(int exitCode, String message, Throwable cause) {
    super(message, cause);
    this.exitCode = exitCode;
  }

  /** Wrong usage or bad input: what is wrong, and what to do. */
  static CliException usage(String message) {
    return new CliException(ExitCode.WRONG_USAGE, message, null);
  }

  /** Bad input that something below noticed. */
  static CliException usage(String message, Throwable cause) {
    return new CliException(ExitCode.WRONG_USAGE, message, cause);
  }

  /** Something that was checked does not hold. */
  static CliException failed(String message, Throwable cause) {
    return new CliException(ExitCode.CHECK_FAILED, message, cause);
  }

  int exitCode() {
    return exitCode;
  }
}
