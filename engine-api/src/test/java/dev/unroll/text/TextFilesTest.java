// SPDX-License-Identifier: Apache-2.0

package dev.unroll.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.unroll.io.FileFormatException;
import dev.unroll.io.InputFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextFilesTest {
  @TempDir Path folder;

  @Test
  void textComesBackAsItIs() throws IOException {
    String text = "first\r\nsecond\n\u0000é–\uFFFD😀\uFEFF end";
    assertThat(TextFiles.read(file(text.getBytes(StandardCharsets.UTF_8)))).isEqualTo(text);
  }

  @Test
  void aByteOrderMarkIsDropped() throws IOException {
    assertThat(TextFiles.read(file("\uFEFFab".getBytes(StandardCharsets.UTF_8)))).isEqualTo("ab");
  }

  @Test
  void aMissingFileIsNamed() {
    assertFault(folder.resolve("none.txt"), "there is no such file; check the path");
  }

  @Test
  void aFolderIsNoFile() {
    assertFault(folder, "is a folder; name a file in it");
  }

  @Test
  void anEmptyFileIsRefused() throws IOException {
    assertFault(file(new byte[0]), "is empty; name a file with text");
    assertFault(file("\uFEFF".getBytes(StandardCharsets.UTF_8)), "is empty");
  }

  @Test
  void wrongBytesAreNamedWithTheirLine() throws IOException {
    assertFault(file(bytes('a', '\n', 'b', '\n', '\n', 'c', 0xE9, 'd')), "(byte 6, line 4)");
    assertFault(file(bytes('a', 0xC3)), "(byte 1, line 1)");
    assertFault(file(bytes(0xFF, 0xFE, 'a', 0)), "(byte 0, line 1)");
    // An overlong form, half a surrogate pair, a code point above the last.
    assertFault(file(bytes('a', 0xC0, 0x80)), "is not UTF-8 text (byte 1");
    assertFault(file(bytes('a', 'b', 0xED, 0xA0, 0x80)), "is not UTF-8 text (byte 2");
    assertFault(file(bytes(0xF4, 0x90, 0x80, 0x80)), "convert it to UTF-8");
  }

  @Test
  void aFileThatIsTooLongIsRefused() throws IOException {
    Path file = file(new byte[11]);
    assertThatThrownBy(() -> InputFiles.readText(file, 10))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("has 11 bytes, at most 10");
  }

  @Test
  void aFileThatMustNotBeReadIsNamed() throws IOException {
    Path file = file(bytes('a'));
    // The administrator may read everything.
    assumeTrue(file.toFile().setReadable(false) && !Files.isReadable(file));
    assertFault(file, "check who may read the file");
  }

  private static void assertFault(Path file, String expected) {
    assertThatThrownBy(() -> TextFiles.read(file))
        .isInstanceOf(FileFormatException.class)
        .hasMessageStartingWith(file + ": ")
        .hasMessageContaining(expected);
  }

  private Path file(byte[] bytes) throws IOException {
    return Files.write(folder.resolve("text.txt"), bytes);
  }

  private static byte[] bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }
}
