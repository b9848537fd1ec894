// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.Activation;
import dev.unroll.Arithmetic;
import dev.unroll.Backends;
import dev.unroll.Indices;
import dev.unroll.Ops;
import dev.unroll.Philox;
import dev.unroll.Placement;
import dev.unroll.Precision;
import dev.unroll.Tensor;
import dev.unroll.Unary;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Element-wise operations, rows by number, random numbers and the record, by values known by hand.
 */
class ScalarBackendTest extends ScalarFixture {
  private static final float EPS = 0x1p-12f;

  @Test
  void axpbyRoundsBothProductsAndDoesNotReadYForBetaZero() {
    Tensor y = row(NAN, NAN, NAN, NAN);
    ops.axpby(2f, row(1f, -0f, INF, NAN), 0f, y);
    assertBits(y, 2f, -0f, INF, NAN);
    // (1 + eps)^2 = 1 + 2 eps + eps^2; the last term is lost in the product, but not in an fma.
    Tensor z = row(-1f - 2f * EPS);
    ops.axpby(1f + EPS, row(1f + EPS), 1f, z);
    assertBits(z, 0f);
  }

  @Test
  void stridedViewsAreReadAndWrittenInPlace() {
    Tensor x = strided(2, 3, 1f, 2f, 3f, 4f, 5f, 6f);
    Tensor y = strided(2, 3, NAN, NAN, NAN, NAN, NAN, NAN);
    ops.binary(Arithmetic.MUL, x, row(1f, 10f, 100f).repeatRows(2), y);
    assertBits(y, 1f, 20f, 300f, 4f, 50f, 600f);
    ops.axpby(1f, y, 1f, y);
    assertBits(y, 2f, 40f, 600f, 8f, 100f, 1200f);
    ops.copy(y, x);
    ops.fill(-0f, y.cols(1, 1));
    assertBits(y, 2f, -0f, 600f, 8f, -0f, 1200f);
    assertBits(x, 2f, 40f, 600f, 8f, 100f, 1200f);
  }

  @Test
  void writingAViewLeavesItsSurroundings() {
    Tensor parent = tensor(3, 4, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1);
    ops.fill(NAN, parent.rows(1, 1).cols(1, 2));
    assertBits(parent, 1, 1, 1, 1, 1, NAN, NAN, 1, 1, 1, 1, 1);
  }

  @Test
  void binaryOperations() {
    Tensor a = row(1f, -0f, INF, 1f);
    Tensor b = row(3f, 0f, INF, 0f);
    Tensor out = poisoned(1, 4);
    ops.binary(Arithmetic.ADD, a, b, out);
    assertBits(out, 4f, 0f, INF, 1f);
    ops.binary(Arithmetic.SUB, a, b, out);
    assertBits(out, -2f, -0f, NAN, 1f);
    ops.binary(Arithmetic.MUL, a, b, out);
    assertBits(out, 3f, -0f, INF, 0f);
    ops.binary(Arithmetic.DIV, a, b, out);
    assertBits(out, 1f / 3f, NAN, NAN, INF);
  }

  @Test
  void maps() {
    assertMap(Unary.EXP, row(0f, -INF, INF, NAN), 1f, 0f, INF, NAN);
    assertMap(Unary.EXPM1, row(-0f, -INF, 0x1p-30f), -0f, -1f, 0x1p-30f);
    assertMap(Unary.LOG, row(1f, 0f, -1f, INF), 0f, -INF, NAN, INF);
    assertMap(Unary.LOG1P, row(-0f, -1f, -2f, 0x1p-30f), -0f, -INF, NAN, 0x1p-30f);
    assertMap(Unary.SQRT, row(4f, -0f, -1f, 0x1p-148f), 2f, -0f, NAN, 0x1p-74f);
    assertMap(Unary.RECIPROCAL, row(3f, -0f, 0x1p127f), 1f / 3f, -INF, 0x1p-127f);
    assertMap(Unary.ABS, row(-0f, -INF, NAN, -3f), 0f, INF, NAN, 3f);
    assertMap(Unary.clamp(-1f, 2f), row(-INF, -1f, -0f, 3f, NAN), -1f, -1f, -0f, 2f, NAN);
  }

  private void assertMap(Unary f, Tensor x, float... expected) {
    Tensor y = poisoned(1, x.cols());
    ops.map(f, x, y);
    assertBits(y, expected);
  }

  @Test
  void piecewiseActivations() {
    Tensor x = row(-2f, -0f, 0f, 3f, NAN, -INF);
    assertActivation(Activation.IDENTITY, x, -2f, -0f, 0f, 3f, NAN, -INF);
    assertActivation(Activation.RELU, x, 0f, 0f, 0f, 3f, NAN, 0f);
    assertActivation(Activation.leakyRelu(0.5f), x, -1f, -0f, 0f, 3f, NAN, -INF);
    assertActivation(Activation.elu(2f), x, 2f * Functions.expm1(-2f), -0f, 0f, 3f, NAN, -2f);
    assertActivation(Activation.hardSigmoid(0.25f, 0.5f), x, 0f, 0.5f, 0.5f, 1f, NAN, 0f);
    float half = Functions.softplus(2f) / 0.5f;
    assertActivation(Activation.softplus(0.5f, 2f), row(4f, 4.5f, -INF), half, 4.5f, 0f);
  }

  @Test
  void smoothActivations() {
    Tensor x = row(0f, INF, -INF, NAN);
    assertActivation(Activation.SIGMOID, x, 0.5f, 1f, 0f, NAN);
    assertActivation(Activation.TANH, x, 0f, 1f, -1f, NAN);
    assertActivation(Activation.GELU_TANH, row(0f, 20f, 1f), 0f, 20f, Functions.geluTanh(1f));
    assertActivation(Activation.GELU_ERF, row(0f, 20f, 1f), 0f, 20f, Functions.geluErf(1f));
    assertActivation(Activation.SILU, row(0f, 200f, 1f), 0f, 200f, Functions.silu(1f));
  }

  private void assertActivation(Activation f, Tensor x, float... expected) {
    Tensor y = poisoned(1, x.cols());
    ops.activate(f, x, y);
    assertBits(y, expected);
  }

  @Test
  void gradientsFromTheOutput() {
    Tensor dy = row(3f, 3f, 3f);
    assertGrad(Activation.SIGMOID, row(0.5f, 1f, NAN), dy, 0.75f, 0f, NAN);
    assertGrad(Activation.TANH, row(0.5f, -1f, NAN), dy, 2.25f, 0f, NAN);
    assertGrad(Activation.RELU, row(-0f, 2f, NAN), dy, 0f, 3f, 3f);
    assertGrad(Activation.IDENTITY, row(9f, 9f, 9f), row(-0f, NAN, 3f), -0f, NAN, 3f);
  }

  @Test
  void gradientsFromTheInput() {
    Tensor dy = row(2f, 2f, 2f, 2f);
    assertGrad(Activation.leakyRelu(0.25f), row(1f, 0f, -1f, NAN), dy, 2f, 0.5f, 0.5f, 0.5f);
    assertGrad(Activation.elu(0.5f), row(1f, 0f, -INF, NAN), dy, 2f, 1f, 0f, NAN);
    Activation hard = Activation.hardSigmoid(0.25f, 0.5f);
    assertGrad(hard, row(1f, 2f, -2f, NAN), dy, 0.5f, 0f, 0f, 0f);
    float slope = 2f * Functions.sigmoid(4f);
    assertGrad(Activation.softplus(2f, 4f), row(0f, 3f, 2f, NAN), dy, 1f, 2f, slope, NAN);
    assertGrad(Activation.GELU_TANH, row(0f, 11f, -11f, NAN), dy, 1f, 2f, 0f, NAN);
    assertGrad(Activation.GELU_ERF, row(0f, 12f, -12f, NAN), dy, 1f, 2f, 0f, NAN);
    assertGrad(Activation.SILU, row(0f, 0f, 0f, NAN), dy, 1f, 1f, 1f, NAN);
  }

  /** v is x or y, whichever is read; the other one is null. */
  private void assertGrad(Activation f, Tensor v, Tensor dy, float... expected) {
    Tensor dx = poisoned(1, dy.cols());
    ops.activateGrad(f, f.gradNeedsX() ? v : null, f.gradNeedsY() ? v : null, dy, dx);
    assertBits(dx, expected);
    ops.activateGrad(f, f.gradNeedsX() ? v : null, f.gradNeedsY() ? v : null, v, v);
    ops.activateGrad(Activation.IDENTITY, null, null, dy, dx);
    assertBits(dx, ops.read(dy));
  }

  @Test
  void gatherTakesRowsAndWritesZeroForNone() {
    Tensor table = strided(3, 2, 1f, 2f, 3f, 4f, NAN, -0f);
    Tensor out = poisoned(4, 2);
    ops.gather(table, indices(2, -1, 0, 2), out);
    assertBits(out, NAN, -0f, 0f, 0f, 1f, 2f, NAN, -0f);
  }

  @Test
  void scatterAddAddsInAscendingOrderToWhatIsThere() {
    Tensor table = strided(2, 1, 5f, BIG);
    ops.scatterAdd(tensor(5, 1, 1f, 1f, NAN, -BIG, 1f), indices(1, 1, -1, 1, 0), table);
    assertBits(table, 6f, 0f);
  }

  @Test
  void dropoutDrawsByRowNumberAndColumn() {
    long seed = 0x123456789abcdef0L;
    long step = 0xfedcba9876543210L;
    int stream = Philox.stream(Philox.DROPOUT, 3);
    Indices key =
        indices(9, (int) seed, (int) (seed >>> 32), (int) step, (int) (step >>> 32)).slice(1, 4);
    Tensor x = strided(3, 5, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    Tensor y = strided(3, 5, new float[15]);
    int[][] ids = {{0, 1, 2}, {7, -1, 900_000_000}};
    ops.dropout(0.2f, key, stream, null, x, y);
    assertBits(y, expectedDropout(seed, stream, step, ids[0]));
    ops.dropout(0.2f, key, stream, indices(ids[1]), x, y);
    assertBits(y, expectedDropout(seed, stream, step, ids[1]));
    float u = Philox.uniform(seed, stream, step, 0);
    ops.dropout(u, key, stream, null, x, y);
    assertBits(y.rows(0, 1).cols(0, 1), (float) (1 / (1 - (double) u))); // kept at p itself
    ops.dropout(0f, key, stream, null, x, y);
    assertBits(y, ops.read(x));
  }

  private static float[] expectedDropout(long seed, int stream, long step, int... ids) {
    float[] expected = new float[5 * ids.length];
    for (int i = 0; i < expected.length; i++) {
      float u = Philox.uniform(seed, stream, step, ids[i / 5] * 5 + i % 5);
      expected[i] = u >= 0.2f ? (i + 1) * (float) (1 / (1 - (double) 0.2f)) : 0f;
    }
    return expected;
  }

  @Test
  void emptyTensorsAreNoOperation() {
    Tensor none = arena.tensor(0, 3);
    ops.fill(1f, none);
    ops.axpby(1f, none, 1f, none);
    ops.softmax(none, none);
    ops.logSoftmax(arena.tensor(2, 0), arena.tensor(2, 0));
    ops.gather(row(1f, 2f, 3f), indices(), none);
    ops.scatterAdd(none, indices(), tensor(1, 3, 1f, 2f, 3f));
    assertThat(ops.read(none)).isEmpty();
  }

  @Test
  void placementCountsWhatRan() {
    Tensor x = row(1f, 2f, 3f);
    Indices i = indices(0, 0);
    ops.axpby(1f, x, 0f, x);
    ops.gather(x, i, arena.tensor(2, 3));
    ops.read(x);
    Placement placement = ops.placement();
    assertThat(placement.backend()).isEqualTo("cpu-scalar");
    assertThat(placement.precision()).isEqualTo(Precision.EXACT);
    assertThat(List.of(placement.launches(), placement.bytesIn(), placement.bytesOut()))
        .containsExactly(2L, 20L, 12L);
  }

  @Test
  void autoDoesNotTakeTheReference() {
    try (Ops best = Backends.open("auto")) {
      assertThat(best.placement().backend()).isEqualTo("cpu");
    }
    assertThat(ops.name()).startsWith("cpu-scalar");
  }
}
