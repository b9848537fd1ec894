// SPDX-License-Identifier: Apache-2.0

package dev.unroll.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that are damaged or made to do harm: each must end in a FileFormatException. */
class SafeTensorsHeaderTest {
  @TempDir Path folder;

  /** Header with single for double quotes, bytes of data, what the message must say. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "{{}|0|is not valid JSON",
        "[]|0|a JSON object is expected (header)",
        "{'a': 3}|0|a JSON object is expected (tensor 'a')",
        "{'a': [F32]}|0|header, line 1, column",
        "{} {}|0|text after the end",
        "{'a':{'dtype':'F32','shape':[1]}}|4|not",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4],'x':1}}|4|has the members",
        "{'a':{'dtype':'F32','dtype':'F32','shape':[1],'data_offsets':[0,4]}}|4|Duplicate",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]},"
            + "'a':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}}|8|Duplicate field 'a'",
        "{'a':{'dtype':'F16','shape':[2],'data_offsets':[0,4]}}|4|F16 is not supported (tensor"
            + " 'a')",
        "{'a':{'dtype':'f32','shape':[1],'data_offsets':[0,4]}}|4|type f32 is unknown",
        "{'a':{'dtype':32,'shape':[1],'data_offsets':[0,4]}}|4|type 32 is unknown",
        "{'a':{'dtype':null,'shape':[1],'data_offsets':[0,4]}}|4|type null is unknown",
        "{'a':{'dtype':'F32','shape':1,'data_offsets':[0,4]}}|4|shape is not a list",
        "{'a':{'dtype':'F32','shape':[-1],'data_offsets':[0,4]}}|4|not a list of sizes",
        "{'a':{'dtype':'F32','shape':[1.0],'data_offsets':[0,4]}}|4|not a list of sizes",
        "{'a':{'dtype':'F32','shape':['1'],'data_offsets':[0,4]}}|4|not a list of sizes",
        "{'a':{'dtype':'F32','shape':[null],'data_offsets':[0,4]}}|4|not a list of sizes",
        "{'a':{'dtype':'F32','shape':[2147483648],'data_offsets':[0,4]}}|4|too large",
        "{'a':{'dtype':'F32','shape':[0,2147483648],'data_offsets':[0,0]}}|0|too large",
        "{'a':{'dtype':'F32','shape':[65536,32768],'data_offsets':[0,8589934592]}}|4|too large",
        "{'a':{'dtype':'F32','shape':[2147483647,2147483647,2147483647],"
            + "'data_offsets':[0,4]}}|4|too large",
        "{'a':{'dtype':'F32','shape':[4294967296,4294967296],'data_offsets':[0,0]}}|0|too large",
        "{'a':{'dtype':'F32','shape':[2147483647],'data_offsets':[0,8589934588]}}|4|truncated",
        "{'a':{'dtype':'F32','shape':[9223372036854775808],'data_offsets':[0,4]}}|4|not valid JSON",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':4}}|4|data_offsets is not a list",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[4]}}|4|not [begin, end]",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,2,4]}}|4|not [begin, end]",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,'4']}}|4|not [begin, end]",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[null,4]}}|4|not [begin, end]",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[-4,0]}}|4|not [begin, end]",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[4,0]}}|4|not [begin, end]",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[-9223372036854775808,"
            + "9223372036854775807]}}|4|not [begin, end]",
        "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,4]}}|4|hold 4 bytes, but F32 [2] has 8",
        "{'a':{'dtype':'I64','shape':[1],'data_offsets':[0,4]}}|4|hold 4 bytes, but I64 [1] has 8",
        "{'a':{'dtype':'F32','shape':[],'data_offsets':[0,0]}}|0|hold 0 bytes, but F32 [] has 4",
        "{'a':{'dtype':'F32','shape':[0],'data_offsets':[0,4]}}|4|hold 4 bytes, but F32 [0] has 0",
        "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}}|7|which has only 7: the file is",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}}|5|1 bytes follow the last tensor",
        "{}|3|3 bytes follow the last tensor",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}}|8|leaves a gap before it",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[9223372036854775803,"
            + "9223372036854775807]}}|8|leaves a gap before it (tensor 'a')",
        "{'b':{'dtype':'F32','shape':[1],'data_offsets':[8,12]},"
            + "'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]}}|12|gap before it (tensor 'b')",
        "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]},"
            + "'b':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}}|8|another (tensor 'b')",
        "{'a':{'dtype':'F32','shape':[1],'data_offsets':[0,4]},"
            + "'b':{'dtype':'I32','shape':[1],'data_offsets':[0,4]}}|4|overlaps another",
        "{'a':{'dtype':'F32','shape':[2],'data_offsets':[0,8]},"
            + "'b':{'dtype':'F32','shape':[0],'data_offsets':[4,4]}}|8|overlaps another",
        "{'__metadata__':[]}|0|a JSON object is expected (__metadata__)",
        "{'__metadata__':{'k':1}}|0|'k' is not a string (__metadata__)",
        "{'__metadata__':{'k':null}}|0|'k' is not a string",
      })
  void headersThatAreWrong(String header, int dataBytes, String expected) throws IOException {
    assertRefused(file(header.replace('\'', '"'), dataBytes), expected);
  }

  @ParameterizedTest
  @ValueSource(
      longs = {0, 1, 3, 1000, 100_000_001, Integer.MAX_VALUE, 1L << 32, Long.MAX_VALUE, -1})
  void headerLengthsThatAreWrong(long length) throws IOException {
    byte[] bytes = ByteBuffer.allocate(10).order(ByteOrder.LITTLE_ENDIAN).putLong(length).array();
    assertRefused(write(bytes), "the header would have " + Long.toUnsignedString(length));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 7})
  void filesThatAreTooShort(int length) throws IOException {
    assertRefused(write(new byte[length]), "has " + length + " bytes, too few");
  }

  @Test
  void aHugeHeaderIsRefusedBeforeItIsRead() throws IOException {
    Path file = write(header(100_000_001));
    // A sparse file: long enough for the header it claims.
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(new byte[1]), 200_000_000);
    }
    assertRefused(file, "with 100000000 bytes at most");
  }

  @Test
  void aHeaderThatIsNotUtf8() throws IOException {
    byte[] bytes = Arrays.copyOf(header(3), 11);
    bytes[8] = '{';
    bytes[9] = (byte) 0xFF;
    bytes[10] = '}';
    assertRefused(write(bytes), "the header is not UTF-8 (byte 1, line 1)");
  }

  @Test
  void missingFilesAndFolders() {
    assertRefused(folder.resolve("none"), "there is no such file");
    assertRefused(folder, "is a folder");
  }

  @Test
  void headersThatAreUnusualButRight() throws IOException {
    // Not padded, not sorted, spaces, empty tensors at the same place, metadata in the middle.
    String header =
        "{\"z\" : {\"shape\":[1],\"data_offsets\":[0,4],\"dtype\":\"F32\"},\"__metadata__\":{},"
            + "\"e2\":{\"dtype\":\"I64\",\"shape\":[0],\"data_offsets\":[4,4]},"
            + "\"e1\":{\"dtype\":\"F32\",\"shape\":[3,0],\"data_offsets\":[4,4]},"
            + "\"a\":{\"dtype\":\"F32\",\"shape\":[1,1],\"data_offsets\":[4,8]},"
            + "\"e3\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[4,4]}}  \n";
    try (SafeTensors tensors = SafeTensors.open(file(header, 8))) {
      assertThat(tensors.names()).containsExactly("z", "e2", "e1", "a", "e3");
      assertThat(tensors.floats("a")).containsExactly(Float.intBitsToFloat(0x07060504));
    }
  }

  /** Any damage is refused or leaves a file that can be read to the end: nothing else. */
  @Test
  void randomDamage() throws IOException {
    Path file = folder.resolve("damaged");
    new SafeTensorsWriter()
        .metadata("format", "pt")
        .add("weight_ih_l0", new float[60], 12, 5)
        .add("bias", new float[12], 12)
        .add("ids", new int[3], 3)
        .add("step", new long[] {77})
        .write(file);
    byte[] whole = Files.readAllBytes(file);
    int dataStart = 8 + (int) ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN).getLong();
    Random random = new Random(20240607);
    int refused = 0;
    for (int i = 0; i < 2000; i++) {
      Files.write(file, damage(whole, dataStart, random));
      try {
        readAll(file);
      } catch (FileFormatException e) {
        assertThat(e).hasMessageStartingWith(file + ": ");
        refused++;
      }
    }
    assertThat(refused).isBetween(1000, 1999);
  }

  private static byte[] damage(byte[] whole, int dataStart, Random random) {
    byte[] bytes = whole.clone();
    switch (random.nextInt(8)) {
      case 0 -> bytes = Arrays.copyOf(whole, random.nextInt(whole.length));
      case 1 -> bytes = Arrays.copyOf(whole, whole.length + 1 + random.nextInt(9));
      case 2 -> bytes[random.nextInt(8)] ^= (byte) (1 << random.nextInt(8));
      case 3 -> bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));
      case 4 -> bytes[8 + random.nextInt(dataStart - 8)] = (byte) random.nextInt(256);
      case 5 -> {
        // Another digit where there is one: sizes and offsets that are wrong but well-formed.
        int at = 8 + random.nextInt(dataStart - 8);
        while (!Character.isDigit(bytes[at])) {
          at = at + 1 < dataStart ? at + 1 : 8;
        }
        bytes[at] = (byte) ('0' + random.nextInt(10));
      }
      default -> {
        for (int n = 1 + random.nextInt(4); n > 0; n--) {
          bytes[8 + random.nextInt(dataStart - 8)] ^= (byte) (1 << random.nextInt(8));
        }
      }
    }
    return bytes;
  }

  private static void readAll(Path file) throws IOException {
    try (SafeTensors tensors = SafeTensors.open(file)) {
      for (String name : tensors.names()) {
        SafeTensors.Entry entry = tensors.entry(name);
        int length =
            switch (entry.dtype()) {
              case F32 -> tensors.floats(name).length;
              case I32 -> tensors.ints(name).length;
              case I64 -> tensors.longs(name).length;
            };
        assertThat(length).isEqualTo(entry.elements());
      }
    }
  }

  private static void assertRefused(Path file, String expected) {
    assertThatThrownBy(() -> SafeTensors.open(file))
        .isInstanceOf(FileFormatException.class)
        .hasMessageStartingWith(file + ": ")
        .hasMessageContaining(expected)
        .hasMessageContaining("; ");
  }

  /** A file with this header and data bytes 0, 1, 2, ... */
  private Path file(String header, int dataBytes) throws IOException {
    byte[] text = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes = ByteBuffer.allocate(8 + text.length + dataBytes);
    bytes.put(header(text.length)).put(text);
    for (int i = 0; i < dataBytes; i++) {
      bytes.put((byte) i);
    }
    return write(bytes.array());
  }

  private static byte[] header(long length) {
    return ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(length).array();
  }

  private Path write(byte[] bytes) throws IOException {
    return Files.write(folder.resolve("file.safetensors"), bytes);
  }
}
