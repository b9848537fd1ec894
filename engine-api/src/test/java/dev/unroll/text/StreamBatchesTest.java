// SPDX-License-Identifier: Apache-2.0

package dev.unroll.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StreamBatchesTest {

  @Test
  void batchesAreTimeMajorAndContiguous() {
    // 15 tokens, 2 streams of 7: 0..6 and 7..13, each with 2 batches of 3; inputs 6, 13 are left.
    StreamBatches batches = new StreamBatches(range(15), 2, 3);
    assertThat(batches.batchesPerEpoch()).isEqualTo(2);
    assertBatch(batches, new int[] {0, 7, 1, 8, 2, 9}, new int[] {1, 8, 2, 9, 3, 10});
    assertBatch(batches, new int[] {3, 10, 4, 11, 5, 12}, new int[] {4, 11, 5, 12, 6, 13});
    assertBatch(batches, new int[] {0, 7, 1, 8, 2, 9}, new int[] {1, 8, 2, 9, 3, 10});
  }

  @ParameterizedTest
  @CsvSource({"2,1,1", "3,1,1", "3,2,1", "7,2,3", "1000,7,13", "1000,1,999", "1000,999,1"})
  void everyStreamGoesOnWhereItEnded(int tokens, int batch, int steps) {
    StreamBatches batches = new StreamBatches(range(tokens), batch, steps);
    int[] inputs = new int[batch * steps];
    int[] targets = new int[batch * steps];
    int[] previous = new int[batch];
    boolean[] seen = new boolean[tokens];
    for (int k = 0; k < batches.batchesPerEpoch(); k++) {
      assertThat(batches.startsEpoch()).isEqualTo(k == 0);
      assertThat(batches.epoch()).isZero();
      batches.next(inputs, targets);
      for (int b = 0; b < batch; b++) {
        if (k > 0) {
          assertThat(inputs[b]).isEqualTo(previous[b]);
        }
        previous[b] = targets[(steps - 1) * batch + b];
      }
      for (int i = 0; i < inputs.length; i++) {
        assertThat(targets[i]).isEqualTo(inputs[i] + 1);
        assertThat(seen[inputs[i]]).as("token %d used twice", inputs[i]).isFalse();
        seen[inputs[i]] = true;
      }
    }
    assertThat(batches.startsEpoch()).isTrue();
    assertThat(batches.epoch()).isEqualTo(1);
  }

  @Test
  void positionsCanBeTakenUpAgain() {
    int[] tokens = IntStream.range(0, 101).map(i -> i * i % 17).toArray();
    StreamBatches whole = new StreamBatches(tokens, 3, 4);
    int[] expectedInputs = new int[12];
    int[] expectedTargets = new int[12];
    for (long position = 0; position < 20; position++) {
      assertThat(whole.position()).isEqualTo(position);
      boolean starts = whole.startsEpoch();
      whole.next(expectedInputs, expectedTargets);
      StreamBatches resumed = new StreamBatches(tokens, 3, 4);
      resumed.seek(position);
      assertThat(resumed.position()).isEqualTo(position);
      assertThat(resumed.startsEpoch()).isEqualTo(starts);
      assertBatch(resumed, expectedInputs, expectedTargets);
    }
  }

  @Test
  void farPositionsDoNotOverflow() {
    StreamBatches batches = new StreamBatches(range(15), 2, 3);
    batches.seek((1L << 40) + 1);
    assertThat(batches.startsEpoch()).isFalse();
    assertBatch(batches, new int[] {3, 10, 4, 11, 5, 12}, new int[] {4, 11, 5, 12, 6, 13});
    assertThatThrownBy(() -> batches.seek(-1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("-1");
  }

  @Test
  void aTextShorterThanABatchIsRefused() {
    assertThat(new StreamBatches(range(13), 3, 4).batchesPerEpoch()).isEqualTo(1);
    assertThatThrownBy(() -> new StreamBatches(range(12), 3, 4))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("has 12 tokens")
        .hasMessageContaining("at least 13")
        .hasMessageContaining("smaller batch or seq");
    assertThatThrownBy(() -> new StreamBatches(range(12), 1 << 20, 1 << 20))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("1099511627777");
    assertThatThrownBy(() -> new StreamBatches(new int[0], 1, 1))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @CsvSource({"0,1", "1,0", "-1,4", "4,-3", "-2,-2"})
  void sizesAreChecked(int batch, int steps) {
    assertThatThrownBy(() -> new StreamBatches(range(10), batch, steps))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("batch is " + batch + " and seq is " + steps);
  }

  @Test
  void arraysAreChecked() {
    StreamBatches batches = new StreamBatches(range(15), 2, 3);
    assertThatThrownBy(() -> batches.next(new int[7], new int[6]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("inputs has 7 elements")
        .hasMessageContaining("= 6");
    assertThatThrownBy(() -> batches.next(new int[6], new int[5]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("targets has 5 elements");
    assertThat(batches.position()).as("a refused call gives no batch").isZero();
  }

  private static void assertBatch(StreamBatches batches, int[] inputs, int[] targets) {
    int[] actualInputs = new int[inputs.length];
    int[] actualTargets = new int[targets.length];
    Arrays.fill(actualInputs, -7);
    Arrays.fill(actualTargets, -7);
    batches.next(actualInputs, actualTargets);
    assertThat(actualInputs).containsExactly(inputs);
    assertThat(actualTargets).containsExactly(targets);
  }

  private static int[] range(int count) {
    return IntStream.range(0, count).toArray();
  }
}
