// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.Arena;
import dev.unroll.Backends;
import dev.unroll.Ops;
import dev.unroll.text.Sampler;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands on an OpenCL device; skipped aloud where there is none. */
class OpenClTest {
  private static final String PREFIX = "unroll.tuning.";

  @TempDir Path folder;

  @BeforeEach
  void needsDevice() {
    Needed.backend("opencl");
  }

  @AfterEach
  void clearProperties() {
    List<String> set = new ArrayList<>(System.getProperties().stringPropertyNames());
    set.removeIf(name -> !name.startsWith(PREFIX) && !name.equals("unroll.cache"));
    set.forEach(System::clearProperty);
  }

  private Cli.Result train(Path out, int steps, String backend) throws IOException {
    Path text = Cli.text(folder);
    return Cli.run(
        "train",
        "--batch",
        2,
        "--seq",
        8,
        "--quiet",
        "--backend",
        backend,
        "--data",
        text,
        "--out",
        out,
        "--steps",
        steps);
  }

  @Test
  void trainsAndGeneratesTheSameAsOnTheProcessor() throws IOException {
    Path here = folder.resolve("here");
    Path there = folder.resolve("there");
    Cli.Result expected = train(there, 12, "cpu-scalar");
    Cli.Result trained = train(here, 12, "opencl");
    assertThat(trained.digest()).as(trained.err()).isEqualTo(expected.digest());
    assertThat(trained.fromEnd(2)).contains("backend=opencl precision=exact steps=12");
    assertThat(Files.readString(here.resolve("placement.json"))).contains("opencl", "launches");
    String text = generated(here, "opencl");
    assertThat(text).isEqualTo(generated(there, "cpu")).hasSize(40);
  }

  private static String generated(Path folder, String backend) throws IOException {
    ModelFolder model = new ModelFolder(folder);
    StringBuilder text = new StringBuilder();
    try (Ops ops = Backends.open(backend);
        Arena arena = ops.arena("model")) {
      Trained trained = model.recipe().loader().load(arena, model);
      Sampler sampler = new Sampler(0.8, 0, 1, 1);
      trained.write("th", new Trained.Writing(38, sampler, 0, null), text::append);
    }
    return text.toString();
  }

  @Test
  void runsGoOnWhereAnotherBackendStopped() throws IOException {
    String whole = train(folder.resolve("whole"), 9, "cpu-scalar").digest();
    String[] turns = {"cpu", "opencl", "cpu-scalar", "opencl"};
    Path run = folder.resolve("0");
    Cli.Result result = train(run, 1, "opencl");
    for (int i = 0; i < turns.length; i++) {
      Path next = folder.resolve("" + (i + 1));
      result =
          Cli.run(
              "train",
              "--resume",
              run,
              "--out",
              next,
              "--quiet",
              "--steps",
              3 + 2 * i,
              "--backend",
              turns[i]);
      assertThat(result.exitCode()).as(result.err()).isZero();
      run = next;
    }
    assertThat(result.digest()).isEqualTo(whole);
  }

  @Test
  void parityIsEqualBits() {
    Cli.Result result = Cli.run("parity", "--backend", "opencl", "--filter", "lstm");
    assertThat(result.exitCode()).as(result.out()).isZero();
    assertThat(result.fromEnd(1)).matches("parity backend=opencl passed=[1-9]\\d+ failed=0 .*");
  }

  @Test
  void soakMeasuresTheDevice() {
    Cli.Result result = Cli.run("soak", "--backend", "opencl", "--steps", 40);
    assertThat(result.fromEnd(1)).isEqualTo("soak backend=opencl steps=40 verdict=flat");
  }

  @Test
  void tunesWhatNoPropertyFixesAndStoresIt() throws IOException {
    System.setProperty("unroll.cache", folder.resolve("cache").toString());
    fixAllBut("rows.groups");
    Cli.Result result = Cli.run("tune", "--backend", "opencl");
    assertThat(result.exitCode()).as(result.err()).isZero();
    assertThat(result.lines().get(0)).matches("setting +value +time");
    assertThat(result.lines().subList(1, result.lines().size() - 2))
        .hasSizeGreaterThan(1)
        .allMatch(line -> line.matches("rows\\.groups +\\d+ +\\d+\\.\\d{3}( taken)?"))
        .filteredOn(line -> line.endsWith(" taken"))
        .hasSize(1);
    Path stored = Path.of(result.fromEnd(2).substring("stored in ".length()));
    assertThat(stored).exists().startsWith(folder.resolve("cache"));
    assertThat(result.fromEnd(1)).matches("tune backend=opencl settings=\\{.*}");
  }

  @Test
  @Tag("long")
  void tuningChangesNoDigest() throws IOException {
    System.setProperty("unroll.cache", folder.resolve("cache").toString());
    String before = train(folder.resolve("a"), 6, "cpu-scalar").digest();
    Cli.Result tuned = Cli.run("tune", "--backend", "opencl");
    assertThat(tuned.exitCode()).as(tuned.out()).isZero();
    assertThat(train(folder.resolve("b"), 6, "opencl").digest()).isEqualTo(before);
  }

  /** Fixes every other setting at the default for processors. */
  private static void fixAllBut(String key) throws IOException {
    Properties defaults = new Properties();
    try (var in = Backends.class.getResourceAsStream("/device/tuning.properties")) {
      defaults.load(in);
    }
    for (Map.Entry<Object, Object> entry : defaults.entrySet()) {
      String name = entry.getKey().toString();
      if (!name.endsWith(".choices") && !name.contains(key) && !name.startsWith("cpu.")) {
        Object cpu = defaults.getOrDefault("cpu." + name, entry.getValue());
        System.setProperty(PREFIX + name, cpu.toString());
      }
    }
  }
}
