// SPDX-License-Identifier: Apache-2.0

package dev.unroll.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class BatchesTest {
  private static final int[] EXAMPLES = IntStream.range(100, 123).toArray();

  private static int[] epoch(Batches batches, int number) {
    long first = (long) number * batches.perEpoch() + 1;
    return LongStream.range(first, first + batches.perEpoch())
        .boxed()
        .flatMapToInt(step -> Arrays.stream(batches.at(step)))
        .toArray();
  }

  @Test
  void anEpochHasEveryExampleOnceInAnOrderOfItsOwn() {
    Batches batches = new Batches(EXAMPLES, 5, 3);

    assertThat(batches.perEpoch()).isEqualTo(5);
    assertThat(batches.at(5)).hasSize(3);
    for (int e = 0; e < 3; e++) {
      assertThat(epoch(batches, e)).containsExactlyInAnyOrder(EXAMPLES);
    }
    assertThat(epoch(batches, 0)).isNotEqualTo(epoch(batches, 1)).isNotEqualTo(EXAMPLES);
  }

  @Test
  void aStepDependsOnItsNumberAndTheSeedAlone() {
    Batches inOrder = new Batches(EXAMPLES, 4, 9);
    for (long step = 1; step <= 20; step++) {
      assertThat(new Batches(EXAMPLES, 4, 9).at(step)).isEqualTo(inOrder.at(step));
    }
    assertThat(new Batches(EXAMPLES, 4, 10).at(1)).isNotEqualTo(inOrder.at(1));
  }

  @Test
  void lengthsBringSimilarExamplesTogether() {
    int[] lengths = IntStream.range(0, 400).map(i -> i * 37 % 50).toArray();
    int[] all = IntStream.range(0, 400).toArray();
    Batches bucketed = new Batches(all, 8, 1, lengths);

    assertThat(epoch(bucketed, 0)).containsExactlyInAnyOrder(all);
    int spread = 0;
    for (long step = 1; step <= bucketed.perEpoch(); step++) {
      int[] sizes = Arrays.stream(bucketed.at(step)).map(i -> lengths[i]).sorted().toArray();
      spread += sizes[sizes.length - 1] - sizes[0];
    }
    assertThat(spread / bucketed.perEpoch()).isLessThan(6);
  }

  @Test
  void refusesNothingToDo() {
    assertThatThrownBy(() -> new Batches(new int[0], 4, 1)).hasMessageContaining("0 examples");
    assertThatThrownBy(() -> new Batches(EXAMPLES, 0, 1)).hasMessageContaining("batch 0");
  }
}
