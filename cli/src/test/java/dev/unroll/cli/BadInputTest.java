// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BadInputTest {
  @TempDir Path folder;

  private static void assertRefused(Cli.Result result, int exitCode, String... parts) {
    assertThat(result.exitCode()).as(result.err()).isEqualTo(exitCode);
    assertThat(result.err()).startsWith("error: ").contains(parts).doesNotContain("\tat ");
    assertThat(result.err().lines().count()).isBetween(1L, 3L);
    assertThat(result.out()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "trian | unknown command 'trian'; did you mean 'train'?",
        "train --stpes 3 | Unknown option: '--stpes'; did you mean '--steps'?",
        "train char-ml | unknown recipe 'char-ml'; did you mean 'char-lm'?",
        "train --backend cpus | unknown backend 'cpus'; did you mean 'cpu'?",
        "train --backend cpu:7 | cpu:7",
        "train --backend cpu:nothing-like-it | device number",
        "train --steps many | 'many' is not a long",
        "train --steps 0 | --steps must be at least 1: 0",
        "train --steps 4000000000 | at most",
        "train --epochs -1 | --epochs must be at least 1: -1",
        "train --steps 1 --epochs 1 | not both",
        "train --threads 0 | --threads must be at least 1: 0",
        "train --batch 0 | --batch must be at least 1: 0",
        "train --seq -3 | --seq must be at least 1: -3",
        "train --batch 65536 --seq 65536 | too large",
        "train --lr NaN | --lr must be above 0: NaN",
        "train --lr -1 | --lr must be above 0: -1.0",
        "train --clip NaN | --clip must be 0 (none) or more: NaN",
        "train --eval -1 | --eval must be 0",
        "train --eval 9 --patience 0 | --patience must be at least 1: 0",
        "train --patience 3 | --patience counts evaluations: say with --eval N how often",
        "train --find-lr --resume nowhere | leave out --resume",
        "train two-four-one --find-lr --steps 9 | --steps from 10 to 100000: 9",
        "train --diagram png | 'png'",
        "train --precision half | 'half'",
        "train char-lm more | unexpected argument 'more'",
        "train --resume nowhere | there is no checkpoint.safetensors",
        "generate | --model",
        "generate --model nowhere | there is no such folder",
        "doctor --backend gpu | unknown backend 'gpu'",
        "parity --filter nothing-like-it | no case has",
        "parity --report result.txt | must end in .md or .json",
        "soak --steps 3 | --steps must be at least",
        "'' | unknown command",
      })
  void wrongUsage(String words, String message) {
    String[] args = words.isEmpty() ? new String[] {""} : words.split(" ");
    Cli.Result result = Cli.run((Object[]) args);
    int exitCode = words.contains("cpu:7") ? 3 : 2;
    assertRefused(result, exitCode, message);
  }

  @Test
  void noCommand() {
    assertRefused(Cli.run(), 2, "no command given");
  }

  @Test
  void dataFileMissingEmptyNotUtf8TooShort() throws IOException {
    Path out = folder.resolve("run");
    Path data = folder.resolve("data.txt");
    assertRefused(Cli.train(data, out), 2, "data.txt", "no such file");
    assertRefused(Cli.train(folder, out), 2, folder.toString(), "is a folder");
    Files.write(data, new byte[0]);
    assertRefused(Cli.train(data, out), 2, "data.txt", "is empty");
    Files.write(data, new byte[] {'a', '\n', 'b', (byte) 0xff, 'c'});
    assertRefused(Cli.train(data, out), 2, "data.txt", "is not UTF-8", "byte 3, line 2");
    // 18 characters leave 16 for training, but two streams of eight need 17.
    Files.writeString(data, "abcdefghijklmnopqr");
    assertRefused(Cli.train(data, out), 2, "data.txt", "16 tokens", "at least 17");
    Files.writeString(data, "abc");
    assertRefused(
        Cli.run("train", "--data", data, "--out", out, "--batch", 1, "--seq", 1),
        2,
        "data.txt",
        "held-out",
        "more text");
    assertThat(out).doesNotExist();
  }

  @Test
  void outputFolderThatCannotBeMade() throws IOException {
    Path text = Cli.text(folder);
    Path file = Files.writeString(folder.resolve("file"), "mine");
    assertRefused(Cli.train(text, file), 2, file.toString());
    assertRefused(Cli.train(text, file.resolve("run")), 2, file.resolve("run").toString(), "--out");
    assertRefused(Cli.train(text, Path.of("/proc/unroll")), 2, "/proc/unroll", "--out");
    assertThat(file).hasContent("mine");
  }

  @Test
  void outputFolderWithAnotherRun() throws IOException {
    Path text = Cli.text(folder);
    Path out = folder.resolve("run");
    Cli.train(text, out, "--steps", 2);
    Map<String, String> before = Cli.content(out);
    assertRefused(Cli.train(text, out, "--steps", 3), 2, out.toString(), "another run");
    assertThat(Cli.content(out)).isEqualTo(before);
  }

  @Test
  void fullDisk() throws Exception {
    Path text = Cli.text(folder);
    Path disk = Files.createDirectory(folder.resolve("disk"));
    // One checkpoint, about 1.3 MB, fits; a second one, before it replaces the first, does not.
    assumeTrue(
        command("mount", "-t", "tmpfs", "-o", "size=2000k", "tmpfs", disk.toString()),
        "SKIPPED: only root can mount a small disk");
    try {
      Path out = disk.resolve("run");
      Cli.Result result = Cli.train(text, out, "--steps", 4);
      assertRefused(result, 2, out.toString(), "No space left");
      Path resumed = folder.resolve("resumed");
      Cli.Result again = Cli.run("train", "--resume", out, "--out", resumed, "--quiet");
      assertThat(again.exitCode()).as("the checkpoint is whole: %s", again.err()).isZero();
    } finally {
      command("umount", disk.toString());
    }
  }

  private static boolean command(String... words) throws Exception {
    try {
      Process process =
          new ProcessBuilder(words)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      return process.waitFor(20, TimeUnit.SECONDS) && process.exitValue() == 0;
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  void learningRateSoHighThatTheLossIsNaN() throws IOException {
    Path text = Cli.text(folder);
    Path out = folder.resolve("run");
    Cli.Result result = Cli.train(text, out, "--steps", 50, "--lr", 1e38, "--clip", 0);
    assertRefused(result, 1, "diverged", "step", "learning rate", out.toString());
    assertThat(result.err()).containsPattern("step \\d+: .*(embedding|lstm|dense)\\.");
    assertThat(out.resolve("checkpoint.safetensors")).exists();
    assertThat(out.resolve("model.safetensors")).doesNotExist();
  }

  @Test
  void verboseAddsTheStackTrace() {
    Cli.Result result = Cli.run("train", "no-such-recipe", "--verbose");
    assertThat(result.exitCode()).isEqualTo(2);
    assertThat(result.err()).contains("\tat ");
  }

  @Test
  void helpOfEveryCommand() {
    for (String command : List.of("train", "generate", "parity", "soak", "doctor", "recipes")) {
      Cli.Result result = Cli.run(command, "--help");
      assertThat(result.exitCode()).isZero();
      assertThat(result.out()).contains("Usage: unroll " + command).contains("--verbose");
    }
    assertThat(Cli.run("--version").out()).startsWith("unroll ");
  }
}
