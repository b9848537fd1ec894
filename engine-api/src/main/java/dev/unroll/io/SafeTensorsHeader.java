// SPDX-License-Identifier: Apache-2.0

package dev.unroll.io;

import dev.unroll.io.SafeTensors.DType;
import dev.unroll.io.SafeTensors.Entry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The checked header of a safetensors file: a reader may trust that every entry lies in the file.
 *
 * @param entries the tensors by name, in the order of the header
 * @param metadata the strings of {@code __metadata__}
 * @param dataStart first byte of the file after the header
 */
record SafeTensorsHeader(Map<String, Entry> entries, Map<String, String> metadata, long dataStart) {

  static final String METADATA = "__metadata__";
  static final int LENGTH_BYTES = 8;
  static final int MAX_BYTES = 100_000_000;

  private static final Set<String> FOREIGN_TYPES =
      Set.of(
          "BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "I16", "U16", "F16", "BF16", "U32", "U64",
          "F64");
  private static final Set<String> MEMBERS = Set.of("dtype", "shape", "data_offsets");
  private static final String RESTORE = "the file is damaged: restore it from a copy or save again";

  /** Reads and checks the header of an open file. */
  static SafeTensorsHeader read(FileChannel channel, Path file) throws IOException {
    long fileLength = channel.size();
    if (fileLength < LENGTH_BYTES) {
      throw new FileFormatException(
          file, "has " + fileLength + " bytes, too few for safetensors", "", RESTORE);
    }
    ByteBuffer length = ByteBuffer.allocate(LENGTH_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    InputFiles.readFully(channel, 0, length, file);
    long headerLength = length.getLong(0);
    // A length of 2^63 and above reads as a negative number.
    if (headerLength < 2 || headerLength > Math.min(MAX_BYTES, fileLength - LENGTH_BYTES)) {
      throw new FileFormatException(
          file,
          "the header would have "
              + Long.toUnsignedString(headerLength)
              + " bytes, in a file of "
              + fileLength
              + " bytes and with "
              + MAX_BYTES
              + " bytes at most",
          "header length",
          "check that it is a safetensors file and that it is complete");
    }
    byte[] header = new byte[(int) headerLength];
    InputFiles.readFully(channel, LENGTH_BYTES, ByteBuffer.wrap(header), file);
    return new Parser(file).parse(header, fileLength);
  }

  /** Carries the file's name for messages. */
  private record Parser(Path file) {

    SafeTensorsHeader parse(byte[] header, long fileLength) throws FileFormatException {
      String text = InputFiles.decodeUtf8(header, file, "the header is not UTF-8", RESTORE);
      Object tree = Json.parse(text, file, "header, ");
      Map<String, Entry> entries = new LinkedHashMap<>();
      Map<String, String> metadata = new LinkedHashMap<>();
      List<Extent> extents = new ArrayList<>();
      for (Map.Entry<String, Object> member : Json.asObject(tree, file, "header").entrySet()) {
        String name = member.getKey();
        if (name.equals(METADATA)) {
          readMetadata(member.getValue(), metadata);
        } else {
          Extent extent = extent(name, member.getValue());
          extents.add(extent);
          entries.put(name, extent.entry());
        }
      }
      long dataStart = LENGTH_BYTES + (long) header.length;
      checkTiling(extents, fileLength - dataStart);
      return new SafeTensorsHeader(entries, metadata, dataStart);
    }

    private void readMetadata(Object value, Map<String, String> into) throws FileFormatException {
      for (Map.Entry<String, Object> member : Json.asObject(value, file, METADATA).entrySet()) {
        if (!(member.getValue() instanceof String text)) {
          throw new FileFormatException(
              file, "'" + member.getKey() + "' is not a string", METADATA, RESTORE);
        }
        into.put(member.getKey(), text);
      }
    }

    private Extent extent(String name, Object value) throws FileFormatException {
      Map<String, Object> members = Json.asObject(value, file, where(name));
      if (!members.keySet().equals(MEMBERS)) {
        throw fault(name, "has the members " + members.keySet() + ", not " + MEMBERS);
      }
      DType dtype = dtype(name, members.get("dtype"));
      List<Integer> shape = shape(name, members.get("shape"));
      long elements = elements(name, shape);
      List<?> offsets = list(name, "data_offsets", members.get("data_offsets"));
      if (offsets.size() != 2
          || !(offsets.get(0) instanceof Long begin)
          || !(offsets.get(1) instanceof Long end)
          || begin < 0
          || end < begin) {
        throw fault(name, "data_offsets is " + offsets + ", not [begin, end]");
      }
      if (end - begin != elements * dtype.bytes()) {
        throw fault(
            name,
            "data_offsets "
                + offsets
                + " hold "
                + (end - begin)
                + " bytes, but "
                + dtype
                + " "
                + shape
                + " has "
                + elements * dtype.bytes());
      }
      return new Extent(new Entry(name, dtype, shape, begin, (int) elements), end);
    }

    private DType dtype(String name, Object value) throws FileFormatException {
      for (DType dtype : DType.values()) {
        if (dtype.name().equals(value)) {
          return dtype;
        }
      }
      if (value instanceof String text && FOREIGN_TYPES.contains(text)) {
        throw new FileFormatException(
            file,
            "the type " + value + " is not supported",
            where(name),
            "convert the tensor to F32, I32 or I64");
      }
      throw fault(name, "the type " + value + " is unknown");
    }

    private List<Integer> shape(String name, Object value) throws FileFormatException {
      List<Integer> shape = new ArrayList<>();
      for (Object size : list(name, "shape", value)) {
        if (!(size instanceof Long n) || n < 0) {
          throw fault(name, "the shape is " + value + ", not a list of sizes");
        }
        if (n > Integer.MAX_VALUE) {
          throw tooLarge(name, value);
        }
        shape.add(n.intValue());
      }
      return List.copyOf(shape);
    }

    private long elements(String name, List<Integer> shape) throws FileFormatException {
      if (shape.contains(0)) {
        return 0;
      }
      long elements = 1;
      for (int size : shape) {
        elements *= size;
        if (elements > Integer.MAX_VALUE) {
          throw tooLarge(name, shape);
        }
      }
      return elements;
    }

    private List<?> list(String name, String member, Object value) throws FileFormatException {
      if (!(value instanceof List<?> list)) {
        throw fault(name, member + " is not a list");
      }
      return list;
    }

    /** The extents must follow each other from 0 to the end of the file. */
    private void checkTiling(List<Extent> extents, long dataBytes) throws FileFormatException {
      extents.sort(
          Comparator.comparingLong((Extent e) -> e.entry().begin()).thenComparingLong(Extent::end));
      long expected = 0;
      for (Extent extent : extents) {
        Entry entry = extent.entry();
        if (entry.begin() != expected) {
          String fault = entry.begin() < expected ? "overlaps another" : "leaves a gap before it";
          throw fault(
              entry.name(),
              "begins at byte "
                  + entry.begin()
                  + " of the data, not at "
                  + expected
                  + ": "
                  + fault);
        }
        if (extent.end() > dataBytes) {
          throw fault(
              entry.name(),
              "ends at byte "
                  + extent.end()
                  + " of the data, which has only "
                  + dataBytes
                  + ": the file is truncated");
        }
        expected = extent.end();
      }
      if (expected != dataBytes) {
        throw new FileFormatException(
            file, (dataBytes - expected) + " bytes follow the last tensor", "end of file", RESTORE);
      }
    }

    private FileFormatException tooLarge(String name, Object shape) {
      return new FileFormatException(
          file,
          "the shape " + shape + " is too large: at most 2^31 - 1 elements are supported",
          where(name),
          "split the tensor");
    }

    private FileFormatException fault(String name, String what) {
      return new FileFormatException(file, what, where(name), RESTORE);
    }

    private static String where(String name) {
      return "tensor '" + name + "'";
    }
  }

  /** An entry and the end of its bytes. */
  private record Extent(Entry entry, long end) {}
}
