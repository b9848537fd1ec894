// SPDX-License-Identifier: Apache-2.0

package dev.unroll.io;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A file that cannot be used: it is missing, cannot be read, or its content is not what its format
 * demands. The message reads {@code FILE: WHAT (WHERE); REMEDY}.
 */
public final class FileFormatException extends IOException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes the message from its parts.
   *
   * @param file the file at fault
   * @param what what is wrong
   * @param where the tensor, line or byte at fault; empty when it is the file as a whole
   * @param remedy what the user can do
   */
  public FileFormatException(Path file, String what, String where, String remedy) {
    this(file, what, where, remedy, null);
  }

  /**
   * Makes the message from its parts.
   *
   * @param cause what noticed the fault, or null
   */
  FileFormatException(Path file, String what, String where, String remedy, Throwable cause) {
    super(file + ": " + what + (where.isEmpty() ? "" : " (" + where + ")") + "; " + remedy, cause);
  }
}
