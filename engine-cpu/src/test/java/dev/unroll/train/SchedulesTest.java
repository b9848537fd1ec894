// SPDX-License-Identifier: Apache-2.0

package dev.unroll.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unroll.io.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongToDoubleFunction;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class SchedulesTest {
  @Test
  void constant() {
    assertRates(Schedules.constant(0.3), 0.3, 0.3);
  }

  @Test
  void step() {
    assertRates(Schedules.step(1, 0.1, 3), 1, 1, 1, 0.1, 0.1, 0.1, 0.01);
  }

  @Test
  void exponential() {
    assertRates(Schedules.exponential(2, 0.5), 2, 1, 0.5, 0.25);
  }

  @Test
  void cosine() {
    assertRates(Schedules.cosine(1, 0.2, 4), 1, 0.6 + 0.4 / Math.sqrt(2), 0.6, 0.317157, 0.2, 0.2);
  }

  @Test
  void warmUp() {
    assertRates(Schedules.warmUp(4, Schedules.exponential(1, 0.5)), 0.25, 0.25, 0.1875, 0.125);
    assertRates(Schedules.warmUp(2, Schedules.constant(1)), 0.5, 1, 1);
  }

  /** PyTorch's OneCycleLR with max_lr=1, total_steps=10. */
  @Test
  void oneCycle() {
    LongToDoubleFunction cycle = Schedules.oneCycle(1, 10);
    assertRates(cycle, 0.04, 0.52, 1);
    assertThat(cycle.applyAsDouble(10)).isCloseTo(4e-6, Offset.offset(1e-12));
    assertThat(cycle.applyAsDouble(11)).isCloseTo(4e-6, Offset.offset(1e-12));
    assertThat(cycle.applyAsDouble(4)).isLessThan(1).isGreaterThan(cycle.applyAsDouble(5));
  }

  @Test
  void plateauWaitsAndRemembers() throws IOException {
    Plateau plateau = new Plateau(1, 0.1, 2, 0.05);
    for (double value : new double[] {5, 4, 4, 3.9999, Double.NaN}) {
      assertThat(plateau.applyAsDouble(9)).isEqualTo(1);
      plateau.observe(value);
    }
    assertThat(plateau.applyAsDouble(9)).as("three in a row were no better").isEqualTo(0.1);
    plateau.observe(4);
    plateau.observe(4);
    Plateau resumed = new Plateau(1, 0.1, 2, 0.05);
    resumed.restore(throughJson(plateau.state()));
    for (Plateau p : new Plateau[] {plateau, resumed}) {
      assertThat(p.applyAsDouble(1)).isEqualTo(0.1);
      p.observe(4.1);
      assertThat(p.applyAsDouble(1)).as("not below the floor").isEqualTo(0.05);
      p.observe(3);
      assertThat(p.state()).containsEntry("best", 3.0).containsEntry("waited", 0L);
    }
    Plateau fresh = new Plateau(1, 0.1, 2, 0.05);
    fresh.restore(throughJson(new Plateau(1, 0.1, 2, 0.05).state()));
    fresh.observe(1e9);
    assertThat(fresh.state()).containsEntry("best", 1e9);
  }

  @Test
  void wrongNumbersAreNamed() {
    assertThatThrownBy(() -> Schedules.constant(0)).hasMessageContaining("rate must be above 0");
    assertThatThrownBy(() -> Schedules.step(1, Double.NaN, 3)).hasMessageContaining("factor");
    assertThatThrownBy(() -> Schedules.cosine(1, 0, 0)).hasMessageContaining("steps");
    assertThatThrownBy(() -> Schedules.oneCycle(1, 3)).hasMessageContaining("at least 4");
    assertThatThrownBy(() -> new Plateau(1, 1, 2, 0)).hasMessageContaining("plateau: factor");
    assertThatThrownBy(() -> new Plateau(1, 0.5, 2, 0).restore(Map.of()))
        .hasMessageContaining("not the state");
  }

  private static Map<String, Object> throughJson(Map<String, Object> tree) throws IOException {
    Map<String, Object> copy = new LinkedHashMap<>();
    ((Map<?, ?>) Json.parse(Json.toLine(tree), Path.of("state")))
        .forEach((name, value) -> copy.put((String) name, value));
    return copy;
  }

  private static void assertRates(LongToDoubleFunction schedule, double... rates) {
    for (int i = 0; i < rates.length; i++) {
      assertThat(schedule.applyAsDouble(i + 1)).isCloseTo(rates[i], Offset.offset(1e-6));
    }
  }
}
