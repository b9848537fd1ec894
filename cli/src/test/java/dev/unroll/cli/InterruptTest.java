// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.train.Checkpoint;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Ends real processes while they train. */
class InterruptTest {
  private static final int PATIENCE_SECONDS = 60;

  @TempDir Path folder;
  private Path text;
  private Path out;

  @BeforeEach
  void prepare() throws IOException {
    text = Cli.text(folder);
    out = folder.resolve("run");
  }

  /**
   * Starts a run that would take hours; SIGINT is as at a terminal, even below a background job.
   */
  private Process start() throws IOException {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    return new ProcessBuilder(
            "env",
            "--default-signal=INT",
            java,
            "-Dunroll.checkpoint.seconds=0",
            "-cp",
            System.getProperty("java.class.path"),
            Main.class.getName(),
            "train",
            "--data",
            text.toString(),
            "--batch",
            "2",
            "--seq",
            "8",
            "--steps",
            "1000000",
            "--backend",
            "cpu-scalar",
            "--out",
            out.toString())
        .redirectErrorStream(true)
        .redirectOutput(new File(folder.toFile(), "log"))
        .start();
  }

  /** Waits until some steps are done and saved. */
  private void awaitSteps(Process process, int steps) throws Exception {
    Path checkpoint = out.resolve("checkpoint.safetensors");
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (!Files.exists(checkpoint) || savedSteps(checkpoint) < steps) {
      assertThat(process.isAlive()).as("%s", Files.readString(folder.resolve("log"))).isTrue();
      assertThat(System.nanoTime()).as("too slow").isLessThan(end);
      Thread.sleep(20);
    }
  }

  private static int savedSteps(Path file) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(file)) {
      return checkpoint.progress().losses().length;
    }
  }

  private static int exitCode(Process process) throws InterruptedException {
    assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).as("it ended").isTrue();
    return process.exitValue();
  }

  /** Goes on for two steps, and compares with a run that was never stopped. */
  private void assertResumes() throws IOException {
    int done = savedSteps(out.resolve("checkpoint.safetensors"));
    Path resumed = folder.resolve("resumed");
    Cli.Result result =
        Cli.run("train", "--resume", out, "--steps", done + 2, "--out", resumed, "--quiet");
    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.digest())
        .isEqualTo(Cli.train(text, folder.resolve("whole"), "--steps", done + 2).digest());
  }

  @Test
  void interruptSavesAndExitsWith130() throws Exception {
    for (String signal : List.of("INT", "TERM")) {
      out = folder.resolve(signal);
      Process process = start();
      try {
        awaitSteps(process, 3);
        new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start().waitFor();
        assertThat(exitCode(process)).as(signal).isEqualTo(130);
      } finally {
        process.destroyForcibly();
      }
      assertThat(Files.readString(folder.resolve("log")))
          .contains("interrupted at step", "--resume " + out);
    }
    assertResumes();
  }

  @Test
  void killLeavesTheLastWholeCheckpoint() throws Exception {
    Process process = start();
    try {
      awaitSteps(process, 5);
    } finally {
      // SIGKILL; with a checkpoint after every step, it mostly falls into the writing of one.
      process.destroyForcibly();
    }
    exitCode(process);
    assertResumes();
  }
}
