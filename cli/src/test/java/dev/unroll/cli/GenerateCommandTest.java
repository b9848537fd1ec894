// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GenerateCommandTest {
  @TempDir static Path trained;
  @TempDir Path folder;
  private Path model;

  @BeforeAll
  static void train() throws IOException {
    Cli.Result result =
        Cli.train(Cli.text(trained), trained.resolve("run"), "--steps", 200, "--lr", 0.02);
    assertThat(result.exitCode()).as(result.err()).isZero();
  }

  @BeforeEach
  void copy() throws IOException {
    model = Files.createDirectory(folder.resolve("model"));
    for (String name : new String[] {"config.json", "vocabulary", "model.safetensors"}) {
      Files.copy(trained.resolve("run").resolve(name), model.resolve(name));
    }
  }

  private Cli.Result generate(Object... more) {
    return Cli.run(
        Stream.concat(Stream.of("generate", "--model", model), Stream.of(more)).toArray());
  }

  private void assertRefused(String... parts) {
    Cli.Result result = generate();
    assertThat(result.exitCode()).as(result.err()).isEqualTo(2);
    assertThat(result.err()).startsWith("error: ").contains(parts).hasLineCount(1);
    assertThat(result.out()).isEmpty();
  }

  @Test
  void goesOnFromThePrompt() {
    Cli.Result result = generate("--prompt", "the wh", "--length", 40, "--temperature", 0);
    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.out()).hasSize(6 + 40 + 1).startsWith("the wh").contains("whale went");
  }

  @Test
  void aPromptOfManyChunksIsReadAsOne() {
    String prompt = "the whale went down and the sea closed over it; ".repeat(12) + "the wh";
    Cli.Result result = generate("--prompt", prompt, "--length", 20, "--temperature", 0);
    assertThat(result.out()).startsWith(prompt + "ale went");
  }

  @Test
  void seedDecides() {
    String first = generate("--length", 60, "--seed", 5, "--temperature", 2).out();
    assertThat(generate("--length", 60, "--seed", 5, "--temperature", 2).out()).isEqualTo(first);
    assertThat(generate("--length", 60, "--seed", 6, "--temperature", 2).out()).isNotEqualTo(first);
    assertThat(generate("--length", 60, "--seed", 6, "--top-k", 1).out())
        .isEqualTo(generate("--length", 60, "--seed", 7, "--temperature", 0).out());
    assertThat(generate("--length", 0, "--prompt", "sea").out()).isEqualTo("sea\n");
  }

  @Test
  void refusesACharacterOutsideTheVocabulary() {
    Cli.Result result = generate("--prompt", "the sea \u00e9");
    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.err()).contains("--prompt", "'\u00e9' (U+00E9)", "position 8");
    assertThat(result.out()).isEmpty();
  }

  @Test
  void refusesNumbersOutOfRange() {
    assertThat(generate("--length", -1).err()).contains("--length");
    assertThat(generate("--temperature", -1).err()).contains("temperature");
    assertThat(generate("--temperature", "NaN").exitCode()).isEqualTo(2);
    assertThat(generate("--top-p", 0).err()).contains("top-p");
    assertThat(generate("--top-k", -2).err()).contains("top-k");
  }

  @Test
  void refusesAnIncompleteFolder() throws IOException {
    Files.delete(model.resolve("model.safetensors"));
    assertRefused("there is no model.safetensors");
    Files.writeString(model.resolve("checkpoint.safetensors"), "");
    assertRefused("has not finished", "--resume");
    Files.copy(
        trained.resolve("run").resolve("model.safetensors"), model.resolve("model.safetensors"));
    Files.delete(model.resolve("vocabulary"));
    assertRefused("there is no vocabulary");
  }

  @Test
  void refusesAnotherRecipeFormatOrSize() throws IOException {
    Path config = model.resolve("config.json");
    String text = Files.readString(config);
    Files.writeString(config, text.replaceFirst("char-lm", "unheard-of"));
    assertRefused("the recipe unheard-of is not known");
    Files.writeString(config, text.replaceFirst("\"format\" : 1", "\"format\" : 2"));
    assertRefused("the format is 2");
    Files.writeString(config, text.replaceFirst("\"hidden\" : \\d+", "\"hidden\" : 500000000"));
    assertRefused("model.safetensors", "dense.weight", "the shape is");
    Files.writeString(config, text.replaceFirst("\"hidden\" : \\d+", "\"hidden\" : -1"));
    assertRefused("-1 is no size");
    Files.writeString(config, "{");
    assertRefused("is not valid JSON");
  }

  @Test
  void refusesDamagedWeights() throws IOException {
    Path weights = model.resolve("model.safetensors");
    byte[] whole = Files.readAllBytes(weights);
    Files.write(weights, Arrays.copyOf(whole, whole.length / 2));
    assertRefused("model.safetensors");
    byte[] spoilt = whole.clone();
    // The last element of the file becomes NaN.
    Arrays.fill(spoilt, spoilt.length - 4, spoilt.length, (byte) 0xff);
    Files.write(weights, spoilt);
    assertRefused("model.safetensors", "NaN");
    Files.write(weights, Arrays.copyOf(whole, whole.length + 4));
    assertRefused("model.safetensors");
    byte[] huge = whole.clone();
    Arrays.fill(huge, 0, 7, (byte) 0xff);
    Files.write(weights, huge);
    assertRefused("model.safetensors");
    Files.write(weights, "text".getBytes(StandardCharsets.UTF_8));
    assertRefused("model.safetensors");
  }
}
