// SPDX-License-Identifier: Apache-2.0

package dev.unroll.kernels;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * A native library of a Java binding, unpacked from its jar. Left alone, such bindings unpack it
 * under a fixed name into the temporary folder that all users share, and load whatever is there.
 *
 * @param file where it lies: in a folder of the user's own that is named by its hash
 */
public record NativeLibrary(Path file) {
  private static final String TEMPORARY = "java.io.tmpdir";

  /**
   * Unpacks a library, unless that was done before.
   *
   * @param binding a class of the binding
   * @param name file name of the library, as the binding composes it
   * @return the library on disk
   * @throws FileNotFoundException if the class path has no such library
   * @throws IOException if it can not be unpacked
   */
  public static NativeLibrary unpack(Class<?> binding, String name) throws IOException {
    byte[] content = resource(binding, "/lib/" + name);
    UserFolder folder = UserFolder.open("natives/" + UserFolder.hash(content));
    Path path = folder.file(name);
    boolean there = Files.exists(path) && Arrays.equals(Files.readAllBytes(path), content);
    return new NativeLibrary(there ? path : folder.write(name, content));
  }

  /**
   * Loads the library into this process, so that the binding finds nothing left to do.
   *
   * @throws UnsatisfiedLinkError if it, or what it needs, can not be loaded; the binding is then
   *     untouched and may be tried again
   */
  public void load() {
    System.load(file.toString());
  }

  /**
   * Runs what makes the binding load its library, which then comes from this folder. The binding
   * looks for it where the temporary folder is said to be, and offers no other way of telling it.
   *
   * @param firstUse what touches the binding first
   */
  public void use(Runnable firstUse) {
    synchronized (NativeLibrary.class) {
      String before = System.setProperty(TEMPORARY, file.getParent().toString());
      try {
        firstUse.run();
      } finally {
        System.setProperty(TEMPORARY, before);
      }
    }
  }

  private static byte[] resource(Class<?> binding, String name) throws IOException {
    try (InputStream in = binding.getResourceAsStream(name)) {
      if (in == null) {
        throw new FileNotFoundException(
            "the class path has no native library for this system: " + name);
      }
      return in.readAllBytes();
    }
  }
}
