// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.BackendProvider;
import dev.unroll.Backends;
import dev.unroll.Ops;
import java.io.IOException;

/** The emulated device, for tests. */
final class Emulated {
  static final String NAME = "cuda-emulated";

  private Emulated() {}

  /** Builds and loads the driver, and sets it up; skips the test where it can not be built. */
  static BackendProvider require(String settings) throws IOException {
    if (!Machine.hasCommand("g++")) {
      Machine.absent(NAME, "the emulated driver is built with g++, which is not on the PATH");
    }
    EmulatedDriver.load();
    EmulatedDriver.configure(settings);
    EmulatedDriver.reports();
    return new EmulatedProvider();
  }

  static Ops open(String settings) throws IOException {
    require(settings);
    return Backends.open(NAME);
  }

  /** No kernel did what it must not, and nothing is left behind. */
  static void requireNoReports() {
    assertThat(EmulatedDriver.reports()).isEmpty();
  }

  static long counter(String name) {
    return EmulatedDriver.counters().getOrDefault(name, 0L);
  }
}
