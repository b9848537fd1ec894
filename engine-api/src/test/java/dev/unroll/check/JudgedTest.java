// SPDX-License-Identifier: Apache-2.0

package dev.unroll.check;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class JudgedTest {
  private static Differences differences(Judged expected, float... actual) {
    Differences found = new Differences();
    found.judge(0, expected, 0, actual, 1);
    return found;
  }

  private static Mat row(double... values) {
    return Mat.of(1, values.length, (r, c) -> values[c]);
  }

  @Test
  void nanFailsUnlessExpected() {
    assertThat(differences(Judged.relative(row(1), 1e-3, 0), Float.NaN).none()).isFalse();
    assertThat(differences(Judged.relative(row(Double.NaN), 1e-3, 0), 1f).none()).isFalse();
    assertThat(differences(Judged.relative(row(Double.NaN), 1e-3, 0), Float.NaN).none()).isTrue();
  }

  @Test
  void infinityIsNotCloseToAnything() {
    float infinite = Float.POSITIVE_INFINITY;
    assertThat(differences(Judged.relative(row(1), 0.1, 0.1), infinite).none()).isFalse();
    assertThat(differences(Judged.relative(row(infinite), 0.1, 0), -infinite).none()).isFalse();
    assertThat(differences(Judged.relative(row(infinite), 1e-3, 0), 1e38f).none()).isFalse();
    assertThat(differences(Judged.relative(row(1e300), 1e-3, 0), 1f).none()).isFalse();
    assertThat(differences(Judged.relative(row(1e300), 1e-3, 0), infinite).none()).isTrue();
  }

  @Test
  void exactMeansRoundedOnce() {
    assertThat(differences(Judged.exact(row(0.1)), 0.1f).none()).isTrue();
    assertThat(differences(Judged.exact(row(0.1)), Math.nextUp(0.1f)).none()).isFalse();
    assertThat(differences(Judged.ulps(row(0.1), 1), Math.nextUp(0.1f)).none()).isTrue();
    assertThat(differences(Judged.ulps(row(0.1), 1), 0.1f + 3e-8f).none()).isFalse();
  }

  @Test
  void bitsDifferBySignOfZeroButNotByNaN() {
    Differences found = new Differences();
    found.bits(0, new float[] {0f, Float.NaN}, new float[] {0f, Float.intBitsToFloat(0x7fc00001)});
    assertThat(found.none()).isTrue();
    found.bits(0, new float[] {0f}, new float[] {-0f});
    assertThat(found.count()).isEqualTo(1);
    assertThat(found.first()).singleElement().asString().contains("expected 0.0, got -0.0");
  }

  @Test
  void showsFivePositionsAndCountsAll() {
    Differences found = new Differences();
    found.bits(0, new float[9], new float[] {1, 1, 1, 1, 1, 1, 1, 1, 0});
    assertThat(found.count()).isEqualTo(8);
    assertThat(found.first()).hasSize(5);
  }
}
