// SPDX-License-Identifier: Apache-2.0

package dev.unroll.kernels;

/** The device's compiler refused the sources. */
public class CompileException extends Exception {
  private static final long serialVersionUID = 1;

  /**
   * Keeps what the compiler said.
   *
   * @param log the compiler's own words, all of them
   * @param cause what the binding threw, or null
   */
  public CompileException(String log, Throwable cause) {
    super(log, cause);
  }
}
