// SPDX-License-Identifier: Apache-2.0

package dev.unroll;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PhiloxTest {
  private static final long SEED = 0x0123456789abcdefL;

  /** The published vectors: philox4x32, 10 rounds. */
  @ParameterizedTest
  @CsvSource({
    "00000000, 00000000, 0000000000000000, 0000000000000000,"
        + " 6627e8d5, e169c58d, bc57ac4c, 9b00dbd8",
    "ffffffff, ffffffff, ffffffffffffffff, ffffffffffffffff,"
        + " 408f276d, 41c83b0e, a20bc7c6, 6d5451fd",
    "243f6a88, 85a308d3, 0370734413198a2e, 299f31d0a4093822,"
        + " d16cfe09, 94fdcceb, 5001e420, 24126ea1",
  })
  void knownAnswers(
      String c0, String c1, String c23, String key, String w0, String w1, String w2, String w3) {
    int[] words = new int[6];
    Arrays.fill(words, 7);
    Philox.block(
        Long.parseUnsignedLong(key, 16),
        hex(c1),
        Long.parseUnsignedLong(c23, 16),
        hex(c0),
        words,
        1);
    assertThat(words).containsExactly(7, hex(w0), hex(w1), hex(w2), hex(w3), 7);
  }

  @Test
  void indexSelectsBlockAndWord() {
    // Index 4 * 243f6a88 is negative as an int: indices are unsigned.
    int index = 0x243f6a88 << 2;
    int[] expected = {hex("d16cfe09"), hex("94fdcceb"), hex("5001e420"), hex("24126ea1")};
    for (int word = 0; word < 4; word++) {
      assertThat(
              Philox.bits(0x299f31d0a4093822L, hex("85a308d3"), 0x0370734413198a2eL, index + word))
          .isEqualTo(expected[word]);
    }
  }

  @Test
  void bulkEqualsSingleForEveryAlignmentAndLength() {
    for (int first = 0; first < 6; first++) {
      for (int count = 0; count < 14; count++) {
        int[] out = new int[count + 4];
        Arrays.fill(out, -1234567);
        Philox.bits(SEED, -9, 1L << 40, first, out, 2, count);
        for (int i = 0; i < out.length; i++) {
          boolean inside = i >= 2 && i < count + 2;
          int expected = inside ? Philox.bits(SEED, -9, 1L << 40, first + i - 2) : -1234567;
          assertThat(out[i]).as("first %d count %d i %d", first, count, i).isEqualTo(expected);
        }
      }
    }
  }

  @Test
  void bulkRefusesARangeOutsideTheArray() {
    assertThatThrownBy(() -> Philox.bits(1, 0, 0, 0, new int[4], 1, 4))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void everyArgumentMatters() {
    int[] words = {
      Philox.bits(SEED, 1, 2, 3),
      Philox.bits(SEED + 1, 1, 2, 3),
      Philox.bits(SEED + (1L << 32), 1, 2, 3),
      Philox.bits(SEED, 2, 2, 3),
      Philox.bits(SEED, 1, 3, 3),
      Philox.bits(SEED, 1, 2 + (1L << 32), 3),
      Philox.bits(SEED, 1, 2, 4),
      Philox.bits(SEED, 1, 2, 7),
    };
    assertThat(words).doesNotHaveDuplicates();
  }

  @Test
  void uniformStaysBelowOne() {
    assertThat(Philox.uniform(0xFF)).isZero();
    assertThat(Philox.uniform(0x100)).isEqualTo(0x1p-24f);
    assertThat(Philox.uniform(-1)).isEqualTo(1 - 0x1p-24f);
    assertThat(Philox.uniform(SEED, 5, 6, 7)).isEqualTo(Philox.uniform(Philox.bits(SEED, 5, 6, 7)));
  }

  @Test
  void uniformHasTheMomentsOfItsDistribution() {
    float[] sample = new float[100_000];
    Philox.fillUniform(SEED, Philox.INIT, 0, -1, 3, sample);
    assertThat(mean(sample)).isBetween(0.98, 1.02);
    // The variance is (3 - -1)^2 / 12 = 1.333.
    assertThat(variance(sample)).isBetween(1.31, 1.36);
    for (float x : sample) {
      assertThat(x >= -1 && x < 3).isTrue();
    }
  }

  @Test
  void normalHasTheMomentsOfItsDistribution() {
    float[] sample = new float[100_001];
    Philox.fillNormal(SEED, Philox.INIT, 0, 2, 0.5, sample);
    assertThat(mean(sample)).isBetween(1.99, 2.01);
    assertThat(variance(sample)).isBetween(0.245, 0.255);
    int beyondTwoDeviations = 0;
    for (float x : sample) {
      beyondTwoDeviations += Math.abs(x - 2) > 1 ? 1 : 0;
    }
    assertThat(beyondTwoDeviations / 100_001.0).isBetween(0.043, 0.048);
  }

  @Test
  void normalPairsShareRadiusAndAngle() {
    for (int index = 0; index < 200; index += 2) {
      double u = 1.0 - Philox.uniform(SEED, 4, 9, index);
      double angle = 2 * Math.PI * Philox.uniform(SEED, 4, 9, index + 1);
      double x = Philox.normal(SEED, 4, 9, index);
      double y = Philox.normal(SEED, 4, 9, index + 1);
      assertThat(Math.hypot(x, y)).isCloseTo(Math.sqrt(-2 * Math.log(u)), within(1e-12));
      assertThat(Math.cos(angle) * y - Math.sin(angle) * x).isCloseTo(0, within(1e-12));
      assertThat(Math.cos(angle) * x + Math.sin(angle) * y).isNotNegative();
    }
  }

  @Test
  void fillsRoundOnce() {
    float[] out = new float[33];
    Philox.fillUniform(SEED, 3, 4, 0.1, 0.7, out);
    for (int i = 0; i < out.length; i++) {
      assertThat(out[i])
          .isEqualTo((float) (0.1 + (0.7 - 0.1) * (double) Philox.uniform(SEED, 3, 4, i)));
    }
    Philox.fillNormal(SEED, 3, 4, 0.1, 0.7, out);
    for (int i = 0; i < out.length; i++) {
      assertThat(out[i]).isEqualTo((float) (0.1 + 0.7 * Philox.normal(SEED, 3, 4, i)));
    }
  }

  @Test
  void streamsOfKindsAndInstancesDiffer() {
    assertThat(Philox.stream(Philox.DROPOUT, 0)).isEqualTo(Philox.DROPOUT);
    assertThat(Philox.stream(Philox.DROPOUT, 3)).isEqualTo(1 + 3 * 256);
    assertThat(Philox.stream(255, Philox.MAX_INSTANCES - 1)).isEqualTo(-1);
    assertThatThrownBy(() -> Philox.stream(256, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("256");
    assertThatThrownBy(() -> Philox.stream(-1, 0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Philox.stream(0, -1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Philox.stream(0, 1 << 24))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("16777216");
  }

  private static int hex(String word) {
    return Integer.parseUnsignedInt(word, 16);
  }

  private static double mean(float[] sample) {
    double sum = 0;
    for (float x : sample) {
      sum += x;
    }
    return sum / sample.length;
  }

  private static double variance(float[] sample) {
    double mean = mean(sample);
    double sum = 0;
    for (float x : sample) {
      sum += (x - mean) * (x - mean);
    }
    return sum / sample.length;
  }
}
