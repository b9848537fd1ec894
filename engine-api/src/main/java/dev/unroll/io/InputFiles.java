// SPDX-License-Identifier: Apache-2.0

package dev.unroll.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Opens and reads files that a user named, with errors that say what to do. */
public final class InputFiles {
  private InputFiles() {}

  /**
   * Opens a file for reading.
   *
   * @param file what to open
   * @return the channel, to be closed
   * @throws FileFormatException if it does not exist, is a folder, or must not be read
   */
  public static FileChannel open(Path file) throws IOException {
    if (!Files.exists(file)) {
      throw new FileFormatException(file, "there is no such file", "", "check the path");
    }
    if (Files.isDirectory(file)) {
      throw new FileFormatException(file, "is a folder", "", "name a file in it");
    }
    try {
      return FileChannel.open(file, StandardOpenOption.READ);
    } catch (IOException e) {
      throw new FileFormatException(
          file, "cannot be opened: " + e, "", "check who may read the file", e);
    }
  }

  /**
   * Reads a whole file.
   *
   * @param file what to read
   * @param maxBytes largest length taken; a longer file is refused before anything is allocated
   * @return its content
   * @throws FileFormatException if it cannot be read or is too long
   */
  public static byte[] readBytes(Path file, int maxBytes) throws IOException {
    try (FileChannel channel = open(file)) {
      long length = channel.size();
      if (length > maxBytes) {
        throw new FileFormatException(
            file, "has " + length + " bytes, at most " + maxBytes + " are read", "", "shorten it");
      }
      byte[] bytes = new byte[(int) length];
      readFully(channel, 0, ByteBuffer.wrap(bytes), file);
      return bytes;
    }
  }

  /**
   * Reads a whole file as strict UTF-8.
   *
   * @param file what to read
   * @param maxBytes largest length taken
   * @return its content
   * @throws FileFormatException if it cannot be read, is too long, or is not UTF-8
   */
  public static String readText(Path file, int maxBytes) throws IOException {
    return decodeUtf8(
        readBytes(file, maxBytes),
        file,
        "is not UTF-8 text",
        "convert it to UTF-8 (for example with iconv)");
  }

  /**
   * Decodes strict UTF-8.
   *
   * @param file named in the error, as are {@code what} is wrong and the {@code remedy}
   * @throws FileFormatException naming the first wrong byte (counted from 0) and its line (from 1)
   */
  static String decodeUtf8(byte[] bytes, Path file, String what, String remedy)
      throws FileFormatException {
    // A new decoder reports malformed input; it never gives more chars than there are bytes.
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer out = CharBuffer.allocate(bytes.length);
    CoderResult result = decoder.decode(in, out, true);
    if (result.isError()) {
      throw new FileFormatException(
          file, what, "byte " + in.position() + ", line " + lineOf(bytes, in.position()), remedy);
    }
    return out.flip().toString();
  }

  private static int lineOf(byte[] bytes, int offset) {
    int line = 1;
    for (int i = 0; i < offset; i++) {
      if (bytes[i] == '\n') {
        line++;
      }
    }
    return line;
  }

  /** Fills the rest of a buffer from a position of a file, which must have so many bytes. */
  static void readFully(FileChannel channel, long position, ByteBuffer buffer, Path file)
      throws IOException {
    long at = position;
    while (buffer.hasRemaining()) {
      int n = channel.read(buffer, at);
      if (n < 0) {
        throw new FileFormatException(
            file, "ended while it was read", "byte " + at, "try again when nobody writes to it");
      }
      at += n;
    }
  }
}
