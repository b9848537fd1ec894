// SPDX-License-Identifier: Apache-2.0

package dev.unroll.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.bench.TrainingCase.Cell;
import java.io.IOException;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class ScalingTest {
  private static Scaling.Point point(int length) {
    TrainingCase test =
        new TrainingCase("small", Cell.LSTM, 10, 3, 5, 2, 10, false, 4, length, true);
    return Scaling.point("cpu", "T", length, test);
  }

  @Test
  void memoryIsThatOfOneNetworkAndGrowsWithIt() {
    Scaling.Point once = point(8);
    assertThat(point(8).bytes()).isEqualTo(once.bytes());
    // Gates, states and gradients of 8 and 80 steps differ by more than nine times the gates.
    assertThat(point(80).bytes()).isGreaterThan(once.bytes() + 72L * 4 * 4 * 20 * 2);
    assertThat(once.nanos()).isPositive();
  }

  @Test
  @Tag("long")
  void aFreshProcessWarmsUp() throws IOException {
    WarmUp found = WarmUp.measure("cpu", "train i RNN 128 V=1000 T=20 SGD B=1");
    assertThat(found.firstNanos()).isGreaterThan(found.steadyNanos());
    assertThat(found.ratio()).isPositive();
  }
}
