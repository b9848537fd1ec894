// SPDX-License-Identifier: Apache-2.0

package dev.unroll.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unroll.nn.DeviceTest;
import dev.unroll.nn.Parameter;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class PenaltyTest extends DeviceTest {
  private static final float[] P = {2, -3, 0, -0f, Float.MIN_VALUE, -Float.MIN_VALUE};

  @Test
  void l1AddsTheSign() {
    List<Parameter> parameters = parameters();
    assertThat(ops.read(Penalty.l1(arena, parameters, 0.5))[0]).isEqualTo(2 * 0.5f * 5);
    for (Parameter p : parameters) {
      assertThat(ops.read(p.grad())).containsExactly(1.5f, 0.5f, 1, 1, 1.5f, 0.5f);
      assertThat(ops.read(p.value())).isEqualTo(P);
    }
  }

  @Test
  void l2AddsTwiceTheParameter() {
    List<Parameter> parameters = parameters();
    assertThat(ops.read(Penalty.l2(arena, parameters, 0.5))[0])
        .isCloseTo(2 * 0.5f * 13, Offset.offset(1e-5f));
    assertThat(ops.read(parameters.get(1).grad())).startsWith(3, -2, 1, 1);
  }

  @Test
  void theStrengthMustBeANumber() {
    assertThatThrownBy(() -> Penalty.l1(arena, parameters(), -1)).hasMessageContaining("strength");
    assertThatThrownBy(() -> Penalty.l2(arena, parameters(), Double.NaN))
        .hasMessageContaining("strength");
  }

  /** Gradients are 1 before. */
  private List<Parameter> parameters() {
    Parameter a = new Parameter("a", arena.tensor(P, 2, 3), arena.tensor(2, 3));
    Parameter b = new Parameter("b", arena.tensor(P, 6), arena.tensor(6));
    ops.fill(1, a.grad());
    ops.fill(1, b.grad());
    return List.of(a, b);
  }
}
