// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.Arena;
import dev.unroll.Backends;
import dev.unroll.Ops;
import dev.unroll.Philox;
import dev.unroll.Tensor;
import java.util.Arrays;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A test with an open scalar backend and one arena; afterwards nothing may be left alive. */
public abstract class DeviceTest {
  protected Ops ops;
  protected Arena arena;
  private int draws;

  @BeforeEach
  final void open() {
    ops = Backends.open("cpu-scalar");
    poison();
    arena = ops.arena("test");
  }

  /** Fills the pool with NaN, so that a tensor read before it is written shows. */
  private void poison() {
    try (Arena poison = ops.arena("poison")) {
      for (int size = 64; size <= 1024; size += size / 4) {
        for (int i = 0; i < 30; i++) {
          ops.fill(Float.NaN, poison.tensor(size));
        }
      }
    }
  }

  @AfterEach
  final void nothingIsLeft() {
    arena.close();
    int live = ops.memory().liveBuffers();
    ops.close();
    assertThat(live).isZero();
  }

  /** Numbers in [-1, 1), other ones at each call, the same in each run. */
  protected final float[] random(int count) {
    float[] values = new float[count];
    Philox.fillUniform(99, Philox.stream(Philox.DATA, draws++), 0, -1, 1, values);
    return values;
  }

  protected final Tensor randomTensor(int... shape) {
    return arena.tensor(random(Arrays.stream(shape).reduce(1, (a, b) -> a * b)), shape);
  }

  /** A state of random numbers for a layer. */
  protected final State randomState(Layer<?> layer, int batch) {
    State state = layer.zeroState(arena, batch);
    state.tensors().values().forEach(t -> ops.write(random(t.size()), t));
    return state;
  }

  protected final void assertSameBits(Tensor actual, Tensor expected) {
    assertThat(bits(ops.read(actual))).isEqualTo(bits(ops.read(expected)));
  }

  protected final void assertSameBits(State actual, State expected) {
    assertThat(actual.tensors().keySet()).isEqualTo(expected.tensors().keySet());
    actual.tensors().forEach((name, t) -> assertSameBits(t, expected.get(name)));
  }

  protected final void assertSameGrads(Layer<?> actual, Layer<?> expected) {
    for (int i = 0; i < expected.parameters().size(); i++) {
      assertSameBits(actual.parameters().get(i).grad(), expected.parameters().get(i).grad());
    }
  }

  protected final void assertClose(Tensor actual, Tensor expected, float bound) {
    assertThat(ops.read(actual)).containsExactly(ops.read(expected), Offset.offset(bound));
  }

  protected static int[] bits(float[] values) {
    int[] bits = new int[values.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = Float.floatToIntBits(values[i]);
    }
    return bits;
  }
}
