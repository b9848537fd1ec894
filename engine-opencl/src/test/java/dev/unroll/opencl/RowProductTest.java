// SPDX-License-Identifier: Apache-2.0

package dev.unroll.opencl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.Arena;
import dev.unroll.Backends;
import dev.unroll.Ops;
import dev.unroll.Tensor;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A row times a transposed matrix, which is turned on the way, with whatever is left at the ends.
 */
class RowProductTest {
  @BeforeEach
  void needsDevice() {
    Machine.requireDevice();
  }

  @ParameterizedTest
  @CsvSource({
    "32, 16, 0",
    "64, 15, 1",
    "33, 17, 0",
    "96, 255, 3",
    "64, 256, 0",
    "31, 272, 0",
    "100, 300, 4",
    "65, 515, 0",
    "32, 1, 0",
    "128, 1024, 5"
  })
  void givesTheBitsOfTheReference(int n, int k, int apart) {
    for (float beta : new float[] {0, 1, 0.5f}) {
      assertThat(product("opencl", n, k, apart, beta))
          .as("beta %s", beta)
          .containsExactly(product("cpu-scalar", n, k, apart, beta));
    }
  }

  private static float[] product(String backend, int n, int k, int apart, float beta) {
    try (Ops ops = Backends.open(backend);
        Arena arena = ops.arena("row")) {
      Tensor a = values(arena, 1, k);
      Tensor b = values(arena, n, k + apart).cols(0, k).t();
      Tensor out = beta == 0 ? arena.tensor(1, n) : values(arena, 1, n);
      if (beta == 0) {
        ops.fill(Float.NaN, out);
      }
      ops.matmul(a, b, beta, out);
      return ops.read(out);
    }
  }

  private static Tensor values(Arena arena, int rows, int cols) {
    float[] values = new float[rows * cols];
    for (int i = 0; i < values.length; i++) {
      values[i] = (i * 7919L % 10007 - 5003) / 4099f;
    }
    return arena.tensor(values, rows, cols);
  }
}
