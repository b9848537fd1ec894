// SPDX-License-Identifier: Apache-2.0

package dev.unroll.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.unroll.Philox;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SamplerTest {
  private static final float INFINITY = Float.POSITIVE_INFINITY;
  private static final int DRAWS = 40_000;
  private static final long SEED = 12345;

  // Probabilities 0.1, 0.4, 0.2, 0.3 in the order of the ids.
  private static final float[] LOGITS = {log(0.1), log(0.4), log(0.2), log(0.3)};

  @Test
  void temperatureZeroTakesTheLargest() {
    Sampler greedy = new Sampler(0, 0, 1, SEED);
    assertThat(greedy.next(LOGITS, 0)).isEqualTo(1);
    assertThat(greedy.next(new float[] {-3, -INFINITY, -2, -2}, 5)).as("lowest id").isEqualTo(2);
    assertThat(greedy.next(new float[] {-0f, 0f}, 0)).isZero();
    assertThat(greedy.next(new float[] {7}, 0)).isZero();
  }

  @Test
  void temperatureOneDrawsTheModelsDistribution() {
    assertShares(new Sampler(1, 0, 1, SEED), 0.1, 0.4, 0.2, 0.3);
  }

  @Test
  void temperatureSharpensAndFlattens() {
    // Weights p^2: 0.01, 0.16, 0.04, 0.09; their sum is 0.3.
    assertShares(new Sampler(0.5, 0, 1, SEED), 1 / 30.0, 16 / 30.0, 4 / 30.0, 9 / 30.0);
    assertShares(new Sampler(1e12, 0, 1, SEED), 0.25, 0.25, 0.25, 0.25);
    assertShares(new Sampler(Double.MIN_VALUE, 0, 1, SEED), 0, 1, 0, 0);
  }

  @Test
  void topKKeepsTheLargest() {
    assertShares(new Sampler(1, 1, 1, SEED), 0, 1, 0, 0);
    assertShares(new Sampler(1, 2, 1, SEED), 0, 4 / 7.0, 0, 3 / 7.0);
    assertShares(new Sampler(1, 3, 1, SEED), 0, 4 / 9.0, 2 / 9.0, 3 / 9.0);
    assertShares(new Sampler(1, 99, 1, SEED), 0.1, 0.4, 0.2, 0.3);
  }

  @Test
  void topPKeepsTheShortestBeginning() {
    assertShares(new Sampler(1, 0, 1e-9, SEED), 0, 1, 0, 0);
    assertShares(new Sampler(1, 0, 0.39, SEED), 0, 1, 0, 0);
    assertShares(new Sampler(1, 0, 0.41, SEED), 0, 4 / 7.0, 0, 3 / 7.0);
    assertShares(new Sampler(1, 0, 0.71, SEED), 0, 4 / 9.0, 2 / 9.0, 3 / 9.0);
    assertShares(new Sampler(1, 0, 0.95, SEED), 0.1, 0.4, 0.2, 0.3);
  }

  @Test
  void topPIsReachedByExactlyThatShare() {
    Sampler half = new Sampler(1, 0, 0.5, SEED);
    for (int position = 0; position < 200; position++) {
      assertThat(half.next(new float[2], position)).isZero();
    }
  }

  @Test
  void topPCountsWhatTopKLeft() {
    // Of 4/7 and 3/7 the first alone has the half; of all four it has not.
    assertShares(new Sampler(1, 2, 0.5, SEED), 0, 1, 0, 0);
    assertShares(new Sampler(1, 0, 0.5, SEED), 0, 4 / 7.0, 0, 3 / 7.0);
  }

  @Test
  void tiesAreCutByTheLowestId() {
    float[] equal = {-1, 2, 2, -0f, 2};
    Sampler sampler = new Sampler(1, 2, 1, SEED);
    int[] counts = new int[5];
    for (int i = 0; i < 1000; i++) {
      counts[sampler.next(equal, i)]++;
    }
    assertThat(counts[1] + counts[2]).isEqualTo(1000);
    assertThat(counts[1]).isBetween(400, 600);
    // +0 and -0 are equal too: the first id is the one that top-k 1 keeps.
    assertThat(new Sampler(1, 1, 1, SEED).next(new float[] {-1, -0f, 0f}, 3)).isEqualTo(1);
  }

  @Test
  void excludedTokensAreNeverDrawn() {
    float[] logits = {-INFINITY, 0, -INFINITY, -1e30f, 0};
    Sampler sampler = new Sampler(1, 0, 1, SEED);
    for (int i = 0; i < 2000; i++) {
      assertThat(sampler.next(logits, i)).isIn(1, 4);
    }
  }

  @Test
  void negativeAndPositiveLogitsAreRankedAlike() {
    float[] logits = {-5, 3, -2, 0, 8, -1e-40f, 1e-40f};
    // Ranks by descending logit: 4, 1, 6, 3, 5, 2, 0.
    int[] ranks = {4, 1, 6, 3, 5, 2, 0};
    for (int k = 1; k <= ranks.length; k++) {
      boolean[] drawn = new boolean[logits.length];
      Sampler sampler = new Sampler(1e9, k, 1, SEED);
      for (int i = 0; i < 500; i++) {
        drawn[sampler.next(logits, i)] = true;
      }
      for (int rank = 0; rank < ranks.length; rank++) {
        assertThat(drawn[ranks[rank]]).as("k %d rank %d", k, rank).isEqualTo(rank < k);
      }
    }
  }

  @Test
  void theDrawIsTheInverseOfTheCumulativeDistribution() {
    float[] equal = new float[16];
    Sampler sampler = new Sampler(0.7, 0, 1, SEED);
    for (int position = 0; position < 500; position++) {
      float u = Philox.uniform(SEED, Philox.SAMPLING, position, 0);
      assertThat(sampler.next(equal, position)).isEqualTo((int) (u * 16));
    }
    // A number that falls exactly on the bound of two tokens takes the upper one.
    int onTheBound = 195_691;
    assertThat(Philox.uniform(SEED, Philox.SAMPLING, onTheBound, 0) * 16).isEqualTo(7);
    assertThat(sampler.next(equal, onTheBound)).isEqualTo(7);
  }

  @Test
  void choicesDependOnSeedAndPositionOnly() {
    int[] all = draws(new Sampler(1, 0, 0.9, 7), 200);
    Sampler fresh = new Sampler(1, 0, 0.9, 7);
    for (int i = 199; i >= 0; i--) {
      // Another size in between must leave nothing behind.
      fresh.next(new float[] {1, 2, 3, 4, 5, 6, 7}, i);
      assertThat(fresh.next(LOGITS, i)).isEqualTo(all[i]);
    }
    assertThat(draws(new Sampler(1, 0, 0.9, 8), 200)).isNotEqualTo(all);
  }

  @ParameterizedTest
  @ValueSource(doubles = {-1, -1e-300, Double.NaN, Double.POSITIVE_INFINITY})
  void temperatureIsChecked(double temperature) {
    assertThatThrownBy(() -> new Sampler(temperature, 0, 1, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("temperature is " + temperature);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, -0.1, 1.0000001, Double.NaN, Double.POSITIVE_INFINITY})
  void topPIsChecked(double topP) {
    assertThatThrownBy(() -> new Sampler(1, 0, topP, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("top-p is " + topP);
  }

  @Test
  void topKIsChecked() {
    assertThatThrownBy(() -> new Sampler(1, -1, 1, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("top-k is -1");
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 1})
  void logitsAreChecked(double temperature) {
    Sampler sampler = new Sampler(temperature, 0, 1, 0);
    assertThatThrownBy(() -> sampler.next(new float[] {1, 2, Float.NaN}, 0))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("logit 2 is NaN");
    assertThatThrownBy(() -> sampler.next(new float[] {Float.NaN, 2}, 0))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("logit 0 is NaN");
    assertThatThrownBy(() -> sampler.next(new float[] {1, INFINITY}, 0))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("logit 1 is Infinity");
    assertThatThrownBy(() -> sampler.next(new float[] {-INFINITY, -INFINITY}, 0))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("-Infinity");
    assertThatThrownBy(() -> sampler.next(new float[0], 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no logits");
  }

  private static int[] draws(Sampler sampler, int count) {
    int[] draws = new int[count];
    Arrays.setAll(draws, i -> sampler.next(LOGITS, i));
    return draws;
  }

  private static void assertShares(Sampler sampler, double... shares) {
    int[] counts = new int[shares.length];
    for (int draw : draws(sampler, DRAWS)) {
      counts[draw]++;
    }
    for (int id = 0; id < shares.length; id++) {
      // Four standard deviations of a share of 40,000 draws are below 0.01; 0 and 1 are exact.
      double bound = shares[id] == 0 || shares[id] == 1 ? 0 : 0.01;
      assertThat(counts[id] / (double) DRAWS).isCloseTo(shares[id], within(bound));
    }
  }

  private static float log(double probability) {
    return (float) Math.log(probability);
  }
}
