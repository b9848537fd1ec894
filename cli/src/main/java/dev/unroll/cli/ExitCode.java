// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

/** What the process returns; scripts depend on the numbers. */
final class ExitCode {
  static final int DONE = 0;
  static final int CHECK_FAILED = 1;
  static final int WRONG_USAGE = 2;
  static final int BACKEND_NOT_AVAILABLE = 3;
  static final int DEVICE_FAILED = 4;
  static final int INTERRUPTED = 130;

  private ExitCode() {}
}
