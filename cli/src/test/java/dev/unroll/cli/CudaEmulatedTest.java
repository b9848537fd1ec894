// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.unroll.cuda.EmulatedDriver;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Training on the emulated CUDA device, in processes of its own; skipped aloud without g++. */
class CudaEmulatedTest {
  private static final String BACKEND = "cuda-emulated";

  @TempDir Path folder;

  @BeforeEach
  void needsDriver() {
    try {
      EmulatedDriver.build();
    } catch (IOException e) {
      String required = System.getenv().getOrDefault("UNROLL_REQUIRE", "");
      if (Arrays.asList(required.split("\\s*,\\s*")).contains(BACKEND)) {
        fail(e.getMessage());
      }
      abort(e.getMessage());
    }
  }

  /** What a command prints in a process that may hold the emulated driver. */
  private String run(Object... arguments) throws IOException, InterruptedException {
    Path out = folder.resolve("out");
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                Main.class.getName()));
    Stream.of(arguments).map(Object::toString).forEach(command::add);
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(out.toFile()).start();
    boolean ended = process.waitFor(10, TimeUnit.MINUTES);
    process.destroyForcibly().waitFor();
    String printed = Files.readString(out);
    assertThat(ended && process.exitValue() == 0).as("%s: %s", command, printed).isTrue();
    assertThat(printed).as("reports of the driver").doesNotContain("emulated CUDA driver:");
    return printed;
  }

  private static String digest(String printed) {
    return printed.lines().reduce((first, second) -> second).orElse("");
  }

  @Test
  void trainsAsTheProcessorDoesAndRunsGoOnEitherWay() throws Exception {
    Path text = Cli.text(folder);
    Path there = folder.resolve("there");
    Path here = folder.resolve("here");
    Cli.Result expected = Cli.train(text, there, "--steps", 40);
    String trained =
        run(
            "train",
            "--batch",
            2,
            "--seq",
            8,
            "--quiet",
            "--backend",
            BACKEND,
            "--data",
            text,
            "--out",
            here,
            "--steps",
            40);
    assertThat(digest(trained)).isEqualTo(expected.digest());
    assertThat(Files.readString(here.resolve("placement.json")))
        .contains("emulated", "device time: not told");
    String onward =
        run(
            "train",
            "--resume",
            there,
            "--out",
            folder.resolve("onward"),
            "--quiet",
            "--steps",
            44,
            "--backend",
            BACKEND);
    Cli.Result back =
        Cli.run(
            "train",
            "--resume",
            here,
            "--out",
            folder.resolve("back"),
            "--quiet",
            "--steps",
            44,
            "--backend",
            "cpu-scalar");
    assertThat(back.exitCode()).as(back.err()).isZero();
    assertThat(digest(onward)).isEqualTo(back.digest());
  }

  @Tag("long")
  @Test
  void trainsAtFullSizeAsTheProcessorDoes() throws Exception {
    String[] digests = new String[2];
    String[] backends = {"cpu", BACKEND};
    for (int i = 0; i < 2; i++) {
      Path out = folder.resolve(backends[i]);
      digests[i] =
          digest(run("train", "--quiet", "--backend", backends[i], "--steps", 3, "--out", out));
    }
    assertThat(digests[1]).isEqualTo(digests[0]);
  }
}
