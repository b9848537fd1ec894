// SPDX-License-Identifier: Apache-2.0

package dev.unroll.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.unroll.bench.TrainingCase.Cell;
import java.io.IOException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ScalingTest {
  private static Scaling.Point point(int length) {
    TrainingCase test =
        new TrainingCase("small", Cell.LSTM, 10, 3, 5, 2, 10, false, 4, length, true);
    return Scaling.point("cpu", "T", length, test, 0);
  }

  @Test
  void memoryIsThatOfOneNetworkAndGrowsWithIt() {
    Scaling.Point once = point(8);
    assertThat(point(8).bytes()).isEqualTo(once.bytes());
    // Gates, states and gradients of 8 and 80 steps differ by more than nine times the gates.
    assertThat(point(80).bytes()).isGreaterThan(once.bytes() + 72L * 4 * 4 * 20 * 2);
    assertThat(once.nanos()).isPositive();
  }

  static Stream<TrainingCase> networks() {
    return Stream.concat(
        Cases.NETWORKS.stream(), Cases.NETWORKS.stream().skip(1).map(n -> n.withBatch(3)));
  }

  @ParameterizedTest
  @MethodSource("networks")
  void memoryOfATrainingStepIsPredicted(TrainingCase test) {
    for (int recompute : new int[] {0, 7, test.length()}) {
      Scaling.Point point = Scaling.point("cpu", "K", recompute, test, recompute);
      assertThat(point.predicted())
          .as("predicted with recompute %s; taken: %s", recompute, point.bytes())
          .isCloseTo(point.bytes(), withinPercentage(5));
    }
  }

  @Test
  @Tag("long")
  void aFreshProcessWarmsUp() throws IOException {
    WarmUp found = WarmUp.measure("cpu", "train i RNN 128 V=1000 T=20 SGD B=1");
    assertThat(found.firstNanos()).isGreaterThan(found.steadyNanos());
    assertThat(found.ratio()).isPositive();
  }
}
