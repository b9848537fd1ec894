// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.Arena;
import dev.unroll.Backends;
import dev.unroll.Ops;
import org.junit.jupiter.api.Test;

class WarmUpTest {
  /** On subnormal numbers compiled code is slow as well: the kernel would never count as fast. */
  @Test
  void noOperandDecays() {
    SpanWarmUp spans = new SpanWarmUp();
    for (int i = 0; i < 20; i++) {
      spans.kernels().forEach(WarmUp.Kernel::warm);
    }
    for (float[] operand : spans.operands()) {
      for (float x : operand) {
        assertThat(x == 0 || Math.abs(x) >= Float.MIN_NORMAL).as("operand %s", x).isTrue();
      }
    }
  }

  @Test
  void networksAreTrainedWithNothingLeftOver() {
    try (Ops ops = Backends.open("cpu")) {
      try (Arena arena = ops.arena("warm-up")) {
        TrainingWarmUp training = new TrainingWarmUp(ops, arena);
        training.step();
        int alive = ops.memory().liveBuffers();
        training.step();
        assertThat(ops.memory().liveBuffers()).isEqualTo(alive);
      }
      assertThat(ops.memory().liveBuffers()).isZero();
    }
  }

  @Test
  void placementTellsOfIt() {
    try (Ops ops = Backends.open("cpu")) {
      assertThat(ops.placement().notes()).anyMatch(note -> note.startsWith("kernels "));
      assertThat(ops.placement().launches()).isZero();
    }
  }
}
