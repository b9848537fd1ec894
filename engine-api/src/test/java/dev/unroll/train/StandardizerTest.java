// SPDX-License-Identifier: Apache-2.0

package dev.unroll.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class StandardizerTest {
  @Test
  void goesThereAndBack() {
    Standardizer scale = Standardizer.of(1, 2, 3, 6);

    assertThat(scale.mean()).isEqualTo(3);
    assertThat(scale.deviation()).isCloseTo(Math.sqrt(3.5), within(1e-12));
    assertThat(scale.apply(3)).isZero();
    assertThat(scale.invert(scale.apply(6))).isCloseTo(6, within(1e-6));
  }

  @Test
  void refusesEqualAndBrokenValues() {
    assertThatThrownBy(() -> Standardizer.of(2, 2)).hasMessageContaining("must differ");
    assertThatThrownBy(() -> Standardizer.of(2, Double.NaN)).hasMessageContaining("NaN");
    assertThatThrownBy(() -> Standardizer.of()).hasMessageContaining("NaN");
  }
}
