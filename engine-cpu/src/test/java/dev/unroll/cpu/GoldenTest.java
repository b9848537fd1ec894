// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.Backends;
import dev.unroll.Ops;
import dev.unroll.check.golden.GoldenReport;
import dev.unroll.check.golden.GoldenRunner;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Results of PyTorch and of ONNX' published tests, in src/test/resources/golden. */
class GoldenTest {
  @TempDir Path temp;

  private static Path golden() throws URISyntaxException {
    return Path.of(
        Objects.requireNonNull(GoldenTest.class.getResource("/golden"), "golden cases").toURI());
  }

  @ParameterizedTest
  @ValueSource(strings = {"cpu-scalar", "cpu"})
  void everyCasePasses(String backend) throws IOException, URISyntaxException {
    try (Ops ops = Backends.open(backend)) {
      GoldenReport report = GoldenRunner.run(ops, golden(), c -> {});
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

  @Test
  void brokenFilesAreFailedCases() throws IOException, URISyntaxException {
    Path good = golden().resolve("softmax/pt-rank3-2x3x5.safetensors");
    byte[] bytes = Files.readAllBytes(good);
    Files.write(temp.resolve("cut.safetensors"), Arrays.copyOf(bytes, bytes.length - 5));
    Files.writeString(temp.resolve("text.safetensors"), "not a tensor");
    byte[] wrong = bytes.clone();
    for (int i = bytes.length - 8; i < bytes.length; i++) {
      wrong[i] ^= 0x40;
    }
    Files.write(temp.resolve("wrong.safetensors"), wrong);
    Files.write(temp.resolve("good.safetensors"), bytes);
    try (Ops ops = Backends.open("cpu-scalar")) {
      GoldenReport report = GoldenRunner.run(ops, temp, c -> {});
      assertThat(report.cases()).isEqualTo(4);
      assertThat(report.passed()).isEqualTo(1);
      assertThat(report.failures())
          .extracting(GoldenReport.Case::name)
          .containsExactly("cut", "text", "wrong");
      assertThat(report.failures()).allSatisfy(c -> assertThat(c.detail()).isNotBlank());
      assertThat(ops.memory().liveBuffers()).isZero();
    }
  }
}
