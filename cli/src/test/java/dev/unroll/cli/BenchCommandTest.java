// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.io.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchCommandTest {
  @TempDir Path folder;

  @Test
  void aCaseOnTwoBackends() throws IOException {
    Path json = folder.resolve("bench.json");
    Cli.Result result =
        Cli.run(
            "bench",
            "--quick",
            "--backend",
            "cpu,cpu-scalar",
            "--case",
            "matmul 32x128x512",
            "--json",
            json);
    assertThat(result.exitCode()).isZero();
    assertThat(result.lines()).filteredOn(l -> l.startsWith("matmul 32x128x512")).hasSize(2);
    Map<String, Object> tree = Json.readObject(json);
    assertThat((List<?>) tree.get("results")).hasSize(2);
    assertThat(tree.get("results").toString()).contains("median_ns").doesNotContain("WRONG");
  }

  @Test
  void peersNeedTheLauncher() {
    Cli.Result result = Cli.run("bench", "--peers", "--quick");
    assertThat(result.exitCode()).isEqualTo(ExitCode.WRONG_USAGE);
    assertThat(result.err()).contains("--peers: start it with ./unroll");
  }

  @Test
  void noSuchCaseOrBackend() {
    Cli.Result noCase = Cli.run("bench", "--case", "no such case");
    assertThat(noCase.exitCode()).isEqualTo(ExitCode.WRONG_USAGE);
    assertThat(noCase.err()).contains("--case no such case");
    Cli.Result noBackend = Cli.run("bench", "--backend", "cpu,none", "--case", "matmul 1x");
    assertThat(noBackend.exitCode()).isEqualTo(ExitCode.WRONG_USAGE);
    assertThat(noBackend.err()).contains("unknown backend 'none'");
  }
}
