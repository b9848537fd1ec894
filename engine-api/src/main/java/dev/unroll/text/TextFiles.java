// SPDX-License-Identifier: Apache-2.0

package dev.unroll.text;

import dev.unroll.io.FileFormatException;
import dev.unroll.io.InputFiles;
import java.io.IOException;
import java.nio.file.Path;

/** Reads text files. */
public final class TextFiles {
  /** Longest file that is read, in bytes: a string holds no more. */
  static final int MAX_BYTES = Integer.MAX_VALUE - 8;

  private static final String BYTE_ORDER_MARK = "\uFEFF";

  private TextFiles() {}

  /**
   * Reads a whole file as strict UTF-8. A byte order mark at the start is dropped; line ends stay
   * as they are.
   *
   * @param file what to read
   * @return the text, never empty
   * @throws FileFormatException if the file is missing, a folder, unreadable, empty, 2 GiB or
   *     longer, or not UTF-8 (then byte and line are named)
   */
  public static String read(Path file) throws IOException {
    String text = InputFiles.readText(file, MAX_BYTES);
    if (text.startsWith(BYTE_ORDER_MARK)) {
      text = text.substring(1);
    }
    if (text.isEmpty()) {
      throw new FileFormatException(file, "is empty", "", "name a file with text");
    }
    return text;
  }
}
