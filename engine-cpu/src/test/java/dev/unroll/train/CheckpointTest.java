// SPDX-License-Identifier: Apache-2.0

package dev.unroll.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unroll.Tensor;
import dev.unroll.io.FileFormatException;
import dev.unroll.io.SafeTensors;
import dev.unroll.io.SafeTensorsWriter;
import dev.unroll.nn.DeviceTest;
import dev.unroll.nn.Parameter;
import dev.unroll.nn.State;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointTest extends DeviceTest {
  private static final String HEADER = "unroll.checkpoint";

  @TempDir Path folder;
  private Path file;

  @BeforeEach
  void nameFile() {
    file = folder.resolve("checkpoint.safetensors");
  }

  @Test
  void aResumedRunGivesTheSameBits() throws IOException {
    Toy through = new Toy(ops, arena, 0.1);
    through.run(23);
    // Inside an epoch, at the end of one, and before the first step.
    for (int cut : new int[] {0, 10, 12, 22}) {
      Toy first = new Toy(ops, arena, 0.1);
      first.run(cut);
      first.save(file);
      Toy second = new Toy(ops, arena, 0.1);
      second.run(3);
      second.resume(file);
      assertThat(second.digest()).isEqualTo(first.digest());
      assertThat(second.optimizer.steps()).isEqualTo(cut);
      second.run(23);
      assertThat(second.digest()).isEqualTo(through.digest());
      assertSameBits(second.carried, through.carried);
      second
          .optimizer
          .state()
          .forEach((n, t) -> assertSameBits(t, through.optimizer.state().get(n)));
    }
  }

  @Test
  void progressComesBack() throws IOException {
    Map<String, Object> settings = new LinkedHashMap<>();
    settings.put("lr", 0.1 + 0.2);
    settings.put("batch", 32L);
    settings.put("data", "caf\u00e9");
    settings.put("nested", Map.of("deep", List.of(1L, true)));
    Checkpoint.Progress progress =
        new Checkpoint.Progress(
            Long.MIN_VALUE, Long.MAX_VALUE, new float[] {1.5f, Float.MIN_VALUE, -0f}, settings);
    Checkpoint.write(file, ops, progress, sgd(1), State.NONE);
    try (Checkpoint read = Checkpoint.open(file)) {
      assertThat(read.progress().seed()).isEqualTo(Long.MIN_VALUE);
      assertThat(read.progress().position()).isEqualTo(Long.MAX_VALUE);
      assertThat(bits(read.progress().losses())).isEqualTo(bits(progress.losses()));
      assertThat(read.progress().settings()).isEqualTo(settings);
    }
  }

  @Test
  void damagedFilesAreRefusedAndChangeNothing() throws IOException {
    Toy toy = new Toy(ops, arena, 0.1);
    toy.run(2);
    toy.save(file);
    byte[] whole = Files.readAllBytes(file);
    assertRefused("no such tensor", t -> t.remove("parameter.dense.bias"), h -> {});
    assertRefused("no such tensor", t -> t.remove("optimizer.m.dense.bias"), h -> {});
    assertRefused("no such tensor", t -> t.remove("state.lstm.c"), h -> {});
    assertRefused("no such tensor", t -> t.remove("losses"), h -> {});
    assertRefused("the shape is [4]", t -> t.put("parameter.dense.bias", new float[4]), h -> {});
    assertRefused("parameter.more", t -> t.put("parameter.more", new float[4]), h -> {});
    assertRefused("NaN", t -> t.get("parameter.dense.bias")[2] = Float.NaN, h -> {});
    assertRefused(
        "infinite", t -> t.get("optimizer.v.dense.bias")[0] = Float.POSITIVE_INFINITY, h -> {});
    assertRefused("is not a checkpoint", t -> {}, h -> h.remove(HEADER));
    assertRefused("format 2", t -> {}, h -> replace(h, "\"format\":1", "\"format\":2"));
    assertRefused("'format'", t -> {}, h -> replace(h, "\"format\":1", "\"format\":\"1\""));
    assertRefused("'position'", t -> {}, h -> replace(h, "position", "place"));
    assertRefused("'settings'", t -> {}, h -> replace(h, "settings", "sittings"));
    assertRefused("not valid JSON", t -> {}, h -> h.put(HEADER, "{"));
    for (int length : new int[] {0, 7, 100, whole.length / 2, whole.length - 1}) {
      Files.write(file, Arrays.copyOf(whole, length));
      assertNothingChanges("checkpoint.safetensors");
    }
    Files.delete(file);
    assertNothingChanges("checkpoint.safetensors");
  }

  private static void replace(Map<String, String> header, String from, String to) {
    String before = header.get(HEADER);
    header.put(HEADER, before.replace(from, to));
    assertThat(header.get(HEADER)).isNotEqualTo(before);
  }

  /** Writes the file again with some damage, and expects it to be refused. */
  private void assertRefused(
      String message, Consumer<Map<String, float[]>> tensors, Consumer<Map<String, String>> header)
      throws IOException {
    byte[] whole = Files.readAllBytes(file);
    Map<String, float[]> all = new LinkedHashMap<>();
    Map<String, int[]> shapes = new HashMap<>();
    Map<String, String> metadata;
    try (SafeTensors in = SafeTensors.open(file)) {
      metadata = new HashMap<>(in.metadata());
      for (String name : in.names()) {
        all.put(name, in.floats(name));
        shapes.put(name, in.entry(name).shape().stream().mapToInt(n -> n).toArray());
      }
    }
    Map<String, float[]> before = new HashMap<>(all);
    tensors.accept(all);
    header.accept(metadata);
    SafeTensorsWriter writer = new SafeTensorsWriter();
    metadata.forEach(writer::metadata);
    all.forEach(
        (name, v) ->
            writer.add(name, v, before.get(name) == v ? shapes.get(name) : new int[] {v.length}));
    writer.write(file);
    assertNothingChanges(message);
    Files.write(file, whole);
  }

  private void assertNothingChanges(String message) {
    Toy toy = new Toy(ops, arena, 0.1);
    toy.run(1);
    String before = toy.digest();
    assertThatThrownBy(() -> toy.resume(file))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining(message);
    assertThat(toy.digest()).isEqualTo(before);
    assertThat(toy.optimizer.steps()).isEqualTo(1);
  }

  @Test
  void anotherOptimizerIsRefused() throws IOException {
    Toy toy = new Toy(ops, arena, 0.1);
    toy.save(file);
    Optimizer sgd = new Sgd(arena, toy.model.parameters(), Sgd.Settings.PLAIN);
    try (Checkpoint checkpoint = Checkpoint.open(file)) {
      assertThatThrownBy(() -> checkpoint.restore(ops, sgd, toy.carried))
          .hasMessageContaining("optimizer.m.")
          .hasMessageContaining("does not belong here");
      assertThatThrownBy(() -> checkpoint.restore(ops, toy.optimizer, State.NONE))
          .hasMessageContaining("state.lstm.");
    }
  }

  @Test
  void whatIsNotFiniteIsNotWritten() throws IOException {
    Checkpoint.Progress progress = new Checkpoint.Progress(1, 2, new float[0], Map.of());
    Checkpoint.write(file, ops, progress, sgd(1), State.NONE);
    byte[] before = Files.readAllBytes(file);
    assertThatThrownBy(() -> Checkpoint.write(file, ops, progress, sgd(Float.NaN), State.NONE))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("element 0 of parameter.p is NaN");
    assertThat(Files.readAllBytes(file)).isEqualTo(before);
    Path nowhere = folder.resolve("missing").resolve("checkpoint.safetensors");
    assertThatThrownBy(() -> Checkpoint.write(nowhere, ops, progress, sgd(1), State.NONE))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("missing");
  }

  private Optimizer sgd(float value) {
    Tensor p = arena.tensor(new float[] {value, 2}, 2);
    return new Sgd(arena, List.of(new Parameter("p", p, arena.tensor(2))), Sgd.Settings.PLAIN);
  }
}
