// SPDX-License-Identifier: Apache-2.0

package dev.unroll.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unroll.io.FileFormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WordVocabularyTest {
  private static final String TEXT = "The whale, the whale! Don't ask the sea; über 42.";

  @TempDir Path folder;

  @Test
  void wordsAreLowerCaseAndSignsStandAlone() {
    assertThat(WordVocabulary.words(TEXT))
        .containsExactly(
            "the", "whale", ",", "the", "whale", "!", "don't", "ask", "the", "sea", ";", "über",
            "42", ".");
    assertThat(WordVocabulary.words(" \n ")).isEmpty();
  }

  @Test
  void theMostFrequentWordsHaveTheFirstIds() {
    WordVocabulary words = WordVocabulary.of(TEXT, 4);

    assertThat(words.size()).isEqualTo(4);
    assertThat(words.symbol(0)).isEqualTo(WordVocabulary.UNKNOWN);
    assertThat(words.symbol(1)).isEqualTo("the");
    assertThat(words.symbol(2)).isEqualTo("whale");
    assertThat(words.symbol(3)).isEqualTo("!");
    assertThat(words.encode("The  WHALE sinks!")).containsExactly(1, 2, 0, 3);
    assertThat(words.decode(1, 2, 3)).isEqualTo("the whale!");
    assertThat(words.id("sinks")).isZero();
  }

  @Test
  void aFileBringsItBack() throws IOException {
    Path file = folder.resolve("words");
    WordVocabulary written = WordVocabulary.of(TEXT, 100);
    written.save(file);
    WordVocabulary read = WordVocabulary.load(file);

    assertThat(read.size()).isEqualTo(written.size());
    assertThat(read.encode(TEXT)).isEqualTo(written.encode(TEXT));
  }

  @Test
  void refusesADamagedFile() throws IOException {
    for (String text :
        new String[] {
          "{}",
          "{\"kind\":\"characters\",\"symbols\":[\"a\"]}",
          "{\"kind\":\"words\",\"symbols\":[\"a\",\"b\"]}",
          "{\"kind\":\"words\",\"symbols\":[\"<unk>\",7]}",
          "{\"kind\":\"words\",\"symbols\":[\"<unk>\",\"a\",\"a\"]}"
        }) {
      Path file = Files.writeString(folder.resolve("words"), text);
      assertThatThrownBy(() -> WordVocabulary.load(file))
          .as(text)
          .isInstanceOf(FileFormatException.class)
          .hasMessageContaining("vocabulary");
    }
  }

  @Test
  void refusesTooLittle() {
    assertThatThrownBy(() -> WordVocabulary.of("  ", 10)).hasMessageContaining("0 words");
    assertThatThrownBy(() -> WordVocabulary.of("a", 1)).hasMessageContaining("at most 1");
    WordVocabulary words = WordVocabulary.of("a", 2);
    assertThatThrownBy(() -> words.symbol(2)).hasMessageContaining("id 2");
  }
}
