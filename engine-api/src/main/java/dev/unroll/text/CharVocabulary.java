// SPDX-License-Identifier: Apache-2.0

package dev.unroll.text;

import dev.unroll.io.FileFormatException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The characters (Unicode code points) of a text; ids follow the ascending order of the code
 * points. Its file is a JSON object {@code {"kind": "characters", "symbols": ["\n", " ", ...]}}.
 */
public final class CharVocabulary implements Vocabulary {
  private static final String KIND = "characters";

  // Ascending, so that a binary search finds an id.
  private final int[] codePoints;

  private CharVocabulary(int[] codePoints) {
    this.codePoints = codePoints;
  }

  /**
   * The vocabulary of a text: each of its distinct characters.
   *
   * @param text not empty
   * @return its vocabulary
   * @throws IllegalArgumentException if the text is empty or has half a surrogate pair
   */
  public static CharVocabulary of(String text) {
    if (text.isEmpty()) {
      throw new IllegalArgumentException(
          "vocabulary: the text is empty; give one with at least one character");
    }
    int[] codePoints = text.codePoints().sorted().distinct().toArray();
    for (int codePoint : codePoints) {
      if (isSurrogate(codePoint)) {
        throw new IllegalArgumentException(
            "vocabulary: the text has half a surrogate pair, " + name(codePoint) + "; remove it");
      }
    }
    return new CharVocabulary(codePoints);
  }

  /**
   * Reads the file that {@link #save} wrote.
   *
   * @param file the file
   * @return the vocabulary
   * @throws FileFormatException if it is missing or not such a file
   */
  public static CharVocabulary load(Path file) throws IOException {
    List<?> symbols = VocabularyFile.read(file, KIND);
    if (symbols.isEmpty()) {
      throw VocabularyFile.fault(file, "has no characters", "");
    }
    int[] codePoints = new int[symbols.size()];
    for (int id = 0; id < codePoints.length; id++) {
      if (!(symbols.get(id) instanceof String symbol) || !isCharacter(symbol)) {
        throw VocabularyFile.fault(file, "a symbol is not one character", "symbol " + id);
      }
      codePoints[id] = symbol.codePointAt(0);
      if (id > 0 && codePoints[id] <= codePoints[id - 1]) {
        throw VocabularyFile.fault(file, "the symbols are not in ascending order", "symbol " + id);
      }
    }
    return new CharVocabulary(codePoints);
  }

  @Override
  public int size() {
    return codePoints.length;
  }

  @Override
  public String symbol(int id) {
    requireIds(id);
    return Character.toString(codePoints[id]);
  }

  @Override
  public int id(String symbol) {
    int id = isCharacter(symbol) ? Arrays.binarySearch(codePoints, symbol.codePointAt(0)) : -1;
    if (id < 0) {
      throw new IllegalArgumentException(
          "vocabulary: '" + symbol + "' is not one of the " + codePoints.length + " characters");
    }
    return id;
  }

  @Override
  public int[] encode(String text) {
    int[] ids = text.codePoints().toArray();
    for (int i = 0; i < ids.length; i++) {
      int id = Arrays.binarySearch(codePoints, ids[i]);
      if (id < 0) {
        throw new IllegalArgumentException(
            "the character "
                + name(ids[i])
                + " at position "
                + i
                + " (counted from 0) is not one"
                + " of the "
                + codePoints.length
                + " characters of the vocabulary; leave it out or"
                + " train on a text that has it");
      }
      ids[i] = id;
    }
    return ids;
  }

  @Override
  public String decode(int... ids) {
    requireIds(ids);
    StringBuilder text = new StringBuilder(ids.length);
    for (int id : ids) {
      text.appendCodePoint(codePoints[id]);
    }
    return text.toString();
  }

  @Override
  public void save(Path file) throws IOException {
    VocabularyFile.write(file, KIND, IntStream.range(0, size()).mapToObj(this::symbol).toList());
  }

  private static boolean isCharacter(String symbol) {
    return !symbol.isEmpty()
        && symbol.codePointCount(0, symbol.length()) == 1
        && !isSurrogate(symbol.codePointAt(0));
  }

  private static boolean isSurrogate(int codePoint) {
    return codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
  }

  /** For messages: 'e' (U+0065), and only U+000A where the character itself cannot be shown. */
  private static String name(int codePoint) {
    String hex = String.format("U+%04X", codePoint);
    boolean shown = Character.isDefined(codePoint) && !Character.isISOControl(codePoint);
    return shown && !isSurrogate(codePoint)
        ? "'" + Character.toString(codePoint) + "' (" + hex + ")"
        : hex;
  }
}
