// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unroll.io.FileFormatException;
import dev.unroll.text.Vocabulary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BytePairVocabularyTest {
  private static final String TEXT = "the whale and the sea, the whale — déjà vu";

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"", TEXT, "It never saw this:\n\t 鲸 🐋 <|endoftext|>\u0000"})
  void anyTextComesBack(String text) {
    for (int most : new int[] {256, 258, 10_000}) {
      Vocabulary vocabulary = BytePairVocabulary.of(TEXT, most);
      assertThat(vocabulary.decode(vocabulary.encode(text))).isEqualTo(text);
    }
  }

  @Test
  void frequentPairsComeFirstAndBytesSpellTheRest() {
    Vocabulary vocabulary = BytePairVocabulary.of(TEXT, 258);
    assertThat(vocabulary.size()).isEqualTo(258);
    assertThat(vocabulary.symbol(256)).isEqualTo(" the");
    assertThat(vocabulary.symbol(257)).isEqualTo(" whale");
    assertThat(vocabulary.encode("x the whale é")).containsExactly('x', 256, 257, ' ', 0xc3, 0xa9);
    assertThat(vocabulary.symbol(0xc3)).isEqualTo("<0xc3>");
    assertThat(vocabulary.id("<0xc3>")).isEqualTo(0xc3);
    assertThat(vocabulary.id(" whale")).isEqualTo(257);
    assertThatThrownBy(() -> vocabulary.id(" sea")).hasMessageContaining("' sea'");
    assertThatThrownBy(() -> vocabulary.symbol(258)).hasMessageContaining("0 to 257");
  }

  /** The ids are those that tiktoken gives for gpt2. */
  @Test
  void theTokensAreThoseOfGpt2() throws IOException {
    Path file = folder.resolve("vocabulary");
    BytePairVocabulary.of("hello world", 1000).save(file);
    assertThat(Files.readString(file)).contains("31373", "995");
  }

  @Test
  void halfACharacterWaitsForItsRest() {
    Vocabulary vocabulary = BytePairVocabulary.of(TEXT, 256);
    int[] whale = vocabulary.encode("a🐋b");
    assertThat(whale).hasSize(6);
    assertThat(vocabulary.decode(Arrays.copyOf(whale, 4))).isEqualTo("a");
    assertThat(vocabulary.decode(Arrays.copyOf(whale, 5))).isEqualTo("a🐋");
    assertThat(vocabulary.decode(0xc3, 'x')).isEqualTo("\ufffdx");
  }

  @Test
  void aFileBringsItBackAndADamagedOneIsRefused() throws IOException {
    Path file = folder.resolve("vocabulary");
    Vocabulary written = BytePairVocabulary.of(TEXT, 300);
    written.save(file);
    Vocabulary read = VocabularyKind.load(file);
    assertThat(read.encode(TEXT)).isEqualTo(written.encode(TEXT));
    for (String tokens : new String[] {"7", "[\"a\"]", "[5000,5000]", "[50256]", "[-1]", "[1.5]"}) {
      Files.writeString(file, "{\"kind\":\"byte-pairs\",\"symbols\":" + tokens + "}");
      assertThatThrownBy(() -> VocabularyKind.load(file))
          .as(tokens)
          .isInstanceOf(FileFormatException.class)
          .hasMessageContaining("vocabulary");
    }
  }

  @Test
  void theWordModelTakesBytePairsAndWritesWithThem() throws IOException {
    Path run = folder.resolve("run");
    Object[] train = {
      "train", "word-lm", "--vocabulary", "byte-pairs", "--batch", 2, "--seq", 4, "--steps", 1
    };
    Cli.Result trained = Cli.run(with(train, "--data", Cli.text(folder), "--out", run));
    assertThat(trained.exitCode()).as(trained.err()).isZero();
    assertThat(trained.out()).contains(" byte-pairs, 0.0 % not in the vocabulary");
    Cli.Result text = Cli.run("generate", "--model", run, "--prompt", "鲸 the", "--length", 8);
    assertThat(text.exitCode()).as(text.err()).isZero();
    assertThat(text.out()).startsWith("鲸 the");
    Cli.Result other =
        Cli.run("train", "--resume", run, "--steps", 2, "--vocabulary", "words", "--out", folder);
    assertThat(other.exitCode()).isEqualTo(2);
    assertThat(other.err()).contains("--vocabulary is words", "started with byte-pairs");
    Cli.Result none = Cli.run("train", "char-lm", "--vocabulary", "byte-pairs");
    assertThat(none.exitCode()).isEqualTo(2);
    assertThat(none.err()).contains("word-lm only");
  }

  private static Object[] with(Object[] first, Object... second) {
    Object[] all = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, all, first.length, second.length);
    return all;
  }
}
