// SPDX-License-Identifier: Apache-2.0

package dev.unroll.kernels;

import dev.unroll.BackendException;
import dev.unroll.Buffer;
import dev.unroll.ElementType;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A device that computes nothing: its programs are their sources. */
final class FakeDevice implements Device {
  static final int LIMIT = 64;

  final List<String> launched = new ArrayList<>();
  int compilations;
  boolean refusesBinaries;
  int limit = LIMIT;
  String log;
  Content content = () -> 0;
  private final DeviceInfo info;
  private byte[] program;

  FakeDevice(String name) {
    this(name, DeviceInfo.Type.GPU);
  }

  FakeDevice(String name, DeviceInfo.Type type) {
    this.info = new DeviceInfo(type, name, "fake driver 1", "", 2, LIMIT);
  }

  /** What is read from the device. */
  @FunctionalInterface
  interface Content {
    float getAsFloat();
  }

  /** Memory that only has a size. */
  record Memory(ElementType type, long capacity) implements Buffer {}

  @Override
  public DeviceInfo info() {
    return info;
  }

  @Override
  public Buffer allocate(ElementType type, long elements) {
    return new Memory(type, elements);
  }

  @Override
  public void free(Buffer buffer) {
    // There is nothing behind it.
  }

  @Override
  public void write(float[] src, Buffer dst, int at) {
    // Nothing reads it.
  }

  @Override
  public void write(int[] src, int from, int count, Buffer dst, int at) {
    // Nothing reads it.
  }

  @Override
  public void read(Buffer src, int at, int count, float[] dst) {
    Arrays.fill(dst, 0, count, content.getAsFloat());
  }

  @Override
  public Map<String, Integer> compile(String source) throws CompileException {
    compilations++;
    if (log != null) {
      throw new CompileException(log, null);
    }
    program = source.getBytes(StandardCharsets.UTF_8);
    return kernels();
  }

  @Override
  public Optional<byte[]> binary() {
    return Optional.of(program);
  }

  @Override
  public Map<String, Integer> load(byte[] binary) {
    if (refusesBinaries) {
      throw new BackendException("fake: can not load the program: CL_INVALID_BINARY (-42)");
    }
    program = binary;
    return kernels();
  }

  private Map<String, Integer> kernels() {
    Map<String, Integer> kernels = new HashMap<>();
    Signature.parse(new String(program, StandardCharsets.UTF_8))
        .keySet()
        .forEach(name -> kernels.put(name, limit));
    return kernels;
  }

  @Override
  public void launch(String kernel, Grid grid, Object... arguments) {
    launched.add(kernel + " " + grid + " " + arguments.length);
  }

  @Override
  public void synchronize() {
    // Nothing runs.
  }

  @Override
  public void close() {
    // Nothing is held.
  }
}
