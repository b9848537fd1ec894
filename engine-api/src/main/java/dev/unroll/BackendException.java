// SPDX-License-Identifier: Apache-2.0

package dev.unroll;

/**
 * A device could not do what it was asked: not there, out of memory, a failed launch. A caller's
 * mistake is an {@link IllegalArgumentException} or {@link IllegalStateException} instead.
 */
public class BackendException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** Whether the device is not there. */
  private final boolean unavailable;

  /**
   * A device failed while in use.
   *
   * @param message backend, op, the driver's own name and number of the error, and the remedy
   */
  public BackendException(String message) {
    this(message, false, null);
  }

  /**
   * A device failed, or is not there.
   *
   * @param message backend, what failed, and the remedy
   * @param unavailable true if the device could not be opened at all
   * @param cause what was thrown below, or null
   */
  public BackendException(String message, boolean unavailable, Throwable cause) {
    super(message, cause);
    this.unavailable = unavailable;
  }

  /**
   * Whether the device is not there, as against one that failed while in use.
   *
   * @return true if it could not be opened
   */
  public boolean unavailable() {
    return unavailable;
  }
}
