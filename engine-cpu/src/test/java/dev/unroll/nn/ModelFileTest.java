// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unroll.Tensor;
import dev.unroll.io.FileFormatException;
import dev.unroll.io.SafeTensors;
import dev.unroll.io.SafeTensorsWriter;
import dev.unroll.nn.Recurrent.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelFileTest extends DeviceTest {
  @TempDir Path folder;

  private Sequential<Tensor> model(long seed, Bias bias) {
    Initializer init = new Initializer(arena, seed);
    return Sequential.of("gru", new Gru(init, new Shape(3, 4, 2, bias)))
        .then("dense", new Dense(init, 4, 2));
  }

  @Test
  void comesBackWithTheSameBits() throws IOException {
    for (Bias bias : Bias.values()) {
      Path file = folder.resolve(bias + ".safetensors");
      Sequential<Tensor> written = model(1, bias);
      Sequential<Tensor> read = model(2, bias);
      ModelFile.write(file, ops, written, Map.of("recipe", "test"));
      ModelFile.read(file, ops, read);
      for (int i = 0; i < written.parameters().size(); i++) {
        assertSameBits(read.parameters().get(i).value(), written.parameters().get(i).value());
      }
      try (SafeTensors in = SafeTensors.open(file)) {
        assertThat(in.metadata()).containsEntry("recipe", "test");
        in.requireShape("gru.weight_ih_l0", 12, 3);
        in.requireShape("dense.bias", 2);
        assertThat(in.names().contains("gru.bias_hh_l1")).isEqualTo(bias != Bias.NONE);
      }
    }
  }

  @Test
  void oneBiasIsWrittenAsTwoOfWhichOneIsZero() throws IOException {
    Path file = folder.resolve("single.safetensors");
    ModelFile.write(file, ops, model(1, Bias.SINGLE), Map.of());
    try (SafeTensors in = SafeTensors.open(file)) {
      assertThat(in.floats("gru.bias_hh_l0")).hasSize(12).containsOnly(0f);
      assertThat(in.floats("gru.bias_ih_l0")).doesNotContain(0f);
    }
    ModelFile.read(file, ops, model(2, Bias.PYTORCH));
    ModelFile.write(file, ops, model(1, Bias.PYTORCH), Map.of());
    assertThatThrownBy(() -> ModelFile.read(file, ops, model(2, Bias.SINGLE)))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining("gru.bias_hh_l0")
        .hasMessageContaining("Bias.PYTORCH");
  }

  @Test
  void damagedFilesChangeNothing() throws IOException {
    assertRefused(all -> all.remove("dense.bias"), "dense.bias");
    assertRefused(all -> all.put("dense.bias", new float[3]), "the shape is [3], not [2]");
    assertRefused(all -> all.put("dense.more", new float[3]), "dense.more");
    assertRefused(all -> all.get("dense.bias")[1] = Float.NaN, "dense.bias");
    assertRefused(all -> all.get("gru.bias_ih_l1")[0] = Float.NEGATIVE_INFINITY, "infinite");
    Path file = folder.resolve("cut.safetensors");
    ModelFile.write(file, ops, model(1, Bias.PYTORCH), Map.of());
    byte[] bytes = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(bytes, bytes.length - 1));
    assertUnchanged(file, "cut.safetensors");
    assertUnchanged(folder.resolve("missing.safetensors"), "missing.safetensors");
  }

  private void assertRefused(Consumer<Map<String, float[]>> damage, String message)
      throws IOException {
    Map<String, float[]> all = new LinkedHashMap<>();
    Map<String, int[]> shapes = new LinkedHashMap<>();
    for (Parameter p : model(1, Bias.PYTORCH).parameters()) {
      all.put(p.name(), ops.read(p.value()));
      shapes.put(p.name(), p.shape());
    }
    damage.accept(all);
    SafeTensorsWriter writer = new SafeTensorsWriter();
    all.forEach(
        (name, v) -> {
          int[] shape = shapes.get(name);
          boolean fits =
              shape != null && Arrays.stream(shape).reduce(1, (a, b) -> a * b) == v.length;
          writer.add(name, v, fits ? shape : new int[] {v.length});
        });
    Path file = folder.resolve("damaged.safetensors");
    writer.write(file);
    assertUnchanged(file, message);
  }

  private void assertUnchanged(Path file, String message) {
    Sequential<Tensor> model = model(2, Bias.PYTORCH);
    Sequential<Tensor> same = model(2, Bias.PYTORCH);
    assertThatThrownBy(() -> ModelFile.read(file, ops, model))
        .isInstanceOf(FileFormatException.class)
        .hasMessageContaining(message);
    for (int i = 0; i < model.parameters().size(); i++) {
      assertSameBits(model.parameters().get(i).value(), same.parameters().get(i).value());
    }
  }
}
