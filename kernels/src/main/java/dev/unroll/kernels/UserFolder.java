// SPDX-License-Identifier: Apache-2.0

package dev.unroll.kernels;

import dev.unroll.io.AtomicFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Set;

/**
 * A folder of the user's own for native code that is loaded again later: built programs, unpacked
 * libraries. Nobody else may write there. Files are named by the hash of their content or of what
 * they were made from, and appear whole or not at all, so that processes need no lock.
 *
 * @param path where it is
 */
public record UserFolder(Path path) {
  private static final Set<PosixFilePermission> OTHERS_WRITE =
      Set.of(PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_WRITE);

  /**
   * Opens or makes a folder below {@link #root}.
   *
   * @param name name of the folder in there
   * @return the folder
   * @throws IOException if it can not be made, or if others may write there
   */
  public static UserFolder open(String name) throws IOException {
    Path path = Files.createDirectories(root()).resolve(name);
    if (Files.notExists(path)) {
      Files.createDirectories(path);
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwx------"));
    }
    for (Path folder : new Path[] {path.getParent(), path}) {
      requireOwn(folder.toRealPath());
    }
    return new UserFolder(path);
  }

  /**
   * A file in it.
   *
   * @param name file name
   * @return its path; there need not be such a file
   */
  public Path file(String name) {
    return path.resolve(name);
  }

  /**
   * Writes a file, whole or not at all.
   *
   * @param name file name
   * @param content what it will hold
   * @return its path
   * @throws IOException if that fails
   */
  public Path write(String name, byte[] content) throws IOException {
    AtomicFiles.writeBytes(file(name), content);
    return file(name);
  }

  /**
   * SHA-256.
   *
   * @param content what to hash
   * @return 64 hexadecimal digits
   */
  public static String hash(byte[] content) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }

  /**
   * The user's cache folder: the system property {@code unroll.cache}, else {@code
   * $XDG_CACHE_HOME/unroll}, else {@code ~/.cache/unroll}.
   *
   * @return its path; it need not exist
   */
  public static Path root() {
    String set = System.getProperty("unroll.cache");
    if (set != null) {
      return Path.of(set).toAbsolutePath();
    }
    String xdg = System.getenv("XDG_CACHE_HOME");
    Path caches =
        xdg != null && Path.of(xdg).isAbsolute()
            ? Path.of(xdg)
            : Path.of(System.getProperty("user.home"), ".cache");
    return caches.resolve("unroll");
  }

  private static void requireOwn(Path folder) throws IOException {
    Set<PosixFilePermission> allowed =
        Files.getPosixFilePermissions(folder, LinkOption.NOFOLLOW_LINKS);
    if (allowed.stream().anyMatch(OTHERS_WRITE::contains)) {
      throw new IOException(
          folder
              + " may be written by others, so that code from there is not loaded; run chmod go-w "
              + folder
              + " or set -Dunroll.cache to another folder");
    }
  }
}
