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
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** The launches of training steps on a CUDA device that computes nothing. */
final class LaunchRecorder {
  private static final int LIMIT = 1024;

  private LaunchRecorder() {}

  /**
   * A launch.
   *
   * @param kernel its name
   * @param blocks number of blocks
   * @param threads of a block
   * @param arguments as the kernel declares them
   */
  record Launch(String kernel, int blocks, int threads, List<Object> arguments) {
    /** An argument that is a number, the last being 1. */
    int fromEnd(int i) {
      return (Integer) arguments.get(arguments.size() - i);
    }
  }

  private record Memory(ElementType type, long capacity) implements Buffer {}

  /** The launches of a steady training step on a device with so many multiprocessors. */
  static List<Launch> ofStep(TrainingCase network, int units) {
    List<Launch> launches = new ArrayList<>();
    Sources sources = new Sources(Ptx.shipped());
    try (Ops ops =
            new Ops(
                DeviceBackend.open("recorder", device(units, launches), sources, Precision.FAST));
        Arena arena = ops.arena("network")) {
      TrainingRun run = network.open(arena);
      run.step(null);
      launches.clear();
      run.step(null);
      return List.copyOf(launches);
    }
  }

  private static Device device(int units, List<Launch> launches) {
    return (Device)
        Proxy.newProxyInstance(
            Device.class.getClassLoader(),
            new Class<?>[] {Device.class},
            (proxy, method, a) ->
                switch (method.getName()) {
                  case "info" ->
                      new DeviceInfo(DeviceInfo.Type.GPU, "recorder", "none", "", units, LIMIT);
                  case "compile" ->
                      Ptx.kernels((String) a[0]).stream()
                          .collect(Collectors.toMap(kernel -> kernel, kernel -> LIMIT));
                  case "binary" -> Optional.empty();
                  case "allocate" -> new Memory((ElementType) a[0], (Long) a[1]);
                  case "launch" -> {
                    Grid grid = (Grid) a[1];
                    int blocks = grid.groups0() * grid.groups1();
                    int threads = grid.size0() * grid.size1();
                    launches.add(
                        new Launch((String) a[0], blocks, threads, List.of((Object[]) a[2])));
                    yield null;
                  }
                  default -> null; // There is nothing behind it.
                });
  }
}
