// SPDX-License-Identifier: Apache-2.0

package dev.unroll.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NpyTest {
  private static final float[] VALUES = {1, -0f, Float.NaN, Float.MIN_VALUE, 5, 6};

  @TempDir Path folder;

  /** A file as NumPy would write it, by its own description of the format. */
  private Path file(int version, String descr, boolean fortran, String shape, byte... data)
      throws IOException {
    String header =
        "{'descr': '"
            + descr
            + "', 'fortran_order': "
            + (fortran ? "True" : "False")
            + ", 'shape': "
            + shape
            + ", }\n";
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', (byte) version, 0});
    ByteBuffer length = ByteBuffer.allocate(version == 1 ? 2 : 4).order(ByteOrder.LITTLE_ENDIAN);
    if (version == 1) {
      length.putShort((short) header.length());
    } else {
      length.putInt(header.length());
    }
    out.writeBytes(length.array());
    out.writeBytes(header.getBytes(StandardCharsets.UTF_8));
    out.writeBytes(data);
    return Files.write(folder.resolve("a.npy"), out.toByteArray());
  }

  private static byte[] doubles(ByteOrder order, double... values) {
    ByteBuffer buffer = ByteBuffer.allocate(8 * values.length).order(order);
    buffer.asDoubleBuffer().put(values);
    return buffer.array();
  }

  private static byte[] ints(int... values) {
    ByteBuffer buffer = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    buffer.asIntBuffer().put(values);
    return buffer.array();
  }

  @ParameterizedTest
  @ValueSource(strings = {"6", "2,3", "1,6,1", "3,0"})
  void goesThereAndBack(String axes) throws IOException {
    int[] shape = Arrays.stream(axes.split(",")).mapToInt(Integer::parseInt).toArray();
    float[] values = Arrays.copyOf(VALUES, axes.equals("3,0") ? 0 : 6);
    Path file = folder.resolve("array.npy");
    Npy.write(file, new NamedArray("x", values, shape));
    NamedArray read = Npy.read(file);

    assertThat(read.name()).isEqualTo("array");
    assertThat(read.shape()).isEqualTo(shape);
    assertThat(read.values()).isEqualTo(values);
    byte[] bytes = Files.readAllBytes(file);
    int header = 10 + Byte.toUnsignedInt(bytes[8]) + 256 * bytes[9];
    assertThat(header % 64).isZero();
    assertThat(bytes).hasSize(header + 4 * values.length);
  }

  @Test
  void readsOneNumber() throws IOException {
    NamedArray one = Npy.read(file(1, "<f4", false, "()", ints(Float.floatToIntBits(2.5f))));
    assertThat(one.shape()).isEmpty();
    assertThat(one.values()).containsExactly(2.5f);
  }

  @Test
  void readsOtherTypesOrdersAndFormats() throws IOException {
    double[] columnMajor = {1, 4, 2, 5, 3, 6};
    byte[] big = doubles(ByteOrder.BIG_ENDIAN, columnMajor);
    assertThat(Npy.read(file(2, ">f8", true, "(2, 3)", big)).values())
        .containsExactly(1, 2, 3, 4, 5, 6);
    assertThat(Npy.read(file(3, "<i4", false, "(3,)", ints(7, -8, 9))).values())
        .containsExactly(7, -8, 9);
  }

  @Test
  void refusesWhatItDoesNotUnderstand() throws IOException {
    assertRefused(file(1, "<f4", false, "(3,)", new byte[8]), "8 bytes of data for 3 values");
    assertRefused(file(1, "<f2", false, "(3,)", new byte[6]), "type f2");
    assertRefused(file(1, "<U5", false, "(3,)", new byte[6]), "not understood");
    assertRefused(file(1, "<f4", false, "(99999999999,)", new byte[6]), "too large");
    assertRefused(file(1, "<f4", false, "(99999, 99999)", new byte[6]), "too large");
    assertRefused(file(9, "<f4", false, "(1,)", new byte[4]), "format 9");
    Path text = Files.writeString(folder.resolve("a.npy"), "not an array at all");
    assertRefused(text, "does not start");
    byte[] whole = Files.readAllBytes(file(2, "<f4", false, "(1,)", new byte[4]));
    whole[11] = 0x7f;
    assertRefused(Files.write(folder.resolve("a.npy"), whole), "header");
  }

  private static void assertRefused(Path file, String message) {
    assertThatThrownBy(() -> Npy.read(file))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining(message)
        .hasMessageContaining("a.npy");
  }

  @Test
  void archivesHoldSeveral() throws IOException {
    Path file = folder.resolve("all.npz");
    Npz.write(
        file,
        List.of(new NamedArray("lstm/kernel", VALUES, 3, 2), new NamedArray("b", new float[1], 1)));
    List<NamedArray> read = Npz.read(file);

    assertThat(read).extracting(NamedArray::name).containsExactly("lstm/kernel", "b");
    assertThat(read.get(0).values()).isEqualTo(VALUES);
    byte[] whole = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(whole, 40));
    assertThatThrownBy(() -> Npz.read(file)).isInstanceOf(IOException.class);
    Files.writeString(file, "text");
    assertThatThrownBy(() -> Npz.read(file)).hasMessageContaining("no archive");
  }

  @Test
  void arraysFillTheirShape() {
    assertThatThrownBy(() -> new NamedArray("x", VALUES, 2, 2))
        .hasMessageContaining("'x'")
        .hasMessageContaining("[2, 2]");
  }
}
