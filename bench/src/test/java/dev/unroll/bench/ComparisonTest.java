// SPDX-License-Identifier: Apache-2.0

package dev.unroll.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unroll.bench.Benchmark.Group;
import dev.unroll.bench.Benchmark.Work;
import dev.unroll.bench.Comparison.Verdict;
import dev.unroll.io.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ComparisonTest {
  @TempDir Path folder;

  private static Measured measured(String name, double p10, double median, double p90) {
    return measured(name, new Samples(9, median, p10, p90), 0.01);
  }

  private static Measured measured(String name, Samples samples, double foreign) {
    String problem = samples == null ? "emulated: not timed" : "";
    return new Measured(
        name, Group.ROWS, "cpu", new Work(0, 8), problem, samples, 1, 0, Double.NaN, foreign);
  }

  private Path file(String name, Measured... results) throws IOException {
    Path file = folder.resolve(name);
    BenchReport report = new BenchReport(Map.of(), null, List.of(results), List.of(), List.of());
    Json.write(file, report.toJson());
    return file;
  }

  @Test
  void verdictsKnowTheNoise() throws IOException {
    Samples noisy = new Samples(9, 200, 190, 210);
    Path old =
        file(
            "old.json",
            measured("same", 90, 100, 110),
            measured("wide", 50, 100, 150),
            measured("little", 99, 100, 101),
            measured("slower", 90, 100, 110),
            measured("faster", 90, 100, 110),
            measured("noisy", 90, 100, 110),
            measured("only old", 1, 2, 3));
    Path now =
        file(
            "new.json",
            measured("same", 95, 104, 112),
            measured("wide", 140, 160, 170),
            measured("little", 103, 104, 105),
            measured("slower", 111, 120, 130),
            measured("faster", 60, 70, 80),
            measured("noisy", noisy, 0.3),
            measured("emulated", null, 0));
    Comparison comparison = new Comparison(old, now);
    assertThat(comparison.lines())
        .extracting(Comparison.Line::verdict)
        .containsExactly(
            Verdict.SAME,
            Verdict.SAME,
            Verdict.SAME,
            Verdict.SLOWER,
            Verdict.FASTER,
            Verdict.UNCLEAR,
            Verdict.ALONE,
            Verdict.ALONE);
    assertThat(comparison.slower()).isTrue();
    assertThat(comparison.text().get(3)).startsWith("slower [cpu]").endsWith("1.20 slower");
    assertThat(new Comparison(old, old).slower()).isFalse();
  }

  @Test
  void otherFilesAreRefused() throws IOException {
    Path report = file("report.json", measured("a", 1, 2, 3));
    Path other =
        Files.writeString(folder.resolve("other.json"), "{\"format\": 2, \"results\": []}");
    assertThatThrownBy(() -> new Comparison(report, other))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("other.json")
        .hasMessageContaining("unroll bench --json");
    Path nothing = file("nothing.json", measured("b", 1, 2, 3));
    assertThatThrownBy(() -> new Comparison(report, nothing))
        .hasMessageContaining("no case with a time in common");
    assertThatThrownBy(() -> new Comparison(report, folder.resolve("none.json")))
        .isInstanceOf(IOException.class);
  }
}
