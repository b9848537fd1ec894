// SPDX-License-Identifier: Apache-2.0

package dev.unroll.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unroll.Availability;
import dev.unroll.Backend;
import dev.unroll.BackendProvider;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.opentest4j.TestAbortedException;

class DeviceTest {
  @Test
  void absentDeviceSkipsWithTheReason() {
    assertThatThrownBy(() -> Device.open(new Absent()))
        .isInstanceOf(TestAbortedException.class)
        .hasMessageContaining("nowhere is not available: no driver");
  }

  @Test
  void absenceIsAFailureOnlyWhereItIsNamed() {
    assertThat(Device.required("cuda", "cuda")).isTrue();
    assertThat(Device.required("cuda", " opencl , cuda ")).isTrue();
    assertThat(Device.required("cuda", "cuda2,opencl")).isFalse();
    assertThat(Device.required("cuda", null)).isFalse();
  }

  private static final class Absent implements BackendProvider {
    @Override
    public String name() {
      return "nowhere";
    }

    @Override
    public int rank() {
      return 0;
    }

    @Override
    public Availability probe() {
      return new Availability(List.of(), "no driver", "install one");
    }

    @Override
    public Backend open(int device, Options options) {
      throw new IllegalStateException("must not be opened");
    }
  }
}
