// SPDX-License-Identifier: Apache-2.0

package dev.unroll.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unroll.Tensor;
import dev.unroll.nn.DeviceTest;
import dev.unroll.nn.Initializer;
import dev.unroll.nn.Parameter;
import dev.unroll.nn.State;
import dev.unroll.train.Groups.Group;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GroupsTest extends DeviceTest {
  private final Adam.Settings decayed = new Adam.Settings(0.9, 0.99, 1e-8, 0.1, true, false);

  @Test
  void eachGroupHasItsSettingsAndRate() {
    Parameter a = parameter("a");
    Parameter b = parameter("b");
    Parameter aAlone = copy(a);
    Parameter bAlone = copy(b);
    Groups groups =
        new Groups(
            arena,
            List.of(
                new Group(new Adam(arena, List.of(a), decayed), 1),
                new Group(new Sgd(arena, List.of(b), Sgd.Settings.PLAIN), 0.5)));
    Adam adam = new Adam(arena, List.of(aAlone), decayed);
    Sgd sgd = new Sgd(arena, List.of(bAlone), Sgd.Settings.PLAIN);
    Tensor scale = arena.tensor(new float[] {0.7f}, 1, 1);
    for (int i = 0; i < 3; i++) {
      groups.step(0.25, scale);
      adam.step(0.25, scale);
      sgd.step(0.125, scale);
    }
    assertSameBits(a.value(), aAlone.value());
    assertSameBits(b.value(), bAlone.value());
    assertThat(groups.state().keySet()).containsExactly("m.a", "v.a");
    assertThat(groups.parameters()).containsExactly(a, b);
    assertThat(groups.trained()).containsExactly(a, b);
  }

  @Test
  void frozenParametersStayAndCountInNoNorm() {
    Parameter a = parameter("a");
    Parameter b = parameter("b");
    float[] before = ops.read(b.value());
    Groups groups = partlyFrozen(a, b);
    assertThat(groups.trained()).containsExactly(a);
    assertThat(groups.parameters()).containsExactly(a, b);
    Trainer.Task task =
        (step, number) -> {
          ops.fill(3, a.grad());
          ops.fill(Float.NaN, b.grad());
          return step.tensor(new float[] {1}, 1, 1);
        };
    Trainer trainer = new Trainer(ops, groups, Clipping.byNorm(1), n -> 0.1, task);
    trainer.addListener(s -> assertThat(s.gradNorm()).isEqualTo((float) (3 * Math.sqrt(6))));
    trainer.run(3, () -> false);
    assertThat(ops.read(b.value())).isEqualTo(before);
    assertThat(ops.read(a.value())).doesNotContain(Float.NaN);
  }

  @Test
  void checkpointsHoldAllGroups(@TempDir Path folder) throws IOException {
    Parameter a = parameter("a");
    Parameter b = parameter("b");
    Groups groups = partlyFrozen(a, b);
    groups.step(0.1, null);
    Path file = folder.resolve("checkpoint");
    Checkpoint.Progress progress = new Checkpoint.Progress(1, 0, new float[] {1}, Map.of());
    Checkpoint.write(file, ops, progress, groups, State.NONE);
    Parameter a2 = copy(a);
    Parameter b2 = parameter("b");
    Groups resumed = partlyFrozen(a2, b2);
    ops.fill(Float.NaN, a2.value());
    try (Checkpoint checkpoint = Checkpoint.open(file)) {
      checkpoint.restore(ops, resumed, State.NONE);
    }
    assertSameBits(b2.value(), b.value());
    groups.step(0.1, null);
    resumed.step(0.1, null);
    assertSameBits(a2.value(), a.value());
    assertThat(resumed.steps()).isEqualTo(2);
  }

  @Test
  void mistakesAreNamed() {
    Parameter a = parameter("a");
    Sgd sgd = new Sgd(arena, List.of(a), Sgd.Settings.PLAIN);
    assertThatThrownBy(
            () -> new Groups(arena, List.of(new Group(sgd, 1), Group.frozen(arena, List.of(a)))))
        .hasMessageContaining("two parameters 'a'");
    assertThatThrownBy(() -> new Group(sgd, -1)).hasMessageContaining("rate factor");
    assertThatThrownBy(() -> new Group(sgd, Double.NaN)).hasMessageContaining("rate factor");
  }

  private Groups partlyFrozen(Parameter trained, Parameter frozen) {
    return new Groups(
        arena,
        List.of(
            new Group(new Adam(arena, List.of(trained), decayed), 1),
            Group.frozen(arena, List.of(frozen))));
  }

  private Parameter parameter(String name) {
    Parameter p = new Initializer(arena, 1).uniform(name, 1, 2, 3);
    ops.write(random(6), p.value());
    ops.write(random(6), p.grad());
    return p;
  }

  private Parameter copy(Parameter p) {
    Parameter copy = parameter(p.name());
    ops.copy(p.value(), copy.value());
    ops.copy(p.grad(), copy.grad());
    return copy;
  }
}
