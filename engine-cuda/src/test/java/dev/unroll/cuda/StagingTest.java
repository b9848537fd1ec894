// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

/** Places in the staging memory: in order, apart, and the same after each wait. */
class StagingTest {
  private final ByteBuffer memory = ByteBuffer.allocate(256).order(ByteOrder.nativeOrder());
  private final Staging staging = new Staging(memory);

  @Test
  void placesAreApartAndTheSameAfterAWait() {
    for (int i = 0; i < 3; i++) {
      assertThat(staging.put(new float[] {1, 2, 3}, 1, 2)).isZero();
      assertThat(staging.put(new int[17], 0, 17)).isEqualTo(64);
      assertThat(staging.put(new int[] {5}, 0, 1)).isEqualTo(192);
      assertThat(memory.getFloat(4)).isEqualTo(3f);
      assertThat(memory.getInt(192)).isEqualTo(5);
      staging.reset();
    }
  }

  @Test
  void whatDoesNotFitBehindTheOthersWaits() {
    assertThat(staging.room(64)).isEqualTo(64);
    assertThat(staging.room(65)).as("more than there is at all").isEqualTo(64);
    staging.put(new int[1], 0, 1);
    assertThat(staging.room(48)).isEqualTo(48);
    assertThat(staging.room(49)).isZero();
    staging.put(new int[48], 0, 48);
    assertThat(staging.room(1)).isZero();
    staging.reset();
    assertThat(staging.room(1)).isEqualTo(1);
  }
}
