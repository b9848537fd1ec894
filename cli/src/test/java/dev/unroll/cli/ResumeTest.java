// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ResumeTest {
  @TempDir Path folder;
  private Path text;
  private Path first;

  @BeforeEach
  void trainFourSteps() throws IOException {
    text = Cli.text(folder);
    first = folder.resolve("first");
    assertThat(Cli.train(text, first, "--steps", 4).exitCode()).isZero();
  }

  private Cli.Result resume(Path out, Object... more) {
    return Cli.run(
        java.util.stream.Stream.concat(
                java.util.stream.Stream.of("train", "--resume", first, "--out", out),
                java.util.stream.Stream.of(more))
            .toArray());
  }

  @Test
  void givesTheSameBitsAsARunThatNeverStopped() throws IOException {
    Map<String, String> before = Cli.content(first);
    String whole = Cli.train(text, folder.resolve("whole"), "--steps", 8).digest();
    Path second = folder.resolve("second");
    Cli.Result result = resume(second, "--steps", 8, "--backend", "cpu", "--threads", 2, "--quiet");
    assertThat(result.digest()).as(result.err()).isEqualTo(whole);
    assertThat(Cli.content(first)).as("the resumed folder").isEqualTo(before);
    List<Map<String, Object>> metrics = Metrics.read(second.resolve("metrics.jsonl"), 99);
    assertThat(metrics)
        .filteredOn(line -> line.containsKey("loss"))
        .extracting(line -> line.get("step"))
        .containsExactlyElementsOf(
            LongStream.rangeClosed(1, 8).boxed().map(Object.class::cast).toList());
  }

  @Test
  void acrossTheEndOfAnEpochTheSame() throws IOException {
    // 53 batches an epoch: the carried state is reset before step 54.
    String whole = Cli.train(text, folder.resolve("whole"), "--steps", 55).digest();
    assertThat(resume(folder.resolve("a"), "--steps", 53, "--quiet").exitCode()).isZero();
    first = folder.resolve("a");
    assertThat(resume(folder.resolve("b"), "--steps", 55, "--quiet").digest()).isEqualTo(whole);
  }

  @Test
  void withoutStepsItGoesToTheNumberAskedForBefore() {
    Cli.Result result = resume(folder.resolve("second"), "--quiet");
    assertThat(result.fromEnd(2)).contains(" steps=4 ");
  }

  @ParameterizedTest
  @CsvSource({
    "--lr, 0.5, --lr is 0.5",
    "--clip, 0, --clip is 0.0",
    "--batch, 3, --batch is 3",
    "--seq, 9, --seq is 9",
    "--seed, 2, --seed is 2",
    "--eval, 1, --eval is 1",
    "--precision, fast, --precision is fast",
  })
  void refusesOtherSettings(String option, String value, String message) {
    Path out = folder.resolve("second");
    Cli.Result result = resume(out, "--steps", 8, option, value);
    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.err()).contains(message, "the run was started with");
    assertThat(out).doesNotExist();
  }

  @Test
  void takesTheSameTextFromAnotherPlaceAndRefusesAnotherText() throws IOException {
    Path moved = Files.copy(text, folder.resolve("moved.txt"));
    Cli.Result same = resume(folder.resolve("a"), "--steps", 5, "--data", moved, "--quiet");
    assertThat(same.exitCode()).as(same.err()).isZero();
    Files.writeString(moved, "x", java.nio.file.StandardOpenOption.APPEND);
    Cli.Result other = resume(folder.resolve("b"), "--steps", 5, "--data", moved);
    assertThat(other.exitCode()).isEqualTo(2);
    assertThat(other.err()).contains("--data", "moved.txt");
    Files.copy(moved, text, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    Cli.Result changed = resume(folder.resolve("c"), "--steps", 5);
    assertThat(changed.exitCode()).as("the text was changed in place").isEqualTo(2);
  }

  @Test
  void refusesFewerStepsThanAreDone() {
    Cli.Result result = resume(folder.resolve("second"), "--steps", 3);
    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.err()).contains("is at step 4");
  }

  @Test
  void refusesToWriteIntoTheFolderOfARun() throws IOException {
    Map<String, String> before = Cli.content(first);
    Cli.Result result = resume(first, "--steps", 8);
    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.err()).contains("holds another run");
    assertThat(Cli.content(first)).isEqualTo(before);
  }

  @Test
  void refusesAFolderWithoutACheckpointAndADamagedOne() throws IOException {
    Path out = folder.resolve("second");
    Path checkpoint = first.resolve("checkpoint.safetensors");
    byte[] whole = Files.readAllBytes(checkpoint);
    Files.write(checkpoint, java.util.Arrays.copyOf(whole, whole.length - 7));
    Cli.Result damaged = resume(out);
    assertThat(damaged.exitCode()).isEqualTo(2);
    assertThat(damaged.err()).contains("checkpoint.safetensors").hasLineCount(1);
    Files.copy(
        first.resolve("model.safetensors"),
        checkpoint,
        java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    assertThat(resume(out).err()).contains("is not a checkpoint");
    Files.delete(checkpoint);
    Cli.Result missing = resume(out);
    assertThat(missing.exitCode()).isEqualTo(2);
    assertThat(missing.err()).contains("there is no checkpoint.safetensors");
    assertThat(out).doesNotExist();
  }

  @Test
  void dropsAMetricsLineThatWasNotFinished() throws IOException {
    Path metrics = first.resolve("metrics.jsonl");
    String text = Files.readString(metrics);
    int lastLine = text.lastIndexOf("{\"step\":4,\"loss\"");
    Files.writeString(metrics, text.substring(0, lastLine + 20));
    Path second = folder.resolve("second");
    assertThat(resume(second, "--steps", 5, "--quiet").exitCode()).isZero();
    assertThat(Metrics.read(second.resolve("metrics.jsonl"), 99))
        .filteredOn(line -> line.containsKey("loss"))
        .extracting(line -> line.get("step"))
        .containsExactly(1L, 2L, 3L, 5L);
  }
}
