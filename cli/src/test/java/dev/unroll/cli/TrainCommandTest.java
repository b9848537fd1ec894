// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.io.Json;
import dev.unroll.train.KeptCheckpoints;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainCommandTest {
  @TempDir Path folder;

  @Test
  void lastTwoLinesAreTheContract() throws IOException {
    Cli.Result result = Cli.train(Cli.text(folder), folder.resolve("run"), "--steps", 4);
    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.lines()).as("--quiet prints nothing else").hasSize(2);
    assertThat(result.fromEnd(2))
        .matches(
            "result char-lm backend=cpu-scalar precision=exact steps=4 loss=\\d\\.\\d{4}"
                + " metric=heldout_nats_per_char:\\d\\.\\d{4}");
    assertThat(result.fromEnd(1)).matches("digest sha256:[0-9a-f]{64}");
  }

  @Test
  void writesEverythingOfTheRun() throws IOException {
    Path run = folder.resolve("run");
    assertThat(Cli.train(Cli.text(folder), run, "--steps", 4, "--eval", 2).exitCode()).isZero();
    assertThat(Cli.content(run).keySet())
        .contains("model.safetensors", "config.json", "vocabulary", "checkpoint.safetensors")
        .anyMatch(name -> name.startsWith("events.out.tfevents."));
    assertThat(ImageIO.read(run.resolve("loss.png").toFile()).getWidth()).isPositive();
    assertThat(Json.readObject(run.resolve("placement.json")))
        .containsEntry("backend", "cpu-scalar")
        .containsEntry("precision", "exact");
    List<Map<String, Object>> metrics = Metrics.read(run.resolve("metrics.jsonl"), 99);
    assertThat(metrics).filteredOn(line -> line.containsKey("loss")).hasSize(4);
    assertThat(metrics)
        .filteredOn(line -> line.containsKey("heldout_nats_per_char"))
        .extracting(line -> line.get("step"))
        .containsExactly(2L, 4L);
    assertThat(Cli.content(run))
        .anySatisfy(
            (name, content) -> {
              assertThat(name).startsWith("events.out.tfevents.");
              assertThat(content)
                  .contains("heldout_nats_per_char", "weights/lstm.weight_hh_l0", "learning_rate");
            });
  }

  @Test
  void evaluationKeepsTheBestAndTheLastWeights() throws IOException {
    Path text = Cli.text(folder);
    Path run = folder.resolve("run");
    // So high a rate that the last weights are not the best ones.
    Cli.Result result = Cli.train(text, run, "--steps", 120, "--eval", 20, "--lr", 0.5);
    Map<Object, Double> values = new TreeMap<>();
    for (Map<String, Object> line : Metrics.read(run.resolve("metrics.jsonl"), 999)) {
      if (line.get("heldout_nats_per_char") instanceof Double value) {
        values.put(line.get("step"), value);
      }
    }
    assertThat(values).hasSize(6);
    double best = Collections.min(values.values());
    KeptCheckpoints kept = new KeptCheckpoints(run, 1);
    assertThat(kept.bestValue()).isEqualTo(best);
    assertThat(values).containsEntry(kept.bestStep(), best);
    assertThat(kept.bestStep()).isLessThan(120);
    assertThat(kept.files().stream().map(f -> f.getFileName().toString()))
        .containsExactly(
            "step-000000080.safetensors",
            "step-000000100.safetensors",
            "step-000000120.safetensors");
    assertThat(run.resolve("model.safetensors"))
        .hasSameBinaryContentAs(run.resolve("step-000000120.safetensors"));
    Object last = written(run);
    assertThat(written(run.resolve("step-000000120.safetensors"))).isEqualTo(last);
    assertThat(written(kept.best())).isNotEqualTo(last);

    Path half = folder.resolve("half");
    Path whole = folder.resolve("whole");
    Cli.train(text, half, "--steps", 70, "--eval", 20, "--lr", 0.5);
    Cli.Result resumed =
        Cli.run(
            "train", "--resume", half, "--steps", 120, "--out", whole, "--backend", "cpu-scalar");
    assertThat(resumed.digest()).isEqualTo(result.digest());
    assertThat(whole.resolve("best.safetensors")).hasSameBinaryContentAs(kept.best());
    assertThat(resumed.out())
        .contains("best heldout_nats_per_char: ", " at step " + kept.bestStep() + ", in " + whole);
  }

  @Test
  void patienceStopsAndTakesTheBestWeights() throws IOException {
    Path text = Cli.text(folder);
    Path run = folder.resolve("run");
    Object[] options = {"--steps", 900, "--eval", 20, "--lr", 0.5, "--patience", 2};
    Cli.Result result = Cli.train(text, run, options);
    KeptCheckpoints kept = new KeptCheckpoints(run, 1);
    long stop = kept.bestStep() + 40;
    assertThat(stop).isLessThan(900);
    assertThat(result.fromEnd(2))
        .contains(" steps=" + stop + " ")
        .endsWith(Console.format(":%.4f", kept.bestValue()));
    assertThat(written(run)).isEqualTo(written(kept.best()));

    // Killed in between it stops at the same step; after the stop there is nothing to go on with.
    Path half = folder.resolve("half");
    options[1] = stop - 10;
    Cli.train(text, half, options);
    for (Path before : List.of(half, run)) {
      Path out = folder.resolve("after-" + before.getFileName());
      Object[] more = {"train", "--resume", before, "--steps", 900, "--quiet", "--out", out};
      assertThat(Cli.run(more).out()).as("%s", before).contains(result.digest());
    }
  }

  @Test
  void findLrTellsARateAndWritesNothing() throws IOException {
    Cli.Result result =
        Cli.run("train", "two-four-one", "--find-lr", "--backend", "cpu-scalar", "--steps", 100);
    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.fromEnd(1))
        .matches("find-lr two-four-one backend=cpu-scalar steps=\\d+ lr=\\d\\.\\d\\de[-+]\\d\\d");
    Path text = Cli.text(folder);
    Path out = folder.resolve("none");
    assertThat(Cli.train(text, out, "--find-lr", "--steps", 30).exitCode()).isZero();
    assertThat(out).doesNotExist();
  }

  @Test
  void diagramsShowEveryChainOfLayers() {
    for (Recipe recipe : Recipes.ALL) {
      String mermaid = Cli.run("train", recipe.name(), "--diagram", "mermaid").out();
      String dot = Cli.run("train", recipe.name(), "--diagram", "dot").out();
      assertThat(mermaid).as(recipe.name()).contains("flowchart LR", "Dense");
      assertThat(dot).as(recipe.name()).contains("digraph model {", "Dense");
    }
    assertThat(Cli.run("train", "long-memory", "--diagram", "mermaid").out())
        .contains("%% tanh\nflowchart LR", "%% gru\nflowchart LR");
    assertThat(Cli.run("train", "reverse", "--diagram", "dot").out())
        .contains("// encoder\ndigraph model", "// decoder\ndigraph model");
  }

  private static String written(Path model) {
    Cli.Result result = Cli.run("generate", "--model", model, "--length", 60, "--temperature", 0);
    assertThat(result.exitCode()).as(result.err()).isZero();
    return result.out();
  }

  @Test
  void digestIsTheSameOnEveryBackendAndAnyNumberOfThreads() throws IOException {
    Path text = Cli.text(folder);
    String scalar = Cli.train(text, folder.resolve("scalar"), "--steps", 4).digest();
    for (int threads = 1; threads <= 3; threads++) {
      Path out = folder.resolve("cpu" + threads);
      Cli.Result result =
          Cli.run(
              "train",
              "--data",
              text,
              "--batch",
              2,
              "--seq",
              8,
              "--steps",
              4,
              "--out",
              out,
              "--backend",
              "cpu",
              "--threads",
              threads,
              "--quiet");
      assertThat(result.digest()).as("%d threads: %s", threads, result.err()).isEqualTo(scalar);
    }
  }

  @Test
  void digestDependsOnTheSeedAndNotOnWhatIsShown() throws IOException {
    Path text = Cli.text(folder);
    String quiet = Cli.train(text, folder.resolve("a"), "--steps", 3).digest();
    String other = Cli.train(text, folder.resolve("b"), "--steps", 3, "--seed", 2).digest();
    Cli.Result shown =
        Cli.run(
            "train",
            "char-lm",
            "--data",
            text,
            "--batch",
            2,
            "--seq",
            8,
            "--steps",
            3,
            "--eval",
            1,
            "--out",
            folder.resolve("c"),
            "--backend",
            "cpu-scalar");
    assertThat(other).isNotEqualTo(quiet);
    assertThat(shown.digest()).isEqualTo(quiet);
    assertThat(shown.out()).contains("step 1/3  heldout_nats_per_char", "a sample:");
  }

  @Test
  void samplesDuringTrainingDoNotEnterTheDigest() throws IOException {
    Path text = Cli.text(folder);
    Cli.Result shown =
        Cli.run(
            "train",
            "--data",
            text,
            "--batch",
            1,
            "--seq",
            2,
            "--steps",
            201,
            "--backend",
            "cpu",
            "--out",
            folder.resolve("shown"));
    Cli.Result quiet =
        Cli.run(
            "train",
            "--data",
            text,
            "--batch",
            1,
            "--seq",
            2,
            "--steps",
            201,
            "--backend",
            "cpu",
            "--out",
            folder.resolve("quiet"),
            "--quiet");
    assertThat(shown.out()).contains("a sample at step 200:");
    assertThat(shown.digest()).isEqualTo(quiet.digest());
  }

  @Test
  void epochsCountPassesOverTheData() throws IOException {
    // 864 characters train: streams of 431, which hold 53 batches of 8 steps.
    Cli.Result result = Cli.train(Cli.text(folder), folder.resolve("run"), "--epochs", 1);
    assertThat(result.fromEnd(2)).contains(" steps=53 ");
  }

  @Test
  void learns() throws IOException {
    Path text = Cli.text(folder);
    Cli.Result result = Cli.train(text, folder.resolve("run"), "--steps", 250, "--lr", 0.02);
    double heldOut = Double.parseDouble(result.fromEnd(2).replaceAll(".*:", ""));
    assertThat(heldOut).isLessThan(1.0);
  }

  @Test
  void scheduleDoesNotKnowTheNumberOfSteps() throws IOException {
    Path text = Cli.text(folder);
    Path run = folder.resolve("short");
    Cli.train(text, run, "--steps", 2);
    Path longer = folder.resolve("long");
    Cli.train(text, longer, "--steps", 4);
    assertThat(rates(longer).subList(0, 2)).isEqualTo(rates(run));
    assertThat(Files.exists(run.resolve("model.safetensors"))).isTrue();
  }

  private static List<Object> rates(Path run) throws IOException {
    return Metrics.read(run.resolve("metrics.jsonl"), 99).stream()
        .filter(line -> line.containsKey("learning_rate"))
        .map(line -> line.get("learning_rate"))
        .toList();
  }
}
