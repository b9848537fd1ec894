// SPDX-License-Identifier: Apache-2.0

package dev.unroll.opencl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.Backends;
import dev.unroll.Ops;
import dev.unroll.Precision;
import dev.unroll.check.OpCase;
import dev.unroll.check.OpCases;
import dev.unroll.check.Parity;
import dev.unroll.kernels.Device;
import dev.unroll.kernels.DeviceBackend;
import dev.unroll.kernels.Grid;
import dev.unroll.kernels.Sources;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Every kernel on a device that wants groups of hundreds of work-items and allows few: a limit of
 * its own for each kernel, all odd.
 */
class GroupLimitsTest {
  private static final int[] LIMITS = {1, 3, 7, 13, 27};
  private static final String[] KEYS = {
    "elementwise.group", "rows.group", "columns.group", "matmul.naive.group"
  };

  @BeforeEach
  void wantLargeGroups() {
    Machine.requireDevice();
    for (String key : KEYS) {
      System.setProperty("unroll.tuning." + key, "256");
    }
    System.setProperty("unroll.tuning.matmul", "local");
    System.setProperty("unroll.tuning.scatter", "rows");
  }

  @AfterEach
  void clearProperties() {
    for (String key : KEYS) {
      System.clearProperty("unroll.tuning." + key);
    }
    System.clearProperty("unroll.tuning.matmul");
    System.clearProperty("unroll.tuning.scatter");
  }

  @Test
  @Tag("long") // PoCL compiles each kernel for each size
  void everyOperationStaysWithinThemAndKeepsItsBits() throws Exception {
    Set<String> launched = new TreeSet<>();
    Device device = limited(OpenClDevice.open(OpenClDevice.all().get(0)), launched);
    try (Ops ops =
            new Ops(DeviceBackend.open("opencl", device, Sources.openCl(), Precision.EXACT));
        Ops reference = Backends.open("cpu-scalar")) {
      assertThat(ops.placement().notes()).contains("matmul: naive");
      for (OpCase c : twoPerOperation()) {
        assertThat(Parity.compare(ops, reference, c).problems()).as(c.name()).isEmpty();
      }
    }
    // Launches of groups of one work-item go in batches, under that name.
    assertThat(launched).hasSizeGreaterThan(25).contains("batch", "matmul_naive", "scatter_add");
  }

  private static List<OpCase> twoPerOperation() {
    Map<String, List<OpCase>> byOp =
        OpCases.all().stream().collect(Collectors.groupingBy(OpCase::op));
    return byOp.values().stream()
        .flatMap(c -> List.of(c.get(c.size() / 2), c.get(c.size() - 1)).stream())
        .toList();
  }

  /** The device with other limits; a launch beyond them fails. */
  private static Device limited(Device device, Set<String> launched) {
    Map<String, Integer> limits = new HashMap<>();
    return (Device)
        Proxy.newProxyInstance(
            Device.class.getClassLoader(),
            new Class<?>[] {Device.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("launch")) {
                String kernel = (String) arguments[0];
                Grid grid = (Grid) arguments[1];
                launched.add(kernel);
                assertThat(grid.size0() * grid.size1()).isLessThanOrEqualTo(limits.get(kernel));
              }
              try {
                Object result = method.invoke(device, arguments);
                if (result instanceof Map<?, ?> kernels) {
                  kernels.keySet().forEach(k -> limits.put((String) k, limit((String) k)));
                  return limits;
                }
                return result;
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  private static int limit(String kernel) {
    return LIMITS[Math.floorMod(kernel.hashCode(), LIMITS.length)];
  }
}
