// SPDX-License-Identifier: Apache-2.0

package dev.unroll.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unroll.Tensor;
import dev.unroll.nn.DeviceTest;
import dev.unroll.nn.Parameter;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class ClippingTest extends DeviceTest {
  private List<Parameter> parameters(float... grads) {
    Tensor first = arena.tensor(new float[] {grads[0], grads[1]}, 2);
    Tensor second = arena.tensor(new float[] {grads[2]}, 1, 1);
    return List.of(
        new Parameter("a", randomTensor(2), first), new Parameter("b", randomTensor(1, 1), second));
  }

  @Test
  void byNormGivesTheFactorAndLeavesTheGradients() {
    List<Parameter> parameters = parameters(2, -3, 6);
    Tensor norm = Clipping.norm(arena, parameters);
    assertThat(ops.read(norm)).containsExactly(7f);
    Tensor factor = Clipping.byNorm(3.5f).apply(arena, parameters, norm);
    assertThat(ops.read(factor)[0]).isCloseTo(0.5f, Offset.offset(1e-6f));
    assertThat(ops.read(parameters.get(0).grad())).containsExactly(2, -3);
    assertThat(ops.read(Clipping.byNorm(8).apply(arena, parameters, norm))).containsExactly(1f);
  }

  @Test
  void byValueLimitsEachElement() {
    List<Parameter> parameters = parameters(2, -3, 0.5f);
    Tensor norm = Clipping.norm(arena, parameters);
    assertThat(Clipping.byValue(1).apply(arena, parameters, norm)).isNull();
    assertThat(ops.read(parameters.get(0).grad())).containsExactly(1, -1);
    assertThat(ops.read(parameters.get(1).grad())).containsExactly(0.5f);
  }

  @Test
  void byParameterNormShortensEachByItself() {
    List<Parameter> parameters = parameters(3, -4, 0.5f);
    Tensor norm = Clipping.norm(arena, parameters);
    assertThat(Clipping.byParameterNorm(1).apply(arena, parameters, norm)).isNull();
    assertThat(ops.read(parameters.get(0).grad()))
        .containsExactly(new float[] {0.6f, -0.8f}, Offset.offset(1e-6f));
    assertThat(ops.read(parameters.get(1).grad())).containsExactly(0.5f);
  }

  @Test
  void noneChangesNothing() {
    List<Parameter> parameters = parameters(2, -3, 6);
    Tensor norm = Clipping.norm(arena, parameters);
    assertThat(Clipping.NONE.apply(arena, parameters, norm)).isNull();
    assertThat(ops.read(parameters.get(0).grad())).containsExactly(2, -3);
  }

  @Test
  void theBoundMustBePositive() {
    assertThatThrownBy(() -> Clipping.byNorm(0)).hasMessageContaining("above 0: 0.0");
    assertThatThrownBy(() -> Clipping.byValue(-1)).hasMessageContaining("-1.0");
    assertThatThrownBy(() -> Clipping.byNorm(Float.NaN)).hasMessageContaining("NaN");
  }
}
