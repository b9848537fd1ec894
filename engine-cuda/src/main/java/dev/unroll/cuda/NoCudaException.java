// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cuda;

/** Why there is no CUDA here, in one line, and what to do about it, in another. */
final class NoCudaException extends Exception {
  private static final long serialVersionUID = 1;

  /** What to do. */
  private final String remedy;

  NoCudaException(String reason, String remedy, Throwable cause) {
    super(reason, cause);
    this.remedy = remedy;
  }

  String remedy() {
    return remedy;
  }

  /** What is worth telling of an error: JCuda's are pages long. */
  static String firstLine(Throwable e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("").strip();
  }
}
