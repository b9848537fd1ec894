// SPDX-License-Identifier: Apache-2.0

package dev.unroll.kernels;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/**
 * Built programs on disk. A file is the hash of the program and then the program; one that does not
 * match its hash counts as absent and is written anew. Trouble with the disk costs a compilation,
 * never a failure.
 */
final class ProgramCache {
  private static final System.Logger LOG = System.getLogger(ProgramCache.class.getName());
  private static final int HASH = 64;

  private final UserFolder folder; // null: nothing is kept

  private ProgramCache(UserFolder folder) {
    this.folder = folder;
  }

  /** The user's cache, or one that keeps nothing if that folder can not be used. */
  static ProgramCache open() {
    try {
      return new ProgramCache(UserFolder.open("programs"));
    } catch (IOException | UnsupportedOperationException e) {
      LOG.log(Level.WARNING, "built programs are not kept: " + e.getMessage());
      return new ProgramCache(null);
    }
  }

  /**
   * The file name for a program: it differs if anything does that the compiler's result hangs on.
   */
  static String key(DeviceInfo device, String source) {
    String made = String.join("\n", device.name(), device.driver(), device.options(), source);
    return UserFolder.hash(made.getBytes(StandardCharsets.UTF_8));
  }

  /** A program kept before, if its bytes are what was written. */
  Optional<byte[]> get(String key) {
    if (folder == null) {
      return Optional.empty();
    }
    Path file = folder.file(key);
    try {
      byte[] kept = Files.readAllBytes(file);
      byte[] program = Arrays.copyOfRange(kept, Math.min(HASH, kept.length), kept.length);
      byte[] hash = UserFolder.hash(program).getBytes(StandardCharsets.US_ASCII);
      if (Arrays.equals(hash, 0, HASH, kept, 0, Math.min(HASH, kept.length))) {
        return Optional.of(program);
      }
      LOG.log(Level.WARNING, "the built program " + file + " is damaged and is built anew");
    } catch (NoSuchFileException e) {
      LOG.log(Level.DEBUG, () -> "no built program yet: " + file);
    } catch (IOException e) {
      LOG.log(Level.WARNING, "can not read the built program " + file + ": " + e.getMessage());
    }
    return Optional.empty();
  }

  /** Keeps a program. */
  void put(String key, byte[] program) {
    if (folder == null) {
      return;
    }
    byte[] hash = UserFolder.hash(program).getBytes(StandardCharsets.US_ASCII);
    byte[] kept = Arrays.copyOf(hash, HASH + program.length);
    System.arraycopy(program, 0, kept, HASH, program.length);
    try {
      folder.write(key, kept);
    } catch (IOException e) {
      LOG.log(Level.WARNING, "the built program is not kept: " + e.getMessage());
    }
  }
}
