// SPDX-License-Identifier: Apache-2.0

package dev.unroll.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.Placement;
import dev.unroll.Precision;
import dev.unroll.bench.Benchmark.Group;
import dev.unroll.bench.Benchmark.Work;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HtmlPageTest {
  private static final int FIRST_SERIES = 0xff0072b2;

  @TempDir Path folder;

  private static Placement placement(String device) {
    return new Placement(device, device, "1", Precision.EXACT, 0, 0, 0, List.of());
  }

  private static BenchReport report() {
    Map<String, Placement> backends = new LinkedHashMap<>();
    backends.put("cpu", placement("processor <&>"));
    backends.put("cuda-emulated", placement("emulated"));
    List<Measured> results = new ArrayList<>();
    for (Group group : Group.values()) {
      Work work = new Work(group == Group.ROWS ? 0 : 1000, 500);
      Samples samples = new Samples(5, 2e6, 1e6, 3e6);
      results.add(new Measured(group + " a", group, "cpu", work, "", samples, 3, 0, 0.5, 0.4));
      results.add(
          new Measured(
              group + " a",
              group,
              "cuda-emulated",
              work,
              "emulated: not timed",
              null,
              0,
              0,
              Double.NaN,
              0.4));
    }
    List<Scaling.Point> points = new ArrayList<>();
    for (String size : Scaling.SIZES) {
      for (int value = 8; value <= 64; value *= 2) {
        points.add(
            new Scaling.Point("cpu", size, value, 1e5 * value, 40_000L * value, 39_000L * value));
      }
    }
    TreeMap<Long, Double> bandwidths = new TreeMap<>(Map.of(1L << 20, 50e9));
    return new BenchReport(
        backends,
        new Roofline(2, 300e9, bandwidths),
        results,
        List.of(new WarmUp("training a", "cpu", 5e8, 3e8, 3e6)),
        points);
  }

  @Test
  void rendersWithoutErrorsOrRequests() throws IOException, InterruptedException {
    Chromium.require();
    Path page = Files.writeString(folder.resolve("report.html"), report().toHtml());
    Chromium.Visit visit = Chromium.visit(folder, page);
    assertThat(visit.console()).isEmpty();
    assertThat(visit.requests()).isEmpty();
    // Five groups and ten scaling curves; the rows of a warm-up and of ten results.
    assertThat(visit.dom().split("<svg", -1)).hasSize(1 + 5 + 10);
    assertThat(visit.dom().split("<tr>", -1)).hasSize(1 + 2 + 1 + 10);
    assertThat(visit.dom())
        .contains("processor &lt;&amp;&gt;", "NOT QUIET", "emulated: not timed", "at most 2.5 %");
    assertThat(visit.dom()).doesNotContain("NaN");
    assertThat(visit.colours()).contains(FIRST_SERIES);
  }

  /** What the test above would see if the page were bad. */
  @Test
  void badPagesAreNoticed() throws IOException, InterruptedException {
    Chromium.require();
    String bad =
        "<body><script>console.error('seen')</script><img src=\"http://outside.example/x.png\">";
    Path page = Files.writeString(folder.resolve("bad.html"), bad);
    Chromium.Visit visit = Chromium.visit(folder, page);
    assertThat(visit.console()).anyMatch(line -> line.contains("seen"));
    assertThat(visit.requests()).anyMatch(line -> line.contains("outside.example"));
    assertThat(visit.colours()).doesNotContain(FIRST_SERIES);
  }

  @Test
  void wrongAndUnknownAreShown() {
    Measured wrong =
        new Measured("a", Group.TRAINING, "cpu", new Work(1, 1), "WRONG: digest", null, 0, 0, 0, 0);
    BenchReport empty =
        new BenchReport(
            Map.of("cpu", placement("cpu")), null, List.of(wrong), List.of(), List.of());
    assertThat(empty.toHtml())
        .contains("WRONG: digest", "roofline: unknown")
        .doesNotContain("<svg", "http:", "https:");
  }
}
