// SPDX-License-Identifier: Apache-2.0

package dev.unroll.text;

import dev.unroll.io.FileFormatException;
import dev.unroll.io.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The file of a vocabulary: a JSON object {@code {"kind": "words", "symbols": [...]}}. */
public final class VocabularyFile {
  private static final String KIND = "kind";
  private static final String SYMBOLS = "symbols";

  private VocabularyFile() {}

  /**
   * Writes a vocabulary, atomically.
   *
   * @param file where to
   * @param kind which class reads it
   * @param symbols what makes the vocabulary, in the order of their ids
   * @throws IOException if that fails
   */
  public static void write(Path file, String kind, List<?> symbols) throws IOException {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put(KIND, kind);
    tree.put(SYMBOLS, symbols);
    Json.write(file, tree);
  }

  /**
   * Tells who reads a file.
   *
   * @param file the file
   * @return its kind; null if it has none
   * @throws FileFormatException if it is missing or no JSON object
   */
  public static Object kind(Path file) throws IOException {
    return Json.readObject(file).get(KIND);
  }

  /**
   * Reads what {@link #write} wrote.
   *
   * @param file the file
   * @param kind the kind it must have
   * @return its symbols, as JSON has them
   * @throws FileFormatException if it is missing or not such a file
   */
  public static List<?> read(Path file, String kind) throws IOException {
    Map<String, Object> tree = Json.readObject(file);
    if (!kind.equals(tree.get(KIND))) {
      throw fault(file, "\"kind\" is " + tree.get(KIND) + ", not \"" + kind + "\"", "");
    }
    if (!(tree.get(SYMBOLS) instanceof List<?> symbols)) {
      throw fault(file, "\"symbols\" is not a list", "");
    }
    return symbols;
  }

  /**
   * What is wrong with a file.
   *
   * @param file the file
   * @param what a sentence without its full stop
   * @param where in the file, or ""
   * @return the exception to throw
   */
  public static FileFormatException fault(Path file, String what, String where) {
    return new FileFormatException(
        file, what, where, "use the vocabulary that was saved with the model");
  }
}
