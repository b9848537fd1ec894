// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.io.Json;
import dev.unroll.io.SafeTensorsWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CommandsTest {
  @TempDir Path folder;

  @Test
  void recipesListsAllWithTheirState() {
    Cli.Result result = Cli.run("recipes");
    assertThat(result.exitCode()).isZero();
    assertThat(result.lines()).hasSize(9);
    assertThat(result.lines().get(0)).startsWith("char-lm ");
    assertThat(result.out()).doesNotContain("not built").contains("surnames ", "reverse ");
  }

  @Test
  void doctorTellsOfEveryBackend() {
    Cli.Result result = Cli.run("doctor");
    assertThat(result.exitCode()).isZero();
    assertThat(result.out())
        .contains("cpu ", "cpu-scalar ", "opencl ", "cuda ", "cuda-emulated ")
        .contains("java ", "vector module", "fma hardware", "processors", "caches");
    assertThat(Cli.run("doctor", "--backend", "cpu").exitCode()).isZero();
    assertThat(Cli.run("doctor", "--backend", "auto").exitCode()).isZero();
    assertThat(Cli.run("doctor", "--backend", "cpu:9").exitCode()).isEqualTo(3);
    Cli.Result none = Cli.run("doctor", "--backend", "cuda:99");
    assertThat(none.exitCode()).isEqualTo(3);
    assertThat(none.err()).contains("cuda").doesNotContain("\tat ");
  }

  @Test
  void doctorPrintsJson() throws IOException {
    String json = Cli.run("doctor", "--json").out();
    Map<?, ?> tree = (Map<?, ?>) Json.parse(json, Path.of("doctor"));
    assertThat(tree.get("backends"))
        .asInstanceOf(org.assertj.core.api.InstanceOfAssertFactories.list(Map.class))
        .anySatisfy(
            b -> {
              assertThat(b.get("name")).isEqualTo("cpu");
              assertThat(b.get("usable")).isEqualTo(true);
            })
        .anySatisfy(b -> assertThat(b.get("name")).isEqualTo("cuda"))
        .allSatisfy(
            b ->
                assertThat(b.get("usable").equals(true) || !b.get("remedy").equals(""))
                    .as("usable or a remedy: %s", b)
                    .isTrue());
  }

  @Test
  void parityEndsWithTheContractAndWritesReports() throws IOException {
    Path markdown = folder.resolve("parity.md");
    Path json = folder.resolve("parity.json");
    Cli.Result result =
        Cli.run("parity", "--backend", "cpu", "--filter", "softmax", "--report", markdown);
    assertThat(result.exitCode()).as(result.out()).isZero();
    assertThat(result.fromEnd(1)).matches("parity backend=cpu passed=[1-9]\\d* failed=0 skipped=0");
    assertThat(Files.readString(markdown)).contains("| softmax |", result.fromEnd(1));
    Cli.run("parity", "--backend", "cpu-scalar", "--filter", "softmax", "--report", json);
    assertThat(Json.readObject(json)).containsEntry("failed", 0L);
  }

  @Test
  void parityRunsAnyFolderOfGoldenFiles() throws IOException {
    golden("relu", 0, 2).write(folder.resolve("right.safetensors"));
    Cli.Result right = Cli.run("parity", "--backend", "cpu-scalar", "--golden", folder);
    assertThat(right.exitCode()).as(right.out()).isZero();
    golden("relu", -1, 2).write(folder.resolve("wrong.safetensors"));
    golden("no-such-operation", 0, 2).write(folder.resolve("unknown.safetensors"));
    Cli.Result wrong = Cli.run("parity", "--backend", "cpu-scalar", "--golden", folder);
    assertThat(wrong.exitCode()).isEqualTo(1);
    assertThat(wrong.lines()).anyMatch(line -> line.startsWith("FAILED wrong"));
    assertThat(wrong.fromEnd(1)).startsWith("parity backend=cpu-scalar passed=1 failed=");
    Cli.Result some =
        Cli.run("parity", "--backend", "cpu", "--golden", folder, "--filter", "right");
    assertThat(some.fromEnd(1)).isEqualTo("parity backend=cpu passed=1 failed=0 skipped=0");
  }

  /** A golden case: an operation on (-1, 2) with the expected outputs. */
  private static SafeTensorsWriter golden(String op, float... expected) {
    return new SafeTensorsWriter()
        .metadata("format", "tensor-golden/1")
        .metadata("case", "made/" + op)
        .metadata("kind", "op")
        .metadata("op", op)
        .metadata("level", "core")
        .metadata("features", "")
        .metadata("rtol.out.y", "1e-6")
        .metadata("atol.out.y", "1e-37")
        .metadata("torch_f32_max_abs_err.out.y", "0")
        .add("in.x", new float[] {-1, 2}, 2)
        .add("out.y", expected, 2);
  }

  @Test
  void soakMeasuresAndJudges() {
    Cli.Result result = Cli.run("soak", "--backend", "cpu", "--steps", 40);
    assertThat(result.fromEnd(1)).isEqualTo("soak backend=cpu steps=40 verdict=flat");
    assertThat(result.exitCode()).isZero();
    assertThat(result.lines()).hasSize(12);
  }

  @Test
  void processorsHaveNothingToTune() {
    Cli.Result result = Cli.run("tune", "--backend", "cpu-scalar");
    assertThat(result.exitCode()).isZero();
    assertThat(result.out()).isEqualTo("tune backend=cpu-scalar: there is nothing to tune\n");
  }

  @Test
  void soakSeesALeak() {
    List<SoakCommand.Measurement> flat = new ArrayList<>();
    List<SoakCommand.Measurement> heap = new ArrayList<>();
    List<SoakCommand.Measurement> resident = new ArrayList<>();
    List<SoakCommand.Measurement> pool = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      flat.add(new SoakCommand.Measurement(i, 5_000_000 + i % 3 * 1000, 400_000, 9_000_000 + i));
      heap.add(new SoakCommand.Measurement(i, 5_000_000 + i * 200_000L, 400_000, 0));
      resident.add(
          new SoakCommand.Measurement(i, 5_000_000, 400_000, 300_000_000 + i * 10_000_000L));
      pool.add(new SoakCommand.Measurement(i, 5_000_000, 400_000 + i * 4L, 0));
    }
    assertThat(SoakCommand.isFlat(flat)).isTrue();
    assertThat(SoakCommand.isFlat(heap)).isFalse();
    assertThat(SoakCommand.isFlat(pool)).isFalse();
    assertThat(SoakCommand.isFlat(resident)).isFalse();
  }

  @Test
  void namesThatAreNear() {
    assertThat(Names.distance("kitten", "sitting")).isEqualTo(3);
    assertThat(Names.distance("", "abc")).isEqualTo(3);
    assertThat(Names.suggestion("cpu-scaler", List.of("cpu", "cpu-scalar"))).contains("cpu-scalar");
    assertThat(Names.suggestion("zzzzzz", List.of("cpu", "cpu-scalar"))).isEmpty();
  }

  @Test
  void meanOfTheLastHundred() {
    float[] losses = new float[150];
    java.util.Arrays.fill(losses, 50, 150, 2f);
    losses[49] = 1000;
    assertThat(TrainRun.meanOfLast(losses)).isEqualTo(2.0);
    assertThat(TrainRun.meanOfLast(new float[] {1, 2})).isEqualTo(1.5);
  }
}
