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
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The bits of the reference, in whatever order blocks and warps run. */
class EmulatedParityTest {
  /** Bytes of the operands of a small case. */
  private static final long SMALL = 3000;

  private static final Pattern COVERED =
      Pattern.compile("(\\w+): (\\d+) of (\\d+) instructions never executed.*");

  private static final Path GOLDEN = Path.of("../engine-cpu/src/test/resources/golden");

  @AfterEach
  void nothingWasReported() {
    Emulated.requireNoReports();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void smallCasesInRandomOrder(long seed) throws IOException {
    List<OpCase> small = small();
    assertThat(small.stream().map(OpCase::op).distinct().count()).isGreaterThan(30);
    compare("seed=" + seed, small);
  }

  /** As training runs do it: without checks, blocks side by side. */
  @Test
  void smallCasesWithoutChecks() throws IOException {
    compare("checks=off,threads=2", small());
  }

  private static List<OpCase> small() {
    return OpCases.all().stream().filter(c -> c.bytes() <= SMALL).toList();
  }

  @Tag("long")
  @ParameterizedTest
  @ValueSource(longs = {4, 5, 6})
  void allCasesInRandomOrder(long seed) throws IOException {
    compare("seed=" + seed, OpCases.all());
  }

  /** Those too that are only chosen by tuning. */
  @Tag("long")
  @Test
  void everyKernelRunsUnderTheChecks() throws IOException {
    Set<String> ran = kernelsRunBy(OpCases.all());
    for (String choice : new String[] {"matmul=naive", "scatter=columns"}) {
      String[] words = choice.split("=");
      System.setProperty("unroll.tuning." + words[0], words[1]);
      try {
        ran.addAll(
            kernelsRunBy(OpCases.all().stream().filter(c -> c.op().startsWith(words[0])).toList()));
      } finally {
        System.clearProperty("unroll.tuning." + words[0]);
      }
    }
    assertThat(ran).containsExactlyInAnyOrderElementsOf(Ptx.kernels(Ptx.shipped()));
  }

  /** Of the coverage of instructions: kernels of which some were executed. */
  private static Set<String> kernelsRunBy(List<OpCase> cases) throws IOException {
    assertThat(cases).isNotEmpty();
    compare("coverage=on", cases);
    return EmulatedDriver.coverage()
        .lines()
        .map(COVERED::matcher)
        .filter(m -> m.matches() && !m.group(2).equals(m.group(3)))
        .map(m -> m.group(1))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static void compare(String settings, List<OpCase> cases) throws IOException {
    try (Ops ops = Emulated.open(settings);
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
      for (GoldenReport.Family family : report.families()) {
        assertThat(family.meanRatio()).as(family.name()).isLessThanOrEqualTo(1.25);
        assertThat(family.highRatio()).as(family.name()).isLessThanOrEqualTo(3);
      }
    }
  }
}
