// SPDX-License-Identifier: Apache-2.0

package dev.unroll.check;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class OpCasesTest {
  @Test
  void everyOperationHasCases() {
    assertThat(OpCases.missing()).isEmpty();
  }

  @Test
  void countsWorkAndTraffic() {
    OpCase product =
        OpCases.all().stream()
            .filter(c -> c.name().equals("matmul 16x16x16 beta=0.0 dense"))
            .findFirst()
            .orElseThrow();
    assertThat(product.flops()).isEqualTo(2 * 16 * 16 * 16);
    assertThat(product.bytes()).isEqualTo(4 * (16 * 16 * 2 + 2 * 16 * 16));
  }
}
