// SPDX-License-Identifier: Apache-2.0

package dev.unroll.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unroll.Arena;
import dev.unroll.Backend;
import dev.unroll.Ops;
import dev.unroll.Precision;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which kernels a product takes on a device with tiles; the device has two processors. */
class TiledProductsTest {
  private static final String KEY = "unroll.tuning.matmul";
  private static final String CACHE = "unroll.cache";

  @TempDir Path folder;

  private final FakeDevice device = new FakeDevice("tiles");
  private final String before = System.getProperty(CACHE);

  @BeforeEach
  void ownCache() {
    System.setProperty(CACHE, folder.resolve("cache").toString());
    device.limit = 256;
  }

  @AfterEach
  void reset() {
    System.clearProperty(KEY);
    if (before == null) {
      System.clearProperty(CACHE);
    } else {
      System.setProperty(CACHE, before);
    }
  }

  @Test
  void largeProductsTakeLargeTiles() {
    assertThat(product(256, 512, 256)).containsExactly("matmul_tiles_128 2x2 of 256");
    assertThat(product(127, 512, 400)).containsExactly("matmul_tiles_128 4x1 of 256");
  }

  @Test
  void smallerOnesTakeTilesThatFillTheDevice() {
    assertThat(product(128, 64, 128)).containsExactly("matmul_tiles_64 2x2 of 128");
    assertThat(product(32, 64, 512)).containsExactly("matmul_tiles_32 8x1 of 128");
    assertThat(product(9, 64, 512)).containsExactly("matmul_tiles_32 8x1 of 128");
    assertThat(product(8, 64, 512)).containsExactly("matmul_tiles_8 8x1 of 128");
    assertThat(product(1, 64, 512)).containsExactly("matmul_tiles_1 8x1 of 64");
  }

  @Test
  void tallOnesAreTurned() {
    assertThat(product(512, 64, 8)).containsExactly("matmul_tiles_8 8x1 of 128");
    assertThat(product(512, 64, 1)).containsExactly("matmul_tiles_1 8x1 of 64");
  }

  @Test
  void longSumsAreSharedOut() {
    assertThat(product(64, 1025, 64))
        .containsExactly("matmul_tiles_64 1x5 of 128", "matmul_add 4x1 of 256");
    assertThat(product(64, 256, 64)).containsExactly("matmul_tiles_64 1x1 of 128");
    assertThat(product(64, 1025, 512)).containsExactly("matmul_tiles_128 4x1 of 256");
  }

  @Test
  void timeStepsTakeOneLaunchEach() {
    assertThat(
            launched(
                ops -> {
                  try (Arena arena = ops.arena("test")) {
                    ops.lstmSequence(
                        Steps.uniform(2, 4),
                        arena.tensor(4 * 512, 512),
                        arena.tensor(8, 4 * 512),
                        arena.tensor(12, 512),
                        arena.tensor(12, 512),
                        arena.tensor(8, 512));
                  }
                }))
        .hasSize(4)
        .filteredOn(kernel -> kernel.startsWith("matmul"))
        .containsOnly("matmul_tiles_8 32x1 of 128");
  }

  @Test
  void oneTileCanBeForced() {
    System.setProperty(KEY, "tiles32");
    assertThat(product(256, 64, 256)).containsExactly("matmul_tiles_32 4x8 of 128");

    System.setProperty(KEY, "tiles31");
    assertThatThrownBy(() -> product(1, 1, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("tiles31")
        .hasMessageContaining("[128, 64, 32, 8, 1]");
  }

  @Test
  void withoutThemOtherFormsDo() {
    device.limit = 255;
    assertThat(product(8, 8, 8)).containsExactly("matmul_naive 1x8 of 64");
  }

  private List<String> product(int m, int k, int n) {
    return launched(
        ops -> {
          try (Arena arena = ops.arena("test")) {
            Tensor out = arena.tensor(m, n);
            ops.matmul(arena.tensor(m, k), arena.tensor(n, k).t(), 0, out);
          }
        });
  }

  private List<String> launched(Consumer<Ops> work) {
    Sources sources =
        Sources.openCl().and("matmul_tiles.cu", Sources.resource("cuda/matmul_tiles.cu"));
    Backend backend = DeviceBackend.open("fake", device, sources, Precision.FAST);
    try (Ops ops = new Ops(backend)) {
      device.launched.clear();
      work.accept(ops);
      return device.launched.stream().map(TiledProductsTest::told).toList();
    }
  }

  /** "matmul_tiles_8 32x1 of 128": groups along both dimensions, and work-items of a group. */
  private static String told(String launch) {
    return launch.replaceAll(
        "Grid.groups0=(\\d+), groups1=(\\d+), size0=(\\d+), size1=1. \\d+", "$1x$2 of $3");
  }
}
