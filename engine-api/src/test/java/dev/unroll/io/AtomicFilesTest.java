// SPDX-License-Identifier: Apache-2.0

package dev.unroll.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFilesTest {
  @TempDir Path folder;

  @Test
  void writesANewFileAndReplacesAnOldOne() throws IOException {
    Path file = folder.resolve("a.txt");
    AtomicFiles.writeText(file, "first, and longer");
    assertThat(file).hasContent("first, and longer");
    AtomicFiles.writeText(file, "größer 😀");
    assertThat(Files.readString(file)).isEqualTo("größer 😀");
    AtomicFiles.writeBytes(file, new byte[] {0, -1, 7});
    assertThat(file).hasBinaryContent(new byte[] {0, -1, 7});
    assertThat(names()).containsExactly("a.txt");
  }

  @Test
  void writesARelativePath() throws IOException {
    Path here = Path.of("").toAbsolutePath();
    assumeTrue(here.getRoot().equals(folder.getRoot()));
    AtomicFiles.writeText(here.relativize(folder.resolve("b.txt")), "b");
    assertThat(folder.resolve("b.txt")).hasContent("b");
  }

  @Test
  void writesMoreThanTheBufferHolds() throws IOException {
    byte[] bytes = new byte[200_003];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (i * 31 + i / 256);
    }
    Path file = folder.resolve("large");
    AtomicFiles.write(
        file,
        out -> {
          out.write(bytes, 0, 70_001);
          out.write(bytes, 70_001, bytes.length - 70_001);
        });
    assertThat(file).hasBinaryContent(bytes);
  }

  @Test
  void aFailureOnTheWayKeepsTheOldFileAndLeavesNothing() throws IOException {
    Path file = folder.resolve("model");
    AtomicFiles.writeText(file, "old");
    assertThatThrownBy(
            () ->
                AtomicFiles.write(
                    file,
                    out -> {
                      out.write(new byte[100_000]);
                      throw new IOException("No space left on device");
                    }))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining("No space left on device")
        .hasMessageContaining("the folder " + folder);
    assertThat(file).hasContent("old");
    assertThat(names()).containsExactly("model");
  }

  @Test
  void aProgrammingErrorOnTheWayLeavesNothingEither() throws IOException {
    Path file = folder.resolve("model");
    assertThatThrownBy(
            () ->
                AtomicFiles.write(
                    file,
                    out -> {
                      out.write(1);
                      throw new IllegalStateException("mine");
                    }))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("mine");
    assertThat(names()).isEmpty();
  }

  @Test
  void aMissingFolderIsNamed() {
    Path file = folder.resolve("missing").resolve("x");
    assertThatThrownBy(() -> AtomicFiles.writeText(file, "x"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("no folder " + file.getParent())
        .hasMessageContaining("create it");
  }

  @Test
  void aFileInPlaceOfTheFolderIsNamed() throws IOException {
    Path notAFolder = Files.writeString(folder.resolve("f"), "f");
    assertThatThrownBy(() -> AtomicFiles.writeText(notAFolder.resolve("x"), "x"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(notAFolder + " is not a folder");
    assertThat(notAFolder).hasContent("f");
  }

  @Test
  void aFolderInPlaceOfTheFileIsRefused() throws IOException {
    Path sub = Files.createDirectory(folder.resolve("sub"));
    assertThatThrownBy(() -> AtomicFiles.writeText(sub, "x"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(sub + ": it is a folder");
    assertThatThrownBy(() -> AtomicFiles.writeText(Path.of("/"), "x"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("it is a folder");
    assertThat(sub).isEmptyDirectory();
  }

  @Test
  void aReadOnlyFolderIsNamed() throws IOException {
    Path sub = Files.createDirectory(folder.resolve("locked"));
    // The administrator may write everywhere, and some file systems have no such right.
    assumeTrue(sub.toFile().setWritable(false) && !Files.isWritable(sub));
    assertThatThrownBy(() -> AtomicFiles.writeText(sub.resolve("x"), "x"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("the rights and the free space of the folder " + sub);
    assertThat(sub.toFile().setWritable(true)).isTrue();
  }

  @Test
  void halfASurrogatePairIsRefused() {
    Path file = folder.resolve("x");
    assertThatThrownBy(() -> AtomicFiles.writeText(file, "a\uD83D"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("half a surrogate pair");
    assertThat(file).doesNotExist();
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(f -> f.getFileName().toString()).toList();
    }
  }
}
