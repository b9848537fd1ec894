// SPDX-License-Identifier: Apache-2.0

package dev.unroll.opencl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.Backends;
import dev.unroll.Ops;
import dev.unroll.check.golden.GoldenReport;
import dev.unroll.check.golden.GoldenRunner;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Results of PyTorch and of ONNX' published tests. */
class OpenClGoldenTest {
  private static final Path GOLDEN = Path.of("../engine-cpu/src/test/resources/golden");

  @Test
  void everyCasePasses() throws IOException {
    Machine.requireDevice();
    try (Ops ops = Backends.open("opencl")) {
      GoldenReport report = GoldenRunner.run(ops, GOLDEN, c -> {});
      assertThat(report.failures()).isEmpty();
      assertThat(report.skipped()).isEmpty();
      assertThat(report.passed()).isEqualTo(report.cases()).isGreaterThan(500);
      assertThat(ops.memory().liveBuffers()).isZero();
      for (GoldenReport.Family family : report.families()) {
        assertThat(family.meanRatio()).as(family.name()).isLessThanOrEqualTo(1.25);
        assertThat(family.highRatio()).as(family.name()).isLessThanOrEqualTo(3);
      }
    }
  }
}
