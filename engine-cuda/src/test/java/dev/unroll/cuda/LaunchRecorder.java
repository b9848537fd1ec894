// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cuda;

import dev.unroll.Arena;
import dev.unroll.Buffer;
import dev.unroll.ElementType;
import dev.unroll.Ops;
import dev.unroll.Precision;
import dev.unroll.bench.TrainingCase;
import dev.unroll.bench.TrainingRun;
import dev.unroll.kernels.Device;
import dev.unroll.kernels.DeviceBackend;
import dev.unroll.kernels.DeviceInfo;
import dev.unroll.kernels.Grid;
import dev.unroll.kernels.Sources;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A CUDA device that computes nothing and notes what it is asked to launch. */
final class LaunchRecorder implements Device {
  private static final int LIMIT = 1024;

  private final List<Launch> launches = new ArrayList<>();
  private final int units;

  private LaunchRecorder(int units) {
    this.units = units;
  }

  /**
   * A launch.
   *
   * @param kernel its name
   * @param blocks number of blocks
   * @param threads of a block
   * @param sizes the ints at the end of its arguments, such as rows and columns
   */
  record Launch(String kernel, int blocks, int threads, List<Integer> sizes) {
    /** One of the sizes, the last being 1. */
    int fromEnd(int i) {
      return sizes.get(sizes.size() - i);
    }
  }

  private record Memory(ElementType type, long capacity) implements Buffer {}

  /** The launches of a steady training step on a device with so many multiprocessors. */
  static List<Launch> ofStep(TrainingCase network, int units) {
    LaunchRecorder device = new LaunchRecorder(units);
    try (Ops ops =
            new Ops(
                DeviceBackend.open(
                    "recorder", device, new Sources(Ptx.shipped()), Precision.FAST));
        Arena arena = ops.arena("network")) {
      TrainingRun run = network.open(arena);
      run.step(null);
      device.launches.clear();
      run.step(null);
      return List.copyOf(device.launches);
    }
  }

  @Override
  public void launch(String kernel, Grid grid, Object... arguments) {
    int from = arguments.length;
    while (from > 0 && arguments[from - 1] instanceof Integer) {
      from--;
    }
    List<Integer> sizes = new ArrayList<>();
    for (int i = from; i < arguments.length; i++) {
      sizes.add((Integer) arguments[i]);
    }
    launches.add(
        new Launch(kernel, grid.groups0() * grid.groups1(), grid.size0() * grid.size1(), sizes));
  }

  @Override
  public DeviceInfo info() {
    return new DeviceInfo(DeviceInfo.Type.GPU, "recorder", "none", "", units, LIMIT);
  }

  @Override
  public Map<String, Integer> compile(String source) {
    Map<String, Integer> kernels = new HashMap<>();
    Ptx.kernels(source).forEach(name -> kernels.put(name, LIMIT));
    return kernels;
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
    // It stays zero.
  }

  @Override
  public Optional<byte[]> binary() {
    return Optional.empty();
  }

  @Override
  public Map<String, Integer> load(byte[] program) {
    throw new UnsupportedOperationException("takes PTX only");
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
