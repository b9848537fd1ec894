// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.Arena;
import dev.unroll.Backends;
import dev.unroll.Buffer;
import dev.unroll.Ops;
import dev.unroll.Tensor;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Rows to columns: the call computed as BLAS defines it, on memory as it lies, gives the product.
 */
class GemmTest {
  private static final int[][] SIZES = {
    {1, 1, 1}, {1, 5, 3}, {5, 1, 3}, {4, 3, 1}, {1, 1, 7}, {7, 1, 1}, {1, 7, 1}, {6, 5, 4}
  };

  private final Map<Buffer, float[]> memory = new IdentityHashMap<>();
  private final Random random = new Random(11);
  private final Ops ops = Backends.open("cpu-scalar");
  private final Arena arena = ops.arena("gemm");

  @AfterEach
  void close() {
    arena.close();
    ops.close();
  }

  @Test
  void everyStrideThatIsTakenGivesTheProduct() {
    int taken = 0;
    for (int[] size : SIZES) {
      for (Tensor a : views(size[0], size[2])) {
        for (Tensor b : views(size[2], size[1])) {
          for (Tensor out : views(size[0], size[1])) {
            taken += check(a, b, out) ? 1 : 0;
          }
        }
      }
    }
    assertThat(taken).isGreaterThan(SIZES.length * 27);
  }

  @Test
  void whatBlasCanNotExpressIsDeclined() {
    Tensor plain = matrix(3, 3);
    Tensor both = matrix(9, 9).rows(0, 3, 3).t().rows(0, 3, 3).t();
    assertThat(both.rowStride()).isGreaterThan(1);
    assertThat(both.colStride()).isGreaterThan(1);
    Tensor repeated = matrix(1, 3).repeatRows(3);
    for (Tensor odd : List.of(both, repeated, repeated.t())) {
      assertThat(Gemm.of(odd, plain, arena.tensor(3, 3))).isEmpty();
      assertThat(Gemm.of(plain, odd, arena.tensor(3, 3))).isEmpty();
    }
    assertThat(Gemm.of(plain, plain, both)).isEmpty();
    assertThat(Gemm.of(arena.tensor(3, 0), arena.tensor(0, 3), plain)).isEmpty();
  }

  /** A matrix of this shape in each way it may lie: plain, padded, transposed, with an offset. */
  private List<Tensor> views(int rows, int cols) {
    List<Tensor> views = new ArrayList<>();
    views.add(matrix(rows, cols));
    views.add(matrix(cols, rows).t());
    views.add(matrix(rows + 2, cols + 3).rows(1, rows).cols(2, cols));
    views.add(matrix(cols + 3, rows + 2).t().rows(1, rows).cols(1, cols));
    return views;
  }

  private Tensor matrix(int rows, int cols) {
    float[] values = new float[rows * cols];
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextInt(17) - 8;
    }
    Tensor x = arena.tensor(values, rows, cols);
    memory.put(x.buffer(), values);
    return x;
  }

  private boolean check(Tensor a, Tensor b, Tensor out) {
    Optional<Gemm> call = Gemm.of(a, b, out);
    call.ifPresent(
        gemm -> {
          int m = gemm.m();
          requireLegal(gemm);
          for (int i = 0; i < m; i++) {
            for (int j = 0; j < gemm.n(); j++) {
              float sum = 0;
              for (int k = 0; k < gemm.k(); k++) {
                sum += at(gemm.a(), i, k) * at(gemm.b(), k, j);
              }
              // Element (i, j) of c, whose columns are contiguous, is the place of one of out.
              int place = gemm.c().tensor().offset() + i + j * gemm.c().leading();
              assertThat(sum).isEqualTo(expected(a, b, out, place));
            }
          }
        });
    return call.isPresent();
  }

  private static void requireLegal(Gemm gemm) {
    assertThat(gemm.c().transposed()).isFalse();
    assertThat(gemm.c().leading()).isGreaterThanOrEqualTo(gemm.m());
    assertThat(gemm.a().leading())
        .isGreaterThanOrEqualTo(gemm.a().transposed() ? gemm.k() : gemm.m());
    assertThat(gemm.b().leading())
        .isGreaterThanOrEqualTo(gemm.b().transposed() ? gemm.n() : gemm.k());
  }

  /** Element of op(x), read from memory as BLAS does. */
  private float at(Gemm.Operand x, int row, int col) {
    int line = x.transposed() ? row : col;
    int place = x.transposed() ? col : row;
    return memory.get(x.tensor().buffer())[x.tensor().offset() + place + line * x.leading()];
  }

  /** What the product has where out has this place of the memory. */
  private float expected(Tensor a, Tensor b, Tensor out, int place) {
    for (int r = 0; r < out.rows(); r++) {
      for (int c = 0; c < out.cols(); c++) {
        if (out.offset() + r * out.rowStride() + c * out.colStride() == place) {
          float sum = 0;
          for (int k = 0; k < a.cols(); k++) {
            sum += element(a, r, k) * element(b, k, c);
          }
          return sum;
        }
      }
    }
    throw new AssertionError("out has no place " + place);
  }

  private float element(Tensor x, int row, int col) {
    return memory.get(x.buffer())[x.offset() + row * x.rowStride() + col * x.colStride()];
  }
}
