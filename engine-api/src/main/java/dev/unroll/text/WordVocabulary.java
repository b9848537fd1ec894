// SPDX-License-Identifier: Apache-2.0

package dev.unroll.text;

import dev.unroll.io.FileFormatException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The most frequent words of a text, in lower case; a word is a run of letters, digits and inner
 * apostrophes, any other sign that is no space is a word of its own. Id 0 is {@value #UNKNOWN} and
 * stands for every other word. Its file is a JSON object {@code {"kind": "words", "symbols":
 * [...]}}.
 */
public final class WordVocabulary implements Vocabulary {
  /** The symbol of a word that is not in the vocabulary. */
  public static final String UNKNOWN = "<unk>";

  private static final String KIND = "words";
  private static final Pattern WORD =
      Pattern.compile("[\\p{L}\\p{N}]+(?:'[\\p{L}\\p{N}]+)*|[^\\s\\p{L}\\p{N}]");
  private static final Pattern NO_SPACE_BEFORE = Pattern.compile("[,.;:!?)\\]]");

  private final List<String> symbols;
  private final Map<String, Integer> ids = new HashMap<>();

  private WordVocabulary(List<String> symbols) {
    this.symbols = List.copyOf(symbols);
    for (int id = 0; id < symbols.size(); id++) {
      ids.put(symbols.get(id), id);
    }
  }

  /**
   * The most frequent words of a text; of equally frequent ones those that come first by code unit.
   *
   * @param text any text with at least one word
   * @param most symbols at most, {@value #UNKNOWN} among them; at least 2
   * @return the vocabulary
   * @throws IllegalArgumentException if the text has no word or most is below 2
   */
  public static WordVocabulary of(String text, int most) {
    Map<String, Long> counts =
        words(text).stream().collect(Collectors.groupingBy(w -> w, Collectors.counting()));
    if (counts.isEmpty() || most < 2) {
      throw new IllegalArgumentException(
          "vocabulary: " + counts.size() + " words, at most " + most + " symbols; both too few");
    }
    List<String> symbols = new ArrayList<>(List.of(UNKNOWN));
    counts.entrySet().stream()
        .sorted(
            Comparator.comparingLong((Map.Entry<String, Long> e) -> -e.getValue())
                .thenComparing(Map.Entry::getKey))
        .limit(most - 1L)
        .forEach(e -> symbols.add(e.getKey()));
    return new WordVocabulary(symbols);
  }

  /**
   * Reads the file that {@link #save} wrote.
   *
   * @param file the file
   * @return the vocabulary
   * @throws FileFormatException if it is missing or not such a file
   */
  public static WordVocabulary load(Path file) throws IOException {
    List<String> symbols = new ArrayList<>();
    for (Object symbol : VocabularyFile.read(file, KIND)) {
      if (!(symbol instanceof String word) || word.isEmpty()) {
        throw VocabularyFile.fault(file, "a symbol is not a word", "symbol " + symbols.size());
      }
      symbols.add(word);
    }
    if (symbols.size() < 2 || !symbols.get(0).equals(UNKNOWN)) {
      throw VocabularyFile.fault(file, "the first symbol is not " + UNKNOWN, "symbol 0");
    }
    WordVocabulary vocabulary = new WordVocabulary(symbols);
    if (vocabulary.ids.size() != symbols.size()) {
      throw VocabularyFile.fault(file, "a word stands in it twice", "");
    }
    return vocabulary;
  }

  /**
   * Cuts a text into words.
   *
   * @param text any text
   * @return its words in lower case, in order
   */
  public static List<String> words(String text) {
    List<String> words = new ArrayList<>();
    Matcher matcher = WORD.matcher(text.toLowerCase(Locale.ROOT));
    while (matcher.find()) {
      words.add(matcher.group());
    }
    return words;
  }

  @Override
  public int size() {
    return symbols.size();
  }

  @Override
  public String symbol(int id) {
    requireIds(id);
    return symbols.get(id);
  }

  /** {@inheritDoc} A word that is not in the vocabulary has id 0. */
  @Override
  public int id(String symbol) {
    return ids.getOrDefault(symbol, 0);
  }

  /** {@inheritDoc} Words that are not in the vocabulary have id 0. */
  @Override
  public int[] encode(String text) {
    return words(text).stream().mapToInt(this::id).toArray();
  }

  /** Words with one space between them, none before a closing sign. */
  @Override
  public String decode(int... ids) {
    requireIds(ids);
    StringBuilder text = new StringBuilder();
    for (int id : ids) {
      String word = symbols.get(id);
      if (text.length() > 0 && !NO_SPACE_BEFORE.matcher(word).matches()) {
        text.append(' ');
      }
      text.append(word);
    }
    return text.toString();
  }

  @Override
  public void save(Path file) throws IOException {
    VocabularyFile.write(file, KIND, symbols);
  }
}
