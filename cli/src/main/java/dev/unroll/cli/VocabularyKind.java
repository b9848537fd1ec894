// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.text.Vocabulary;
import dev.unroll.text.VocabularyFile;
import dev.unroll.text.WordVocabulary;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;

/** What a recipe that lets the user choose cuts its text into. */
enum VocabularyKind {
  /** The most frequent words of the text. */
  WORDS,
  /** The most frequent of GPT-2's byte pairs. */
  BYTE_PAIRS;

  Vocabulary of(String text, int most) {
    return this == WORDS ? WordVocabulary.of(text, most) : BytePairVocabulary.of(text, most);
  }

  /** Reads the file of either kind. */
  static Vocabulary load(Path file) throws IOException {
    return BytePairVocabulary.KIND.equals(VocabularyFile.kind(file))
        ? BytePairVocabulary.load(file)
        : WordVocabulary.load(file);
  }

  /** What {@link #toString} gave; null for null. */
  static VocabularyKind named(String name) {
    return name == null ? null : valueOf(name.toUpperCase(Locale.ROOT).replace('-', '_'));
  }

  /** As the user writes it. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
