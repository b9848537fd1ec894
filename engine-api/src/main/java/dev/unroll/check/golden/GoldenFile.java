// SPDX-License-Identifier: Apache-2.0

package dev.unroll.check.golden;

import dev.unroll.Arena;
import dev.unroll.Indices;
import dev.unroll.Tensor;
import dev.unroll.io.SafeTensors;
import dev.unroll.io.SafeTensors.DType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** One case: its metadata and tensors. */
final class GoldenFile implements AutoCloseable {
  private static final String FORMAT = "tensor-golden/1";
  private static final String ATTRIBUTE = "attr.";

  private final SafeTensors file;
  private final Map<String, String> metadata;

  private GoldenFile(SafeTensors file) {
    this.file = file;
    this.metadata = file.metadata();
  }

  static GoldenFile open(Path path) throws IOException {
    GoldenFile golden = new GoldenFile(SafeTensors.open(path));
    try {
      if (!golden.text("format").equals(FORMAT)) {
        throw new IllegalArgumentException(
            "format is '" + golden.text("format") + "'; this runner reads " + FORMAT);
      }
      return golden;
    } catch (IllegalArgumentException e) {
      golden.close();
      throw e;
    }
  }

  String text(String key) {
    String value = metadata.get(key);
    if (value == null) {
      throw new IllegalArgumentException("metadata has no '" + key + "'");
    }
    return value;
  }

  String text(String key, String otherwise) {
    return metadata.getOrDefault(key, otherwise);
  }

  double number(String key) {
    return Double.parseDouble(text(key));
  }

  double attribute(String name) {
    return number(ATTRIBUTE + name);
  }

  float attribute(String name, double otherwise) {
    return (float) (metadata.containsKey(ATTRIBUTE + name) ? attribute(name) : otherwise);
  }

  boolean flag(String name) {
    return text(ATTRIBUTE + name, "false").equals("true");
  }

  /** All attributes: numbers as doubles, true and false, words. */
  Map<String, Object> attributes() {
    Map<String, Object> all = new LinkedHashMap<>();
    metadata.forEach(
        (key, value) -> {
          if (key.startsWith(ATTRIBUTE)) {
            all.put(key.substring(ATTRIBUTE.length()), parsed(value));
          }
        });
    return all;
  }

  private static Object parsed(String value) {
    if (value.equals("true") || value.equals("false")) {
      return value.equals("true");
    }
    return value.matches("[-+0-9.].*") ? (Object) Double.valueOf(value) : value;
  }

  List<String> features() {
    String all = text("features", "");
    return all.isEmpty() ? List.of() : Arrays.asList(all.split(","));
  }

  boolean has(String name) {
    return file.names().contains(name);
  }

  List<String> names() {
    return List.copyOf(file.names());
  }

  int[] shape(String name) {
    try {
      return file.entry(name).shape().stream().mapToInt(i -> i).toArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  float[] floats(String name) {
    try {
      return file.floats(name);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Values of either integer type. */
  int[] ints(String name) {
    try {
      return file.entry(name).dtype() == DType.I32
          ? file.ints(name)
          : Arrays.stream(file.longs(name)).mapToInt(Math::toIntExact).toArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  boolean isInteger(String name) throws IOException {
    return file.entry(name).dtype() != DType.F32;
  }

  Tensor tensor(Arena arena, String name) {
    return arena.tensor(floats(name), shape(name));
  }

  Tensor tensorOrNull(Arena arena, String name) {
    return has(name) ? tensor(arena, name) : null;
  }

  Indices indices(Arena arena, String name) {
    return arena.indices(ints(name));
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
