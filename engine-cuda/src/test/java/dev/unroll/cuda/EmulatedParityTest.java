// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.Backends;
import dev.unroll.Ops;
import dev.unroll.check.OpCase;
import dev.unroll.check.OpCases;
import dev.unroll.check.Parity;
import dev.unroll.check.golden.GoldenReport;
import dev.unroll.check.golden.GoldenRunner;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The bits of the reference, in whatever order blocks and warps run. */
class EmulatedParityTest {
  /** Bytes of the operands of a small case. */
  private static final long SMALL = 3000;

  private static final Path GOLDEN = Path.of("../engine-cpu/src/test/resources/golden");

  @AfterEach
  void nothingWasReported() {
    Emulated.requireNoReports();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void smallCasesInRandomOrder(long seed) throws IOException {
    List<OpCase> small = OpCases.all().stream().filter(c -> c.bytes() <= SMALL).toList();
    assertThat(small.stream().map(OpCase::op).distinct().count()).isGreaterThan(30);
    compare(seed, small);
  }

  @Tag("long")
  @ParameterizedTest
  @ValueSource(longs = {4, 5, 6})
  void allCasesInRandomOrder(long seed) throws IOException {
    compare(seed, OpCases.all());
  }

  private static void compare(long seed, List<OpCase> cases) throws IOException {
    try (Ops ops = Emulated.open("seed=" + seed);
        Ops reference = Backends.open("cpu-scalar")) {
      for (OpCase c : cases) {
        assertThat(Parity.compare(ops, reference, c).problems()).as(c.name()).isEmpty();
      }
    }
  }

  @Test
  void goldenCasesPass() throws IOException {
    golden("seed=7", "");
  }

  @Tag("long")
  @ParameterizedTest
  @ValueSource(longs = {8, 9})
  void goldenCasesPassInRandomOrder(long seed) throws IOException {
    golden("seed=" + seed, "");
  }

  private static void golden(String settings, String filter) throws IOException {
    try (Ops ops = Emulated.open(settings)) {
      GoldenReport report = GoldenRunner.run(ops, GOLDEN, filter, c -> {});
      assertThat(report.failures()).isEmpty();
      assertThat(report.skipped()).isEmpty();
      assertThat(report.passed()).isEqualTo(report.cases()).isGreaterThan(500);
    }
  }
}
