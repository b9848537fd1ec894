// SPDX-License-Identifier: Apache-2.0

package dev.unroll.io;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;

/** NumPy's {@code .npz} files: a ZIP archive with one {@code .npy} file for each array. */
public final class Npz {
  private static final String SUFFIX = ".npy";

  /** Most bytes that one array may unpack to: a small file can claim to be a huge one. */
  private static final int MOST = Integer.MAX_VALUE - 8;

  private Npz() {}

  /**
   * Reads all arrays.
   *
   * @param file the file
   * @return the arrays in the order of the archive
   * @throws FileFormatException if it is missing, damaged, empty, or of a type that is not read
   * @throws IOException if it can not be read
   */
  public static List<NamedArray> read(Path file) throws IOException {
    List<NamedArray> arrays = new ArrayList<>();
    byte[] bytes = InputFiles.readBytes(file, MOST);
    try (ZipInputStream zip = new ZipInputStream(new ByteArrayInputStream(bytes))) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        if (entry.getName().endsWith(SUFFIX)) {
          String name = entry.getName().substring(0, entry.getName().length() - SUFFIX.length());
          arrays.add(Npy.parse(zip.readNBytes(MOST), name, file));
        }
      }
    } catch (ZipException e) {
      throw new FileFormatException(
          file, "is a damaged archive: " + e.getMessage(), "", "write it with numpy.savez", e);
    }
    if (arrays.isEmpty()) {
      throw new FileFormatException(
          file, "is no archive with arrays", "", "write it with numpy.savez");
    }
    return arrays;
  }

  /**
   * Writes arrays, not compressed, atomically.
   *
   * @param file where to
   * @param arrays what to write; their names must differ
   * @throws IOException if that fails
   */
  public static void write(Path file, Collection<NamedArray> arrays) throws IOException {
    AtomicFiles.write(
        file,
        out -> {
          ZipOutputStream zip = new ZipOutputStream(out);
          zip.setLevel(0);
          for (NamedArray array : arrays) {
            ZipEntry entry = new ZipEntry(array.name() + SUFFIX);
            entry.setTime(0);
            zip.putNextEntry(entry);
            zip.write(Npy.bytes(array));
            zip.closeEntry();
          }
          zip.finish();
        });
  }
}
