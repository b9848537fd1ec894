// SPDX-License-Identifier: Apache-2.0

package dev.unroll.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EventWriterTest {
  private static final Path PROTOC = Path.of("/usr/bin/protoc");
  private static final Clock CLOCK =
      Clock.fixed(Instant.ofEpochMilli(1_700_000_000_250L), ZoneOffset.UTC);

  @TempDir Path folder;

  @Test
  void aFileStartsWithItsVersion() throws IOException {
    Path file;
    try (EventWriter writer = new EventWriter(folder, CLOCK)) {
      file = writer.file();
      // Before anything else is flushed or closed.
      Map<Integer, Object> version = events(file).get(0);
      assertThat(text(version.get(3))).isEqualTo("brain.Event:2");
      assertThat(version.get(1)).isEqualTo(Double.doubleToLongBits(1_700_000_000.25));
    }
    assertThat(file.getFileName().toString()).matches("events\\.out\\.tfevents\\.1700000000\\..+");
    assertThat(events(file)).hasSize(1);
  }

  @Test
  void scalarsComeBack() throws IOException {
    float[] values = {1.5f, -0.0f, Float.NaN, Float.MIN_VALUE, Float.NEGATIVE_INFINITY};
    long[] steps = {0, 1, 127, 128, 1L << 40};
    Path file;
    try (EventWriter writer = new EventWriter(folder, CLOCK)) {
      file = writer.file();
      for (int i = 0; i < values.length; i++) {
        writer.scalar("loss/train", steps[i], values[i]);
      }
      writer.flush();
      assertThat(events(file)).hasSize(1 + values.length);
    }
    List<Map<Integer, Object>> events = events(file);
    for (int i = 0; i < values.length; i++) {
      Map<Integer, Object> event = events.get(i + 1);
      assertThat(event.get(2)).isEqualTo(steps[i]);
      Map<Integer, Object> value = value(event);
      assertThat(text(value.get(1))).isEqualTo("loss/train");
      assertThat(value.get(2)).isEqualTo((long) Float.floatToIntBits(values[i]) & 0xFFFFFFFFL);
    }
  }

  @Test
  void textsComeBackWithTheirPlugin() throws IOException {
    String sample = "Call me Ishmael – 😀\n".repeat(50);
    Path file;
    try (EventWriter writer = new EventWriter(folder, CLOCK)) {
      file = writer.file();
      writer.text("sample", 300, sample);
    }
    Map<Integer, Object> value = value(events(file).get(1));
    assertThat(text(value.get(1))).isEqualTo("sample");
    Map<Integer, Object> tensor = fields(value.get(8));
    assertThat(tensor.get(1)).as("dtype string").isEqualTo(7L);
    assertThat(fields(fields(tensor.get(2)).get(2))).as("shape [1]").isEqualTo(Map.of(1, 1L));
    assertThat(text(tensor.get(8))).isEqualTo(sample);
    assertThat(text(fields(fields(value.get(9)).get(1)).get(1))).isEqualTo("text");
  }

  @Test
  void histogramsComeBack() throws IOException {
    float[] values = {-1, 2, 0.5f, Float.NaN, 2, Float.POSITIVE_INFINITY};
    Path file;
    try (EventWriter writer = new EventWriter(folder, CLOCK)) {
      file = writer.file();
      writer.histogram("weights", 7, values);
      writer.histogram("constant", 8, new float[] {3, 3});
      writer.histogram("nothing", 9, new float[] {Float.NaN});
    }
    Map<Integer, Object> value = value(events(file).get(1));
    assertThat(text(value.get(1))).isEqualTo("weights");
    Map<Integer, Object> histogram = fields(value.get(5));
    double[] scalars = {-1, 2, 4, 3.5, 9.25};
    for (int i = 0; i < scalars.length; i++) {
      assertThat(histogram.get(i + 1)).isEqualTo(Double.doubleToLongBits(scalars[i]));
    }
    double[] limits = doubles(histogram.get(6));
    double[] counts = doubles(histogram.get(7));
    assertThat(limits).hasSize(30).isSorted().endsWith(2.0);
    assertThat(counts).hasSize(30).startsWith(1, 0).endsWith(0, 2);
    assertThat(counts[15]).isEqualTo(1);
    assertThat(doubles(fields(value(events(file).get(2)).get(5)).get(7))).containsExactly(2);
    assertThat(doubles(fields(value(events(file).get(3)).get(5)).get(7))).containsExactly(0);
  }

  private static double[] doubles(Object bytes) {
    ByteBuffer in = ByteBuffer.wrap((byte[]) bytes).order(ByteOrder.LITTLE_ENDIAN);
    double[] values = new double[in.remaining() / Double.BYTES];
    in.asDoubleBuffer().get(values);
    return values;
  }

  /** The independent decoder, where the package protobuf-compiler is installed. */
  @Test
  void protocReadsIt() throws Exception {
    if (!Files.exists(PROTOC)) {
      assertThat(System.getenv().getOrDefault("UNROLL_REQUIRE", "")).doesNotContain("protoc");
      assumeTrue(false, PROTOC + " is not there: install protobuf-compiler");
    }
    Path file;
    try (EventWriter writer = new EventWriter(folder, CLOCK)) {
      file = writer.file();
      writer.scalar("loss", 3, 1);
      writer.histogram("weights", 7, new float[] {3, 3});
      writer.text("sample", 9, "Call me");
    }
    ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    StringBuilder decoded = new StringBuilder();
    while (in.hasRemaining()) {
      byte[] message = new byte[(int) in.getLong()];
      in.getInt();
      in.get(message);
      in.getInt();
      Process protoc = new ProcessBuilder(PROTOC.toString(), "--decode_raw").start();
      try (OutputStream stdin = protoc.getOutputStream()) {
        stdin.write(message);
      }
      decoded.append(new String(protoc.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
      assertThat(protoc.waitFor()).isZero();
    }
    assertThat(decoded)
        .contains("3: \"brain.Event:2\"")
        .containsPattern("2: 3\\s+5 \\{\\s+1 \\{\\s+1: \"loss\"\\s+2: 0x3f800000")
        .containsPattern("1: \"weights\"\\s+5 \\{\\s+1: 0x4008000000000000")
        .containsPattern("1: \"sample\"\\s+8 \\{[^}]*\\}[^}]*\\}\\s+8: \"Call me\"");
  }

  @Test
  void aScalarHasTheseBytes() throws IOException {
    byte[] message =
        new ProtoMessage().text(1, "a").fixed32(2, Float.floatToIntBits(1)).toByteArray();
    assertThat(message).containsExactly(0x0a, 1, 'a', 0x15, 0, 0, 0x80, 0x3f);
    assertThat(new ProtoMessage().varint(2, 300).toByteArray()).containsExactly(0x10, 0xac, 0x02);
    assertThat(new ProtoMessage().varint(2, -1).toByteArray()).hasSize(11);
  }

  @Test
  void crcIsTheMaskedOne() {
    // CRC-32C of 32 zero bytes is 8a9136aa (RFC 3720, B.4).
    int crc = 0x8a9136aa;
    assertThat(EventWriter.maskedCrc(new byte[40], 32))
        .isEqualTo(((crc >>> 15) | (crc << 17)) + 0xa282ead8);
  }

  @Test
  void twoRunsInOneSecondGetTwoFiles() throws IOException {
    try (EventWriter first = new EventWriter(folder, CLOCK);
        EventWriter second = new EventWriter(folder, CLOCK)) {
      assertThat(second.file()).isNotEqualTo(first.file());
      second.scalar("x", 1, 2);
      second.flush();
      assertThat(events(first.file())).hasSize(1);
      assertThat(events(second.file())).hasSize(2);
    }
  }

  @Test
  void aMissingFolderIsNamed() {
    Path missing = folder.resolve("missing");
    assertThatThrownBy(() -> new EventWriter(missing))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("the folder " + missing);
  }

  private static Map<Integer, Object> value(Map<Integer, Object> event) {
    return fields(fields(event.get(5)).get(1));
  }

  private static String text(Object bytes) {
    return new String((byte[]) bytes, StandardCharsets.UTF_8);
  }

  /** Cuts a file into records, whose checksums must be right, and decodes each. */
  private static List<Map<Integer, Object>> events(Path file) throws IOException {
    ByteBuffer in = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    List<Map<Integer, Object>> events = new ArrayList<>();
    while (in.hasRemaining()) {
      byte[] head = new byte[8];
      in.get(head);
      assertThat(in.getInt()).isEqualTo(slowMaskedCrc(head));
      byte[] data = new byte[(int) ByteBuffer.wrap(head).order(in.order()).getLong()];
      in.get(data);
      assertThat(in.getInt()).isEqualTo(slowMaskedCrc(data));
      events.add(fields(data));
    }
    return events;
  }

  /** CRC-32C bit by bit (polynomial 1EDC6F41, reflected), apart from the JDK's. */
  private static int slowMaskedCrc(byte[] bytes) {
    int crc = -1;
    for (byte b : bytes) {
      crc ^= b & 0xFF;
      for (int bit = 0; bit < 8; bit++) {
        crc = (crc >>> 1) ^ ((crc & 1) != 0 ? 0x82F63B78 : 0);
      }
    }
    crc = ~crc;
    return ((crc >>> 15) | (crc << 17)) + 0xa282ead8;
  }

  /** Fields of a protobuf message by number: Long for numbers, byte[] for the rest. */
  private static Map<Integer, Object> fields(Object message) {
    ByteBuffer in = ByteBuffer.wrap((byte[]) message).order(ByteOrder.LITTLE_ENDIAN);
    Map<Integer, Object> fields = new TreeMap<>();
    while (in.hasRemaining()) {
      int tag = (int) varint(in);
      Object value =
          switch (tag & 7) {
            case 0 -> varint(in);
            case 1 -> in.getLong();
            case 2 -> bytes(in);
            case 5 -> in.getInt() & 0xFFFFFFFFL;
            default -> throw new AssertionError("wire type of tag " + tag);
          };
      assertThat(fields.put(tag >>> 3, value)).isNull();
    }
    return fields;
  }

  private static byte[] bytes(ByteBuffer in) {
    byte[] bytes = new byte[(int) varint(in)];
    in.get(bytes);
    return bytes;
  }

  private static long varint(ByteBuffer in) {
    long value = 0;
    for (int shift = 0; ; shift += 7) {
      byte b = in.get();
      value |= (long) (b & 0x7F) << shift;
      if (b >= 0) {
        return value;
      }
    }
  }
}
