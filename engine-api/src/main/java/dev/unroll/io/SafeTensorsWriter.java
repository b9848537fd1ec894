// SPDX-License-Identifier: Apache-2.0

package dev.unroll.io;

import dev.unroll.io.SafeTensors.DType;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Collects tensors and writes them as one safetensors file.
 *
 * <p>The same content gives the same bytes, whatever the order of the calls: names and metadata in
 * ASCII order, the header padded with spaces to a multiple of 8 bytes, and the data ordered by
 * element size (largest first, so that every tensor is aligned) and then by name.
 */
public final class SafeTensorsWriter {
  private static final int CHUNK_BYTES = 1 << 16;

  private final Map<String, Item> items = new TreeMap<>();
  private final Map<String, String> metadata = new TreeMap<>();

  /** Starts without tensors and metadata. */
  public SafeTensorsWriter() {}

  /** Puts some of the data, {@code count} elements from {@code first} on, into a buffer. */
  @FunctionalInterface
  private interface Source {
    void put(ByteBuffer buffer, int first, int count);
  }

  private record Item(String name, DType dtype, List<Integer> shape, int elements, Source source) {
    long bytes() {
      return (long) elements * dtype.bytes();
    }
  }

  /**
   * Sets an entry of the metadata.
   *
   * @param key its name
   * @param value its text
   * @return this
   */
  public SafeTensorsWriter metadata(String key, String value) {
    metadata.put(key, value);
    return this;
  }

  /**
   * Adds a tensor of type F32.
   *
   * @param name name of the tensor
   * @param data elements, row-major; not copied, so it must not change before {@link #write}
   * @param shape sizes; none for a scalar
   * @return this
   * @throws IllegalArgumentException if the name is empty, reserved or taken, or if the shape does
   *     not have as many elements as the data
   */
  public SafeTensorsWriter add(String name, float[] data, int... shape) {
    return add(name, DType.F32, shape, data.length, (b, i, n) -> b.asFloatBuffer().put(data, i, n));
  }

  /**
   * Adds a tensor of type I32; otherwise like {@link #add(String, float[], int...)}.
   *
   * @param name name of the tensor
   * @param data elements, row-major
   * @param shape sizes
   * @return this
   */
  public SafeTensorsWriter add(String name, int[] data, int... shape) {
    return add(name, DType.I32, shape, data.length, (b, i, n) -> b.asIntBuffer().put(data, i, n));
  }

  /**
   * Adds a tensor of type I64; otherwise like {@link #add(String, float[], int...)}.
   *
   * @param name name of the tensor
   * @param data elements, row-major
   * @param shape sizes
   * @return this
   */
  public SafeTensorsWriter add(String name, long[] data, int... shape) {
    return add(name, DType.I64, shape, data.length, (b, i, n) -> b.asLongBuffer().put(data, i, n));
  }

  /**
   * Writes the file, atomically.
   *
   * @param file where to
   * @throws IOException as {@link AtomicFiles#write}
   */
  public void write(Path file) throws IOException {
    List<Item> order =
        items.values().stream()
            .sorted(Comparator.comparingInt((Item item) -> -item.dtype().bytes()))
            .toList();
    byte[] header = header(order);
    AtomicFiles.write(
        file,
        out -> {
          out.write(header);
          for (Item item : order) {
            writeData(item, out);
          }
        });
  }

  private SafeTensorsWriter add(
      String name, DType dtype, int[] shape, int elements, Source source) {
    if (name.isEmpty() || name.equals(SafeTensorsHeader.METADATA)) {
      throw new IllegalArgumentException("safetensors: '" + name + "' cannot name a tensor");
    }
    if (!shapeHolds(shape, elements)) {
      throw new IllegalArgumentException(
          "safetensors: tensor '"
              + name
              + "' has "
              + elements
              + " elements, but the shape "
              + Arrays.toString(shape)
              + " does not");
    }
    if (items.putIfAbsent(
            name, new Item(name, dtype, Arrays.stream(shape).boxed().toList(), elements, source))
        != null) {
      throw new IllegalArgumentException(
          "safetensors: there is a tensor '" + name + "' already; names must differ");
    }
    return this;
  }

  private static boolean shapeHolds(int[] shape, int elements) {
    long product = 1;
    for (int size : shape) {
      if (size < 0) {
        return false;
      }
      // Held at 2^31, which no array has, so that it cannot overflow.
      product = Math.min(product * size, 1L << 31);
    }
    return product == elements;
  }

  private byte[] header(List<Item> order) {
    Map<String, Object> members = new TreeMap<>();
    long end = 0;
    for (Item item : order) {
      long begin = end;
      end += item.bytes();
      Map<String, Object> member = new LinkedHashMap<>();
      member.put("dtype", item.dtype().name());
      member.put("shape", item.shape());
      member.put("data_offsets", List.of(begin, end));
      members.put(item.name(), member);
    }
    if (!metadata.isEmpty()) {
      members.put(SafeTensorsHeader.METADATA, metadata);
    }
    byte[] json = Json.toLine(members).getBytes(StandardCharsets.UTF_8);
    int padded = (json.length + 7) / 8 * 8;
    ByteBuffer bytes =
        ByteBuffer.allocate(SafeTensorsHeader.LENGTH_BYTES + padded)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(padded)
            .put(json);
    Arrays.fill(bytes.array(), bytes.position(), bytes.capacity(), (byte) ' ');
    return bytes.array();
  }

  private static void writeData(Item item, OutputStream out) throws IOException {
    int bytes = item.dtype().bytes();
    ByteBuffer buffer = ByteBuffer.allocate(CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    int count;
    for (int first = 0; first < item.elements(); first += count) {
      count = Math.min(CHUNK_BYTES / bytes, item.elements() - first);
      item.source().put(buffer, first, count);
      out.write(buffer.array(), 0, count * bytes);
    }
  }
}
