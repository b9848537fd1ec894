// SPDX-License-Identifier: Apache-2.0

package dev.unroll.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unroll.Arithmetic;
import dev.unroll.Tensor;
import dev.unroll.nn.DeviceTest;
import dev.unroll.nn.Parameter;
import java.util.List;
import org.junit.jupiter.api.Test;

/** On the parabola p^2, where SGD needs a rate below 1. */
class RateFinderTest extends DeviceTest {
  @Test
  void suggestsARateThatWorksAndPutsEverythingBack() {
    Parameter p = new Parameter("p", arena.tensor(1, 1), arena.tensor(1, 1));
    ops.fill(3, p.value());
    Sgd sgd = new Sgd(arena, List.of(p), new Sgd.Settings(0.5, 0, 0, false));
    ops.fill(0, p.grad());
    sgd.step(0.1, null);
    RateFinder.Result found = run(p, sgd, 1e-4, 1e6);
    assertThat(found.suggestion()).isBetween(1e-2, 1.0);
    assertThat(found.rates()).hasSizeBetween(10, 99).hasSameSizeAs(found.losses());
    assertThat(found.rates().get(0)).isEqualTo(1e-4);
    assertThat(ops.read(p.value())).containsExactly(3f);
    assertThat(ops.read(sgd.state().get("momentum_buffer.p"))).containsExactly(0f);
    assertThat(sgd.steps()).isEqualTo(1);
  }

  @Test
  void aRateThatDivergesEndsTheTrial() {
    Parameter p = new Parameter("p", arena.tensor(1, 1), arena.tensor(1, 1));
    ops.fill(3, p.value());
    Sgd sgd = new Sgd(arena, List.of(p), Sgd.Settings.PLAIN);
    RateFinder.Result found = run(p, sgd, 1e19, 1e39);
    assertThat(found.rates()).isNotEmpty();
    assertThat(found.suggestion()).isZero();
    assertThat(ops.read(p.value())).containsExactly(3f);
  }

  @Test
  void wrongBoundsAreNamed() {
    Parameter p = new Parameter("p", arena.tensor(1, 1), arena.tensor(1, 1));
    Sgd sgd = new Sgd(arena, List.of(p), Sgd.Settings.PLAIN);
    assertThatThrownBy(() -> run(p, sgd, 1, 1)).hasMessageContaining("rate finder");
    assertThatThrownBy(() -> run(p, sgd, 0, 1)).hasMessageContaining("lowest rate");
  }

  private RateFinder.Result run(Parameter p, Sgd sgd, double low, double high) {
    Trainer.Task task =
        (step, number) -> {
          Tensor loss = step.tensor(1, 1);
          ops.binary(Arithmetic.MUL, p.value(), p.value(), loss);
          ops.axpby(2, p.value(), 1, p.grad());
          return loss;
        };
    return RateFinder.run(ops, sgd, Clipping.NONE, task, low, high, 100);
  }
}
