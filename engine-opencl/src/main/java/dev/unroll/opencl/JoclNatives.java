// SPDX-License-Identifier: Apache-2.0

package dev.unroll.opencl;

import dev.unroll.kernels.UserFolder;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Unpacks the native library of JOCL. JOCL would put it under a fixed name into the temporary
 * folder that all users share, and load whatever is there.
 */
final class JoclNatives {
  private static final String TEMPORARY = "java.io.tmpdir";

  private JoclNatives() {}

  /**
   * Runs what makes JOCL load its library, which then comes from a folder of the user's own, named
   * by the library's hash. JOCL looks for it where the temporary folder is said to be, and offers
   * no other way of telling it.
   *
   * @param jocl a class of JOCL's jar
   * @param file name of the library, as JOCL composes it
   * @param firstUse what touches JOCL first
   * @throws IOException if the library can not be unpacked
   */
  static synchronized void load(Class<?> jocl, String file, Runnable firstUse) throws IOException {
    String folder = unpacked(jocl, file).getParent().toString();
    String before = System.setProperty(TEMPORARY, folder);
    try {
      firstUse.run();
    } finally {
      System.setProperty(TEMPORARY, before);
    }
  }

  /** Where the library lies on disk with the content it has in the jar. */
  private static Path unpacked(Class<?> jocl, String file) throws IOException {
    byte[] library = resource(jocl, "/lib/" + file);
    UserFolder folder = UserFolder.open("natives/" + UserFolder.hash(library));
    Path path = folder.file(file);
    boolean there = Files.exists(path) && Arrays.equals(Files.readAllBytes(path), library);
    return there ? path : folder.write(file, library);
  }

  private static byte[] resource(Class<?> jocl, String name) throws IOException {
    try (InputStream in = jocl.getResourceAsStream(name)) {
      if (in == null) {
        throw new IOException("JOCL has no native library for this system: " + name);
      }
      return in.readAllBytes();
    }
  }
}
