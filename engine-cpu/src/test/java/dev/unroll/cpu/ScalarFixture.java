// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.Arena;
import dev.unroll.Backends;
import dev.unroll.Indices;
import dev.unroll.Ops;
import dev.unroll.Tensor;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** An open reference backend and short ways to make and read its tensors. */
abstract class ScalarFixture {
  static final float NAN = Float.NaN;
  static final float INF = Float.POSITIVE_INFINITY;

  /** Beyond this, 1 is lost when it is added. */
  static final float BIG = 0x1p24f;

  /** Stands in all memory around a view, and must still stand there afterwards. */
  private static final float GUARD = 12345f;

  Ops ops;
  Arena arena;

  /** Views made by {@link #strided}, and what they are part of. */
  private final Map<Tensor, Tensor> guarded = new HashMap<>();

  @BeforeEach
  void open() {
    ops = Backends.open("cpu-scalar");
    arena = ops.arena("test");
  }

  @AfterEach
  void close() {
    guarded.forEach(this::assertNothingBesideWritten);
    arena.close();
    assertThat(ops.memory().liveBytes()).isZero();
    ops.close();
  }

  /** A dense tensor. */
  Tensor tensor(int rows, int cols, float... values) {
    return arena.tensor(values, rows, cols);
  }

  /** A dense row. */
  Tensor row(float... values) {
    return tensor(1, values.length, values);
  }

  /** An output full of NaN. */
  Tensor poisoned(int rows, int cols) {
    float[] values = new float[rows * cols];
    Arrays.fill(values, NAN);
    return tensor(rows, cols, values);
  }

  /** The values in a view with gaps on all sides, stored column by column. */
  Tensor strided(int rows, int cols, float... values) {
    float[] around = new float[(cols + 2) * (2 * rows + 2)];
    Arrays.fill(around, GUARD);
    Tensor parent = tensor(cols + 2, 2 * rows + 2, around);
    Tensor view = parent.t().rows(1, rows, 2).cols(1, cols);
    ops.write(values, view);
    guarded.put(view, parent);
    return view;
  }

  private void assertNothingBesideWritten(Tensor view, Tensor parent) {
    ops.fill(GUARD, view);
    assertThat(ops.read(parent)).containsOnly(GUARD);
  }

  Indices indices(int... values) {
    return arena.indices(values);
  }

  /** Equal bits; NaN equals NaN, -0 is not +0. */
  void assertBits(Tensor actual, float... expected) {
    assertThat(text(ops.read(actual))).isEqualTo(text(expected));
  }

  private static String text(float... values) {
    return Arrays.toString(values);
  }
}
