// SPDX-License-Identifier: Apache-2.0

package dev.unroll.text;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A fixed set of symbols, each with an id from 0 to {@code size() - 1}, and the way from a text to
 * ids and back. Implementations are immutable.
 */
public interface Vocabulary {
  /**
   * Number of symbols.
   *
   * @return how many there are, at least 1
   */
  int size();

  /**
   * The symbol of an id.
   *
   * @param id 0 to {@code size() - 1}
   * @return the symbol
   * @throws IllegalArgumentException if the id is out of range
   */
  String symbol(int id);

  /**
   * The id of a symbol.
   *
   * @param symbol one symbol
   * @return its id
   * @throws IllegalArgumentException if it is not in the vocabulary
   */
  int id(String symbol);

  /**
   * Cuts a text into symbols.
   *
   * @param text any text
   * @return their ids, in order
   * @throws IllegalArgumentException if a part of the text is not in the vocabulary: names it and
   *     its position
   */
  int[] encode(String text);

  /**
   * Joins symbols to a text.
   *
   * @param ids ids, in order
   * @return the text
   * @throws IllegalArgumentException if an id is out of range: names its position
   */
  String decode(int... ids);

  /**
   * Refuses ids that are out of range.
   *
   * @param ids ids
   * @throws IllegalArgumentException if one is below 0 or not below {@code size()}: names it and
   *     its position
   */
  default void requireIds(int... ids) {
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] < 0 || ids[i] >= size()) {
        throw new IllegalArgumentException(
            "vocabulary: id "
                + ids[i]
                + (ids.length == 1 ? "" : " at position " + i)
                + " is out of range: ids go from 0 to "
                + (size() - 1));
      }
    }
  }

  /**
   * Writes the vocabulary to a file, atomically.
   *
   * @param file where to
   * @throws IOException if that fails
   */
  void save(Path file) throws IOException;
}
