// SPDX-License-Identifier: Apache-2.0

package dev.unroll;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class MemoryLimitTest {
  @AfterEach
  void unlimited() {
    System.clearProperty("unroll.memory");
  }

  @Test
  void nothingIsTakenBeyondTheLimit() {
    System.setProperty("unroll.memory", "100000");
    try (Ops ops = Backends.open("cpu-scalar");
        Arena arena = ops.arena("small")) {
      assertThat(arena.tensor(100, 100).size()).isEqualTo(10_000);
      assertThatThrownBy(() -> arena.tensor(200, 100))
          .isInstanceOf(BackendException.class)
          .hasMessageContaining("arena 'small'")
          .hasMessageContaining("the limit is 100000 bytes");
    }
  }

  @Test
  void aLimitThatIsNoNumberIsRefused() {
    System.setProperty("unroll.memory", "2g");
    assertThatThrownBy(() -> Backends.open("cpu-scalar"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("-Dunroll.memory=2g");
  }
}
