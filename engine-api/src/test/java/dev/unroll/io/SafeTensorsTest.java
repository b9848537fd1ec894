// SPDX-License-Identifier: Apache-2.0

package dev.unroll.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unroll.io.SafeTensors.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafeTensorsTest {
  @TempDir Path folder;
  private Path file;

  @BeforeEach
  void nameFile() {
    file = folder.resolve("model.safetensors");
  }

  @Test
  void everyTypeAndShapeComesBack() throws IOException {
    // More elements than one chunk holds, and not a multiple of it.
    float[] floats = new float[40_003];
    int[] ints = new int[16_385];
    long[] longs = new long[8_193];
    Random random = new Random(3);
    for (int i = 0; i < floats.length; i++) {
      floats[i] = Float.intBitsToFloat(random.nextInt());
    }
    random.ints(ints.length).forEach(n -> ints[Math.floorMod(n, ints.length)] = n);
    random.longs(longs.length).forEach(n -> longs[(int) Math.floorMod(n, 8_193L)] = n);
    new SafeTensorsWriter()
        .metadata("format", "pt")
        .metadata("ключ", "wert \"\n😀")
        .add("weight_ih_l0", floats, 40_003, 1, 1)
        .add("indices", ints, 5, 3_277)
        .add("steps", longs, 8_193)
        .add("scalar", new float[] {-0.0f})
        .add("empty", new float[0], 7, 0, 3)
        .add("größe", new int[] {1, Integer.MIN_VALUE}, 2)
        .write(file);
    try (SafeTensors tensors = SafeTensors.open(file)) {
      assertThat(tensors.names())
          .containsExactly("empty", "größe", "indices", "scalar", "steps", "weight_ih_l0");
      assertThat(tensors.metadata())
          .containsExactlyInAnyOrderEntriesOf(Map.of("format", "pt", "ключ", "wert \"\n😀"));
      assertThat(tensors.floats("weight_ih_l0")).isEqualTo(floats);
      assertThat(tensors.ints("indices")).isEqualTo(ints);
      assertThat(tensors.longs("steps")).isEqualTo(longs);
      assertThat(Float.floatToRawIntBits(tensors.floats("scalar")[0])).isEqualTo(0x80000000);
      assertThat(tensors.floats("empty")).isEmpty();
      assertThat(tensors.ints("größe")).containsExactly(1, Integer.MIN_VALUE);
      assertThat(tensors.entry("indices").dtype()).isEqualTo(DType.I32);
      assertThat(tensors.entry("indices").shape()).containsExactly(5, 3_277);
      assertThat(tensors.entry("scalar").shape()).isEmpty();
      assertThat(tensors.entry("scalar").elements()).isEqualTo(1);
      assertThat(tensors.entry("empty").shape()).containsExactly(7, 0, 3);
      assertThat(tensors.entry("empty").elements()).isZero();
    }
  }

  @Test
  void theBytesAreFixed() throws IOException {
    new SafeTensorsWriter()
        .metadata("z", "1")
        .metadata("a", "2")
        .add("b", new float[] {1.5f, -2}, 1, 2)
        .add("c", new long[] {3}, 1)
        .add("a", new int[] {-1})
        .write(file);
    String header =
        "{\"__metadata__\":{\"a\":\"2\",\"z\":\"1\"},"
            + "\"a\":{\"dtype\":\"I32\",\"shape\":[],\"data_offsets\":[8,12]},"
            + "\"b\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[12,20]},"
            + "\"c\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[0,8]}}";
    int padded = (header.length() + 7) / 8 * 8;
    ByteBuffer expected = ByteBuffer.allocate(8 + padded + 20).order(ByteOrder.LITTLE_ENDIAN);
    expected.putLong(padded).put(header.getBytes(StandardCharsets.US_ASCII));
    expected.put(" ".repeat(padded - header.length()).getBytes(StandardCharsets.US_ASCII));
    expected.putLong(3).putInt(-1).putFloat(1.5f).putFloat(-2);
    assertThat(file).hasBinaryContent(expected.array());
  }

  @Test
  void theOrderOfTheCallsDoesNotMatter() throws IOException {
    Path other = folder.resolve("other");
    new SafeTensorsWriter()
        .add("x", new float[] {1})
        .add("y", new float[] {2})
        .metadata("k", "1")
        .metadata("l", "2")
        .write(file);
    new SafeTensorsWriter()
        .metadata("l", "2")
        .metadata("k", "1")
        .add("y", new float[] {2})
        .add("x", new float[] {1})
        .write(other);
    assertThat(file).hasSameBinaryContentAs(other);
  }

  @Test
  void aFileWithoutTensorsIsWhole() throws IOException {
    new SafeTensorsWriter().write(file);
    try (SafeTensors tensors = SafeTensors.open(file)) {
      assertThat(tensors.names()).isEmpty();
      assertThat(tensors.metadata()).isEmpty();
    }
  }

  @Test
  void theHeaderIsPaddedWhateverItsLength() throws IOException {
    for (int length = 1; length <= 9; length++) {
      new SafeTensorsWriter().add("n".repeat(length), new float[] {length}).write(file);
      assertThat(Files.size(file) % 8).isEqualTo(4);
      try (SafeTensors tensors = SafeTensors.open(file)) {
        assertThat(tensors.floats("n".repeat(length))).containsExactly(length);
      }
    }
  }

  @Test
  void missingTensorsTypesAndShapesAreNamed() throws IOException {
    new SafeTensorsWriter().add("w", new float[6], 2, 3).add("i", new int[1], 1).write(file);
    try (SafeTensors tensors = SafeTensors.open(file)) {
      assertThatThrownBy(() -> tensors.floats("bias"))
          .isInstanceOf(FileFormatException.class)
          .hasMessageStartingWith(file + ": there is no such tensor among the 2 of the file: i, w")
          .hasMessageContaining("tensor 'bias'");
      assertThatThrownBy(() -> tensors.floats("i"))
          .isInstanceOf(FileFormatException.class)
          .hasMessageContaining("the type is I32, not F32 (tensor 'i')");
      assertThatThrownBy(() -> tensors.ints("w")).isInstanceOf(FileFormatException.class);
      assertThatThrownBy(() -> tensors.longs("w")).isInstanceOf(FileFormatException.class);
      tensors.requireShape("w", 2, 3);
      assertThatThrownBy(() -> tensors.requireShape("w", 3, 2))
          .isInstanceOf(FileFormatException.class)
          .hasMessageContaining("the shape is [2, 3], not [3, 2] (tensor 'w')");
      assertThatThrownBy(() -> tensors.requireShape("w", 6))
          .isInstanceOf(FileFormatException.class);
      assertThatThrownBy(() -> tensors.requireShape("i"))
          .isInstanceOf(FileFormatException.class)
          .hasMessageContaining("not []");
    }
  }

  @Test
  void tensorsThatAreNotFiniteAreNamed() throws IOException {
    float[] diverged = new float[20_000];
    diverged[17_000] = Float.NaN;
    diverged[18_000] = Float.POSITIVE_INFINITY;
    new SafeTensorsWriter()
        .add("fine", new float[] {Float.MAX_VALUE, -Float.MIN_VALUE}, 2)
        .add("integers", new int[] {0x7fc00000}, 1)
        .write(file);
    try (SafeTensors tensors = SafeTensors.open(file)) {
      tensors.requireFinite();
      tensors.requireFinite("fine");
    }
    new SafeTensorsWriter()
        .add("fine", new float[1])
        .add("first", new float[] {Float.NEGATIVE_INFINITY, 0}, 2)
        .add("w", diverged, 20_000)
        .write(file);
    try (SafeTensors tensors = SafeTensors.open(file)) {
      tensors.requireFinite("fine");
      assertThatThrownBy(() -> tensors.requireFinite("w"))
          .isInstanceOf(FileFormatException.class)
          .hasMessageContaining("2 of 20000 elements are NaN or infinite, first element 17000: NaN")
          .hasMessageContaining("tensor 'w'");
      assertThatThrownBy(() -> tensors.requireFinite("first"))
          .isInstanceOf(FileFormatException.class)
          .hasMessageContaining("1 of 2 elements are NaN or infinite, first element 0: -Infinity");
      assertThatThrownBy(tensors::requireFinite).isInstanceOf(FileFormatException.class);
    }
  }

  @Test
  void anOpenFileSurvivesBeingReplaced() throws IOException {
    new SafeTensorsWriter().add("w", new float[] {1, 2, 3}, 3).write(file);
    try (SafeTensors tensors = SafeTensors.open(file)) {
      new SafeTensorsWriter().add("w", new float[] {9}, 1).write(file);
      assertThat(tensors.floats("w")).containsExactly(1, 2, 3);
    }
  }

  @Test
  void aFileThatShrinksWhileItIsOpenIsReported() throws IOException {
    new SafeTensorsWriter().add("w", new float[] {1, 2, 3}, 3).write(file);
    byte[] bytes = Files.readAllBytes(file);
    try (SafeTensors tensors = SafeTensors.open(file)) {
      Files.write(file, Arrays.copyOf(bytes, bytes.length - 5));
      assertThatThrownBy(() -> tensors.floats("w"))
          .isInstanceOf(FileFormatException.class)
          .hasMessageContaining("ended while it was read");
    }
  }

  @Test
  void theWriterChecksNamesAndShapes() {
    SafeTensorsWriter writer = new SafeTensorsWriter().add("w", new float[2], 2);
    assertRefused(() -> writer.add("w", new int[1]), "there is a tensor 'w' already");
    assertRefused(() -> writer.add("", new float[1]), "'' cannot name a tensor");
    assertRefused(() -> writer.add("__metadata__", new float[1]), "cannot name a tensor");
    assertRefused(
        () -> writer.add("v", new float[6], 2, 4), "has 6 elements, but the shape [2, 4]");
    assertRefused(() -> writer.add("v", new float[6], -2, -3), "[-2, -3]");
    assertRefused(() -> writer.add("v", new float[0]), "has 0 elements, but the shape []");
    // The product is 2^64, which is 0 in a long.
    assertRefused(() -> writer.add("v", new float[0], 1 << 30, 1 << 30, 16), "1073741824");
  }

  private static void assertRefused(ThrowingCallable call, String message) {
    assertThatThrownBy(call)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  @Test
  void aFolderThatCannotBeWrittenIsNamed() throws IOException {
    SafeTensorsWriter writer = new SafeTensorsWriter().add("w", new float[2], 2);
    Path missing = folder.resolve("missing");
    assertThatThrownBy(() -> writer.write(missing.resolve("m")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("no folder " + missing);
    assertThat(List.of(folder.toFile().list())).isEmpty();
  }
}
