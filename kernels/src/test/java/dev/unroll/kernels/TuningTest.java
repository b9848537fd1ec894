// SPDX-License-Identifier: Apache-2.0

package dev.unroll.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.junit.jupiter.api.Test;

/** The most particular entry counts. */
class TuningTest {
  private static final String FILE =
      "group = 1\ncpu.group = 2\ngpu.group = 3\ngpu@radeon_pro.group = 4\nform = plain\nbad = 0\n";

  @Test
  void nameComesBeforeKindBeforeDefault() {
    assertThat(tuning(DeviceInfo.Type.OTHER, "x").number("group")).isEqualTo(1);
    assertThat(tuning(DeviceInfo.Type.CPU, "Radeon Pro").number("group")).isEqualTo(2);
    assertThat(tuning(DeviceInfo.Type.GPU, "x").number("group")).isEqualTo(3);
    assertThat(tuning(DeviceInfo.Type.GPU, "AMD Radeon Pro 9").number("group")).isEqualTo(4);
    assertThat(tuning(DeviceInfo.Type.GPU, "x").text("form")).isEqualTo("plain");
  }

  @Test
  void propertyComesBeforeEverything() {
    System.setProperty("unroll.tuning.group", "77");
    try {
      assertThat(tuning(DeviceInfo.Type.GPU, "AMD Radeon Pro").number("group")).isEqualTo(77);
    } finally {
      System.clearProperty("unroll.tuning.group");
    }
  }

  @Test
  void whatIsNoNumberOrNotThereIsNamed() {
    Tuning tuning = tuning(DeviceInfo.Type.GPU, "x");
    assertThatThrownBy(() -> tuning.number("bad")).hasMessageContaining("bad must be a number");
    assertThatThrownBy(() -> tuning.number("form")).hasMessageContaining("not 'plain'");
    assertThatThrownBy(() -> tuning.text("none")).hasMessageContaining("no default for 'none'");
  }

  private static Tuning tuning(DeviceInfo.Type type, String name) {
    return new Tuning(new FakeDevice(name, type).info(), FILE, Map.of());
  }
}
