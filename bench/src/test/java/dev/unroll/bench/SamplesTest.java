// SPDX-License-Identifier: Apache-2.0

package dev.unroll.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class SamplesTest {
  @Test
  void percentilesLieBetweenSamples() {
    Samples s = Samples.of(30, 10, 20, 50, 40, 60);
    assertThat(s.count()).isEqualTo(6);
    assertThat(s.median()).isEqualTo(35);
    assertThat(s.p10()).isEqualTo(15);
    assertThat(s.p90()).isEqualTo(55);
    assertThat(s.spread()).isEqualTo(40 / 70.0);
    assertThat(Samples.of(7)).isEqualTo(new Samples(1, 7, 7, 7));
    assertThatThrownBy(Samples::of).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void theRooflineIsTheSlowerOfArithmeticAndMemory() {
    TreeMap<Long, Double> bandwidths = new TreeMap<>();
    bandwidths.put(1000L, 8e9);
    bandwidths.put(1_000_000L, 2e9);
    Roofline roof = new Roofline(1, 100e9, bandwidths);
    assertThat(roof.nanos(new Benchmark.Work(1000, 8))).isCloseTo(10, within(1e-9));
    assertThat(roof.nanos(new Benchmark.Work(1000, 800))).isCloseTo(100, within(1e-9));
    assertThat(roof.nanos(new Benchmark.Work(0, 2000))).isCloseTo(1000, within(1e-9));
    assertThat(roof.nanos(new Benchmark.Work(0, 4_000_000))).isCloseTo(2e6, within(1e-3));
  }
}
