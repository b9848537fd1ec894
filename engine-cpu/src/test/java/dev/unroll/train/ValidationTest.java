// SPDX-License-Identifier: Apache-2.0

package dev.unroll.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unroll.nn.DeviceTest;
import dev.unroll.nn.Parameter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ValidationTest extends DeviceTest {
  @Test
  void stopsAndGoesBackToTheBest() {
    Parameter p = new Parameter("p", arena.tensor(1, 1), arena.tensor(1, 1));
    ops.fill(0, p.value());
    Trainer.Task task =
        (step, number) -> {
          ops.fill(-1, p.grad());
          return step.tensor(new float[] {1}, 1, 1);
        };
    Optimizer sgd = new Sgd(arena, List.of(p), Sgd.Settings.PLAIN);
    Trainer trainer = new Trainer(ops, sgd, Clipping.NONE, Schedules.constant(1), task);
    Iterator<Double> values = List.of(5.0, Double.NaN, 3.0, 3.0, 4.0, 1.0).iterator();
    List<String> told = new ArrayList<>();
    Validation validation =
        new Validation(
            ops,
            sgd.parameters(),
            10,
            2,
            values::next,
            (step, value) -> told.add(step.number() + ":" + value));
    trainer.addListener(validation);
    trainer.run(1000, validation);
    assertThat(told).containsExactly("10:5.0", "20:NaN", "30:3.0", "40:3.0", "50:4.0");
    assertThat(trainer.steps()).isEqualTo(50);
    assertThat(validation.bestStep()).isEqualTo(30);
    assertThat(validation.bestValue()).isEqualTo(3);
    assertThat(ops.read(p.value())).containsExactly(50f);
    validation.restoreBest();
    assertThat(ops.read(p.value())).containsExactly(30f);
  }

  @Test
  void withoutAMeasurementNothingIsRestored() {
    Parameter p = new Parameter("p", arena.tensor(1, 1), arena.tensor(1, 1));
    ops.fill(7, p.value());
    Validation validation = new Validation(ops, List.of(p), 10, 2, () -> 1, (step, value) -> {});
    validation.restoreBest();
    assertThat(ops.read(p.value())).containsExactly(7f);
    assertThat(validation.getAsBoolean()).isFalse();
    assertThatThrownBy(() -> new Validation(ops, List.of(p), 0, 2, () -> 1, (s, v) -> {}))
        .hasMessageContaining("at least 1: 0, 2");
  }

  @Test
  void theLastAndTheBestCheckpointAreKept(@TempDir Path folder) throws IOException {
    Files.writeString(folder.resolve("step-7.safetensors"), "not ours");
    KeptCheckpoints kept = new KeptCheckpoints(folder, 2);
    assertThat(kept.bestValue()).isInfinite();
    double[] values = {5, 3, Double.NaN, 4};
    for (int i = 0; i < values.length; i++) {
      String content = "step " + i;
      kept.write(10L * i, values[i], file -> Files.writeString(file, content));
    }
    assertThat(kept.files())
        .containsExactly(
            folder.resolve("step-000000020.safetensors"),
            folder.resolve("step-000000030.safetensors"));
    assertThat(kept.best()).hasContent("step 1");
    assertThat(folder.resolve("step-7.safetensors")).exists();

    KeptCheckpoints later = new KeptCheckpoints(folder, 1);
    assertThat(later.bestValue()).isEqualTo(3);
    later.write(40, 2.5, file -> Files.writeString(file, "later"));
    assertThat(later.best()).hasContent("later");
    assertThat(later.bestStep()).isEqualTo(40);
    assertThat(later.files()).hasSize(1);
    KeptCheckpoints resumed = new KeptCheckpoints(Files.createDirectory(folder.resolve("new")), 1);
    assertThat(resumed.bestStep()).isZero();
    resumed.takeBest(resumed);
    resumed.takeBest(later);
    assertThat(resumed.bestValue()).isEqualTo(2.5);
    assertThat(resumed.best()).hasContent("later");
    assertThatThrownBy(
            () ->
                later.write(
                    50,
                    1,
                    file -> {
                      throw new IOException("full");
                    }))
        .hasMessage("full");
    assertThat(later.files()).hasSize(1);
    assertThat(later.best()).hasContent("later");
    Files.writeString(folder.resolve("best.json"), "{}");
    assertThatThrownBy(later::bestValue).hasMessageContaining("no number 'value'");
    assertThatThrownBy(() -> new KeptCheckpoints(folder, 0)).hasMessageContaining("not 0");
  }
}
