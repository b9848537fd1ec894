// SPDX-License-Identifier: Apache-2.0

package dev.unroll.io;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/**
 * Writes files so that a reader, or a crash at any moment, sees the old content or the new one and
 * never a part: into a temporary file of the same folder, which is synced and then renamed. On any
 * failure the temporary file is removed and the old file is as it was. A process that is killed may
 * leave a file {@code .NAME.*.tmp} behind, which nothing reads.
 */
public final class AtomicFiles {
  private static final int BUFFER = 1 << 16;

  private AtomicFiles() {}

  /** What writes the content of a file. */
  @FunctionalInterface
  public interface Content {
    /**
     * Writes the whole content.
     *
     * @param out buffered; need not be closed or flushed
     * @throws IOException if that fails: the file stays as it was
     */
    void writeTo(OutputStream out) throws IOException;
  }

  /**
   * Writes or replaces a file.
   *
   * @param file where to
   * @param content writes what it shall hold
   * @throws IOException naming the file, the folder, the reason and the remedy
   */
  public static void write(Path file, Content content) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    if (folder == null || Files.isDirectory(file)) {
      throw new IOException("cannot write " + file + ": it is a folder; name a file in it");
    }
    Path temporary = folder.resolve("." + file.getFileName() + "." + UUID.randomUUID() + ".tmp");
    try {
      writeSynced(temporary, content);
      Files.move(
          temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      delete(temporary, e);
      throw new IOException("cannot write " + file + ": " + reason(folder, e), e);
    } catch (RuntimeException | Error e) {
      delete(temporary, e);
      throw e;
    }
    syncFolder(folder);
  }

  /**
   * Writes or replaces a file with these bytes.
   *
   * @param file where to
   * @param bytes what it shall hold
   * @throws IOException as {@link #write}
   */
  public static void writeBytes(Path file, byte[] bytes) throws IOException {
    write(file, out -> out.write(bytes));
  }

  /**
   * Writes or replaces a file with this text in UTF-8.
   *
   * @param file where to
   * @param text what it shall hold
   * @throws IOException as {@link #write}
   * @throws IllegalArgumentException if the text has half a surrogate pair, which UTF-8 cannot hold
   */
  public static void writeText(Path file, String text) throws IOException {
    ByteBuffer encoded;
    try {
      encoded = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException(
          "cannot write " + file + ": the text has half a surrogate pair; remove it", e);
    }
    byte[] bytes = new byte[encoded.remaining()];
    encoded.get(bytes);
    writeBytes(file, bytes);
  }

  private static void writeSynced(Path temporary, Content content) throws IOException {
    try (FileChannel channel =
        FileChannel.open(temporary, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
      // Not closed by itself: closing would close the channel before it is synced.
      OutputStream out = new BufferedOutputStream(Channels.newOutputStream(channel), BUFFER);
      content.writeTo(out);
      out.flush();
      channel.force(true);
    }
  }

  private static void delete(Path temporary, Throwable because) {
    try {
      Files.deleteIfExists(temporary);
    } catch (IOException e) {
      because.addSuppressed(e);
    }
  }

  private static String reason(Path folder, IOException e) {
    if (!Files.exists(folder)) {
      return "there is no folder " + folder + "; create it or name another";
    }
    if (!Files.isDirectory(folder)) {
      return folder + " is not a folder; name another";
    }
    String why = e instanceof FileSystemException f ? f.getReason() : e.getMessage();
    return (why == null ? e.getClass().getSimpleName() : why)
        + "; check the rights and the free space of the folder "
        + folder
        + ", or name another";
  }

  /** Makes the rename itself durable; a system that cannot sync folders still has the file. */
  private static void syncFolder(Path folder) {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    } catch (IOException e) {
      // Windows cannot open a folder, some network file systems cannot sync one: nothing is lost.
      System.getLogger(AtomicFiles.class.getName())
          .log(System.Logger.Level.DEBUG, "folder not synced: " + folder, e);
    }
  }
}
