// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.io.Json;
import dev.unroll.io.SafeTensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class RecipesTest {
  @TempDir Path folder;

  private static Stream<String> names() {
    return Recipes.ALL.stream().map(Recipe::name);
  }

  private Cli.Result train(String recipe, String backend, Path out, Object... more) {
    Object[] args = {
      "train", recipe, "--batch", 2, "--seq", 8, "--quiet", "--backend", backend, "--out", out
    };
    Cli.Result result = Cli.run(Stream.concat(Stream.of(args), Stream.of(more)).toArray());
    assertThat(result.exitCode()).as(result.err()).isZero();
    return result;
  }

  @ParameterizedTest
  @MethodSource("names")
  void oneDigestOnBothProcessorBackendsAndResumed(String recipe) throws IOException {
    // Of all of Moby-Dick the scalar backend would take a minute to evaluate the last tenth.
    String sentence = "the whale went down and the sea closed over it; ";
    Path text = Files.writeString(folder.resolve("text"), sentence.repeat(60));
    String data = recipe.endsWith("-lm") ? text.toString() : Corpus.BUILT_IN;
    String scalar =
        train(recipe, "cpu-scalar", folder.resolve("scalar"), "--steps", 6, "--data", data)
            .digest();
    Path half = folder.resolve("half");
    train(recipe, "cpu", half, "--steps", 3, "--data", data);
    Object[] args = {"train", "--resume", half, "--steps", 6, "--quiet", "--backend", "cpu"};
    Cli.Result resumed =
        Cli.run(Stream.concat(Stream.of(args), Stream.of("--out", folder.resolve("r"))).toArray());

    assertThat(resumed.exitCode()).as(resumed.err()).isZero();
    assertThat(resumed.digest()).isEqualTo(scalar).startsWith("digest sha256:");
    assertThat(resumed.fromEnd(2)).startsWith("result " + recipe + " backend=cpu ");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          char-lm         | The whale           | next
          word-lm         | the white           | next
          surnames        | Rossi               | label,probabilities
          sentiment       | It works very well. | label,positive
          forecast        | 410.1,411.2,412.9   | next
          gelu-regression | 0.5,-1              | y
          two-four-one    | 0.5,0.1             | probability
          long-memory     | 0.3:1,0.2:0,0.4:1   | tanh,relu,lstm,gru
          reverse         | abc                 | greedy,beam
          """)
  void predictsALineAsJson(String recipe, String line, String members) throws IOException {
    Path model = folder.resolve("model");
    train(recipe, "cpu", model, "--steps", 1);
    Path input = Files.writeString(folder.resolve("input"), line + "\n" + line + "\n");
    Cli.Result result = Cli.run("predict", "--model", model, "--input", input);

    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.lines()).hasSize(2);
    Map<?, ?> answer = (Map<?, ?>) Json.parse(result.lines().get(0), input);
    assertThat(answer.get("input")).isEqualTo(line);
    assertThat(answer.keySet().stream().map(Object::toString)).contains(members.split(","));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          word-lm   | 4769552 weights; about | % not in the vocabulary
          surnames  | gradients and the two moments | held out; Italian
          sentiment | MB for training with B=2, T=8 | % of the words not in the vocabulary
          """)
  void tellsBeforehandWhatIsTrained(String recipe, String network, String data) {
    Object[] args = {"train", recipe, "--batch", 2, "--seq", 8, "--steps", 1, "--backend", "cpu"};
    Cli.Result result =
        Cli.run(Stream.concat(Stream.of(args), Stream.of("--out", folder.resolve("o"))).toArray());
    assertThat(result.out()).contains(network, data);
  }

  @Test
  void aLineThatIsWrongIsNamed() throws IOException {
    Path model = folder.resolve("model");
    train("two-four-one", "cpu", model, "--steps", 1);
    Path input = Files.writeString(folder.resolve("input.csv"), "1,2\n1,x\n");
    Cli.Result result = Cli.run("predict", "--model", model, "--input", input);

    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.err()).contains("input.csv, line 2", "value 2", "'x'");
    Cli.Result text = Cli.run("generate", "--model", model);
    assertThat(text.exitCode()).isEqualTo(2);
    assertThat(text.err()).contains("does not generate text");
  }

  @ParameterizedTest
  @CsvSource({"char-lm,lstm", "word-lm,lstm", "surnames,rnn", "forecast,lstm", "long-memory,lstm"})
  void looksIntoBackPropagation(String recipe, String network) {
    Path run = folder.resolve("run");
    Cli.Result result = train(recipe, "cpu", run, "--steps", 2, "--xray");
    assertThat(result.out()).contains("x-ray of " + network + ": ");
    assertThat(run.resolve("xray-" + network + ".png")).isNotEmptyFile();
    String plain = train(recipe, "cpu", folder.resolve("plain"), "--steps", 2).digest();
    assertThat(result.digest()).isEqualTo(plain);
    Path refused = folder.resolve("other");
    Cli.Result other =
        Cli.run("train", "reverse", "--steps", 1, "--batch", 2, "--xray", "--out", refused);
    assertThat(other.exitCode()).isEqualTo(2);
    assertThat(other.err()).contains("--xray works with");
    assertThat(refused).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(strings = {"char-lm", "sentiment", "reverse"})
  void recomputingSavesMemoryAndChangesNoBit(String recipe) {
    String plain = train(recipe, "cpu", folder.resolve("plain"), "--steps", 3).digest();
    Cli.Result saving = train(recipe, "cpu", folder.resolve("k"), "--steps", 3, "--recompute", 3);
    assertThat(saving.digest()).isEqualTo(plain);
  }

  @Test
  void theEncoderDecoderAnswersAPrompt() {
    Path model = folder.resolve("model");
    train("reverse", "cpu", model, "--steps", 2);

    Cli.Result beam = Cli.run("generate", "--model", model, "--prompt", "abc", "--beam", 3);
    assertThat(beam.exitCode()).as(beam.err()).isZero();
    assertThat(Cli.run("generate", "--model", model).err()).contains("there is no word");
    assertThat(Cli.run("generate", "--model", model, "--prompt", "A").err()).contains("--prompt");
  }

  @Test
  void wordsAreWrittenWithSpaces() {
    Path model = folder.resolve("model");
    train("word-lm", "cpu", model, "--steps", 1);
    Cli.Result sampled =
        Cli.run("generate", "--model", model, "--prompt", "the whale", "--length", 5);
    assertThat(sampled.out()).startsWith("the whale").hasSizeGreaterThan("the whale".length() + 5);
    Cli.Result searched =
        Cli.run("generate", "--model", model, "--prompt", "the whale", "--length", 4, "--beam", 2);
    assertThat(searched.exitCode()).as(searched.err()).isZero();
  }

  @Test
  void twoFourOneExplainsEveryNumber() {
    Cli.Result result =
        train("two-four-one", "cpu-scalar", folder.resolve("run"), "--steps", 1, "--explain");
    assertThat(result.out())
        .contains("x = [0.5000000, 0.1000000], y = 1.0000000", "z1 = W1 x + b1 = [")
        .contains("dL/dfc1.weight = [", "fc2.bias <- fc2.bias - 0.5 dL/dfc2.bias");
    Cli.Result other = Cli.run("train", "surnames", "--explain", "--out", folder.resolve("other"));
    assertThat(other.exitCode()).isEqualTo(2);
    assertThat(other.err()).contains("two-four-one only");
  }

  @Test
  void theWordModelHasTheWeightsOfTheKerasForm() throws IOException {
    Path model = folder.resolve("model");
    train("word-lm", "cpu", model, "--steps", 1);
    try (SafeTensors file = SafeTensors.open(model.resolve("model.safetensors"))) {
      long weights = 0;
      for (String name : file.names()) {
        weights += name.contains("bias_hh") ? 0 : file.entry(name).elements();
      }
      assertThat(weights).isEqualTo(4_769_552);
    }
  }

  @Test
  void aShippedFileCanBeNamed() {
    Cli.Result weather =
        train(
            "forecast",
            "cpu",
            folder.resolve("weather"),
            "--steps",
            2,
            "--data",
            "built-in/seattle-weather.csv");
    assertThat(weather.fromEnd(2)).contains("metric=rmse:");
    Cli.Result none = Cli.run("train", "forecast", "--data", "built-in/none.csv");
    assertThat(none.exitCode()).isEqualTo(2);
    assertThat(none.err()).contains("none.csv");
  }

  @Test
  void wrongDataIsRefused() throws IOException {
    Path file = Files.writeString(folder.resolve("names.csv"), "name,country\nRossi,Italy\n");
    Cli.Result result = Cli.run("train", "surnames", "--data", file, "--out", folder.resolve("x"));
    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.err()).contains("names.csv", "line 1", "no column 'language'");
  }
}
