// SPDX-License-Identifier: Apache-2.0

package dev.unroll.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * An open safetensors file. Opening reads and checks the header only; each tensor is read when it
 * is asked for. Everything the header claims is checked against the length of the file before
 * memory is allocated for it, so a damaged or hostile file ends in a {@link FileFormatException}.
 *
 * <p>The format: 8 bytes with the length of the header (little-endian), the header (a JSON object
 * in UTF-8), then the data of the tensors, little-endian, row-major, without gaps.
 *
 * @see SafeTensorsWriter
 */
public final class SafeTensors implements AutoCloseable {
  private static final int CHUNK_BYTES = 1 << 16;

  /** Type of the elements of a tensor. */
  public enum DType {
    /** 32-bit float. */
    F32(Float.BYTES),
    /** 32-bit signed integer. */
    I32(Integer.BYTES),
    /** 64-bit signed integer. */
    I64(Long.BYTES);

    private final int bytes;

    DType(int bytes) {
      this.bytes = bytes;
    }

    /**
     * Size of one element in bytes.
     *
     * @return 4 or 8
     */
    public int bytes() {
      return bytes;
    }
  }

  /**
   * One tensor of a file.
   *
   * @param name its name
   * @param dtype its element type
   * @param shape its sizes; empty for a scalar
   * @param begin its first byte, counted from the end of the header
   * @param elements number of elements, the product of the shape (1 for a scalar)
   */
  public record Entry(String name, DType dtype, List<Integer> shape, long begin, int elements) {}

  private final Path file;
  private final FileChannel channel;
  private final SafeTensorsHeader header;

  private SafeTensors(Path file, FileChannel channel, SafeTensorsHeader header) {
    this.file = file;
    this.channel = channel;
    this.header = header;
  }

  /**
   * Opens a file and checks its header.
   *
   * @param file what to open
   * @return the open file, to be closed
   * @throws FileFormatException if it is missing, unreadable, or not a whole safetensors file of
   *     types F32, I32 and I64 with at most 2^31 - 1 elements in a tensor
   */
  public static SafeTensors open(Path file) throws IOException {
    FileChannel channel = InputFiles.open(file);
    try {
      return new SafeTensors(file, channel, SafeTensorsHeader.read(channel, file));
    } catch (IOException | RuntimeException | Error e) {
      channel.close();
      throw e;
    }
  }

  /**
   * The names of the tensors, in the order of the header.
   *
   * @return the names; not to be changed
   */
  public Set<String> names() {
    return Collections.unmodifiableSet(header.entries().keySet());
  }

  /**
   * The strings of the header's {@code __metadata__}, in its order.
   *
   * @return the strings by their keys
   */
  public Map<String, String> metadata() {
    return Collections.unmodifiableMap(header.metadata());
  }

  /**
   * Type and shape of a tensor.
   *
   * @param name name of the tensor
   * @return its entry in the header
   * @throws FileFormatException if the file has no tensor of that name
   */
  public Entry entry(String name) throws FileFormatException {
    Entry entry = header.entries().get(name);
    if (entry == null) {
      String names = names().stream().limit(20).collect(Collectors.joining(", "));
      throw fault(
          name,
          "there is no such tensor among the " + names().size() + " of the file: " + names,
          "use the file of the same model");
    }
    return entry;
  }

  /**
   * Demands a shape.
   *
   * @param name name of the tensor
   * @param shape the sizes; none for a scalar
   * @throws FileFormatException if the tensor is missing or of another shape
   */
  public void requireShape(String name, int... shape) throws FileFormatException {
    List<Integer> actual = entry(name).shape();
    List<Integer> expected = Arrays.stream(shape).boxed().toList();
    if (!actual.equals(expected)) {
      throw fault(
          name,
          "the shape is " + actual + ", not " + expected,
          "use the file of a model with the same sizes");
    }
  }

  /**
   * Demands that there are no other tensors.
   *
   * @param names the names allowed
   * @throws FileFormatException naming one that is not allowed
   */
  public void requireOnly(Set<String> names) throws FileFormatException {
    for (String name : names()) {
      if (!names.contains(name)) {
        throw fault(name, "the tensor does not belong here", "use the file of the same model");
      }
    }
  }

  /**
   * Reads a tensor of type F32.
   *
   * @param name name of the tensor
   * @return its elements, row-major
   * @throws FileFormatException if it is missing or of another type
   */
  public float[] floats(String name) throws IOException {
    Entry entry = require(name, DType.F32);
    float[] data = new float[entry.elements()];
    readChunks(
        entry,
        (bytes, first, count) ->
            bytes.order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(data, first, count));
    return data;
  }

  /**
   * Reads all tensors, which must be of type F32: what {@link dev.unroll.nn.WeightImport} takes.
   *
   * @return the arrays in the order of the header
   * @throws FileFormatException if one is of another type
   */
  public List<NamedArray> arrays() throws IOException {
    List<NamedArray> arrays = new ArrayList<>();
    for (Entry entry : header.entries().values()) {
      int[] shape = entry.shape().stream().mapToInt(Integer::intValue).toArray();
      arrays.add(new NamedArray(entry.name(), floats(entry.name()), shape));
    }
    return arrays;
  }

  /**
   * Reads a tensor of type I32.
   *
   * @param name name of the tensor
   * @return its elements, row-major
   * @throws FileFormatException if it is missing or of another type
   */
  public int[] ints(String name) throws IOException {
    Entry entry = require(name, DType.I32);
    int[] data = new int[entry.elements()];
    readChunks(
        entry,
        (bytes, first, count) ->
            bytes.order(ByteOrder.LITTLE_ENDIAN).asIntBuffer().get(data, first, count));
    return data;
  }

  /**
   * Reads a tensor of type I64.
   *
   * @param name name of the tensor
   * @return its elements, row-major
   * @throws FileFormatException if it is missing or of another type
   */
  public long[] longs(String name) throws IOException {
    Entry entry = require(name, DType.I64);
    long[] data = new long[entry.elements()];
    readChunks(
        entry,
        (bytes, first, count) ->
            bytes.order(ByteOrder.LITTLE_ENDIAN).asLongBuffer().get(data, first, count));
    return data;
  }

  /**
   * Demands that a tensor of type F32 has no NaN and no infinity.
   *
   * @param name name of the tensor
   * @throws FileFormatException naming the first such element and how many there are
   */
  public void requireFinite(String name) throws IOException {
    float[] data = floats(name);
    int bad = 0;
    int first = 0;
    for (int i = data.length - 1; i >= 0; i--) {
      if (!Float.isFinite(data[i])) {
        bad++;
        first = i;
      }
    }
    if (bad > 0) {
      throw fault(
          name,
          bad
              + " of "
              + data.length
              + " elements are NaN or infinite, first element "
              + first
              + ": "
              + data[first],
          "use a file saved before the training diverged");
    }
  }

  /**
   * Demands what {@link #requireFinite(String)} does of every tensor of type F32.
   *
   * @throws IOException as {@link #requireFinite(String)}
   */
  public void requireFinite() throws IOException {
    for (Entry entry : header.entries().values()) {
      if (entry.dtype() == DType.F32) {
        requireFinite(entry.name());
      }
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  /** Takes the bytes of {@code count} elements from element {@code first} on. */
  @FunctionalInterface
  private interface Chunk {
    void take(ByteBuffer bytes, int first, int count);
  }

  private void readChunks(Entry entry, Chunk chunk) throws IOException {
    int bytes = entry.dtype().bytes();
    int perChunk = CHUNK_BYTES / bytes;
    ByteBuffer buffer = ByteBuffer.allocate(CHUNK_BYTES);
    long start = header.dataStart() + entry.begin();
    int count;
    for (int first = 0; first < entry.elements(); first += count) {
      count = Math.min(perChunk, entry.elements() - first);
      buffer.clear().limit(count * bytes);
      InputFiles.readFully(channel, start + (long) first * bytes, buffer, file);
      chunk.take(buffer.flip(), first, count);
    }
  }

  private Entry require(String name, DType dtype) throws FileFormatException {
    Entry entry = entry(name);
    if (entry.dtype() != dtype) {
      throw fault(
          name,
          "the type is " + entry.dtype() + ", not " + dtype,
          "convert the tensor or use the file of the same model");
    }
    return entry;
  }

  private FileFormatException fault(String name, String what, String remedy) {
    return new FileFormatException(file, what, "tensor '" + name + "'", remedy);
  }
}
