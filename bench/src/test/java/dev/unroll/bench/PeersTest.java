// SPDX-License-Identifier: Apache-2.0

package dev.unroll.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PeersTest {
  @TempDir Path folder;

  /** Counts runs; its numbers are those of the case's name. */
  private static final class Counting implements Engine {
    int open;
    int runs;

    @Override
    public String name() {
      return "counting";
    }

    @Override
    public Run open(String name) {
      if (!name.matches("[0-9. ]+")) {
        return null;
      }
      open++;
      return new Run() {
        @Override
        public void once() {
          runs++;
        }

        @Override
        public float[] check() {
          return new float[] {Float.parseFloat(name), 2};
        }

        @Override
        public void close() {
          open--;
        }
      };
    }
  }

  private static List<String> answers(Engine engine, String... commands) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    byte[] in = String.join("\n", commands).getBytes(StandardCharsets.UTF_8);
    EngineServer.serve(
        engine, new ByteArrayInputStream(in), new PrintStream(out, true, StandardCharsets.UTF_8));
    return out.toString(StandardCharsets.UTF_8).lines().toList();
  }

  @Test
  void theServerRunsWhatItIsTold() throws IOException {
    Counting engine = new Counting();
    List<String> answers =
        answers(engine, "name", "open 0.5", "open x y", "open 1.25", "run 3 4", "warm 0");
    assertThat(answers.subList(0, 4))
        .containsExactly("@bench counting", "@bench 0.5 2.0", "@bench unknown", "@bench 1.25 2.0");
    assertThat(answers.get(4)).matches("@bench \\d+ \\d+ \\d+");
    assertThat(answers.get(5)).matches("@bench \\d+");
    assertThat(engine.runs).isGreaterThanOrEqualTo(1 + 3 * 4 + 2);
    assertThat(engine.open).isZero();
    assertThatThrownBy(() -> answers(engine, "none"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("none");
  }

  @Test
  void differencesBeyondRoundingAreFound() {
    Map<String, double[]> checks = new LinkedHashMap<>();
    checks.put("a", new double[] {2, 1e-5});
    checks.put("b", new double[] {2.001, 5e-6});
    assertThat(Peers.difference(checks)).isEmpty();
    for (double[] wrong : new double[][] {{2.01, 0}, {2}, {Double.NaN, 0}, {2, 0.1}}) {
      checks.put("c", wrong);
      assertThat(Peers.difference(checks)).startsWith("c[");
    }
  }

  /** Without peers there is this engine alone, in processes of its own. */
  @Test
  void ownProcessesAreCompared() throws IOException {
    List<String> lines = new ArrayList<>();
    Peers peers = new Peers(folder, true, lines::add);
    List<Benchmark> cases = List.of(Cases.named("forward i RNN 128 V=1000 T=20 SGD B=1"));
    List<Map<String, Object>> results = peers.run(List.of("cpu"), cases);
    assertThat(peers.agreed()).isTrue();
    assertThat(lines)
        .anyMatch(l -> l.startsWith("cpu/1: cpu ("))
        .last()
        .asString()
        .contains("cpu/1");
    assertThat((Map<?, ?>) results.get(0).get("median_ns")).hasSizeGreaterThan(0);
  }
}
