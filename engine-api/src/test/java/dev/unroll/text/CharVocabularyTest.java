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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CharVocabularyTest {
  private static final String TEXT = "banana\n\"\\\tü😀\u2028\u0000\uFEFF";

  @TempDir Path folder;

  @Test
  void idsFollowTheCodePoints() {
    // In UTF-16 order the emoji (D83D...) would stand before U+FEFF.
    CharVocabulary vocabulary = CharVocabulary.of("b\uFEFFa😀b\n");
    assertThat(vocabulary.size()).isEqualTo(5);
    assertThat(vocabulary.encode("\nab\uFEFF😀")).containsExactly(0, 1, 2, 3, 4);
    assertThat(vocabulary.symbol(4)).isEqualTo("😀");
    assertThat(vocabulary.id("😀")).isEqualTo(4);
    assertThat(vocabulary.id("\n")).isZero();
  }

  @Test
  void textsComeBack() {
    CharVocabulary vocabulary = CharVocabulary.of(TEXT);
    assertThat(vocabulary.decode(vocabulary.encode(TEXT))).isEqualTo(TEXT);
    assertThat(vocabulary.encode("")).isEmpty();
    assertThat(vocabulary.decode()).isEmpty();
  }

  @Test
  void theFileComesBack() throws IOException {
    CharVocabulary vocabulary = CharVocabulary.of(TEXT);
    Path file = folder.resolve("vocabulary");
    vocabulary.save(file);
    CharVocabulary loaded = CharVocabulary.load(file);
    assertThat(loaded.size()).isEqualTo(vocabulary.size());
    assertThat(loaded.encode(TEXT)).isEqualTo(vocabulary.encode(TEXT));
    byte[] first = Files.readAllBytes(file);
    loaded.save(file);
    assertThat(file).hasBinaryContent(first);
  }

  @Test
  void unknownCharactersAreNamed() {
    CharVocabulary vocabulary = CharVocabulary.of("abc😀");
    assertThatThrownBy(() -> vocabulary.encode("a😀bécd"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'é' (U+00E9) at position 3")
        .hasMessageContaining("4 characters")
        .hasMessageContaining("leave it out");
    assertThatThrownBy(() -> vocabulary.encode("\n"))
        .hasMessageContaining("the character U+000A at position 0");
    assertThatThrownBy(() -> vocabulary.encode("a\uD83D"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("U+D83D at position 1");
    assertThatThrownBy(() -> vocabulary.encode("🙁")).hasMessageContaining("U+1F641");
  }

  @Test
  void idsAndSymbolsAreChecked() {
    CharVocabulary vocabulary = CharVocabulary.of("abc");
    assertThatThrownBy(() -> vocabulary.decode(0, 3))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("id 3 at position 1")
        .hasMessageContaining("0 to 2");
    assertThatThrownBy(() -> vocabulary.decode(-1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> vocabulary.symbol(3)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> vocabulary.symbol(-1)).isInstanceOf(IllegalArgumentException.class);
    for (String symbol : new String[] {"", "d", "ab", "\uD83D"}) {
      assertThatThrownBy(() -> vocabulary.id(symbol))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("'" + symbol + "'");
    }
  }

  @Test
  void aTextMustHaveCharacters() {
    assertThatThrownBy(() -> CharVocabulary.of(""))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("empty");
    assertThatThrownBy(() -> CharVocabulary.of("a\uDE00b"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("U+DE00");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "[]|a JSON object is expected",
        "{|is not valid JSON",
        "~~|is not valid JSON",
        "{}|\"kind\" is null",
        "{\"kind\": \"words\", \"symbols\": [\"a\"]}|\"kind\" is words",
        "{\"kind\": \"characters\"}|\"symbols\" is not a list",
        "{\"kind\": \"characters\", \"symbols\": []}|has no characters",
        "{\"kind\": \"characters\", \"symbols\": {}}|\"symbols\" is not a list",
        "{\"kind\": \"characters\", \"symbols\": [\"a\", 7]}|symbol 1",
        "{\"kind\": \"characters\", \"symbols\": [\"a\", null]}|symbol 1",
        "{\"kind\": \"characters\", \"symbols\": [\"a\", \"bc\"]}|not one character (symbol 1)",
        "{\"kind\": \"characters\", \"symbols\": [\"\"]}|not one character (symbol 0)",
        "{\"kind\": \"characters\", \"symbols\": [\"\\ud83d\"]}|not one character (symbol 0)",
        "{\"kind\": \"characters\", \"symbols\": [\"b\", \"a\"]}|not in ascending order (symbol 1)",
        "{\"kind\": \"characters\", \"symbols\": [\"a\", \"a\"]}|not in ascending order (symbol 1)",
      })
  void damagedFilesAreRefused(String text, String expected) throws IOException {
    Path file = Files.writeString(folder.resolve("vocabulary"), text);
    assertThatThrownBy(() -> CharVocabulary.load(file))
        .isInstanceOf(FileFormatException.class)
        .hasMessageStartingWith(file + ": ")
        .hasMessageContaining(expected);
  }

  @Test
  void aMissingFileIsNamed() {
    Path file = folder.resolve("none");
    assertThatThrownBy(() -> CharVocabulary.load(file))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining(file + ": there is no such file");
  }
}
