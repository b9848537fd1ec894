// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.unroll.Availability;
import dev.unroll.Backends;
import java.util.Arrays;

/** Backends that a test can not do without. */
final class Needed {
  private Needed() {}

  /** Skips the test aloud where a backend is not usable, or fails it if UNROLL_REQUIRE names it. */
  static void backend(String name) {
    Availability found = Backends.provider(name).probe();
    if (!found.usable()) {
      absent(name, found.reason() + "; " + found.remedy());
    }
  }

  static void absent(String name, String why) {
    String required = System.getenv().getOrDefault("UNROLL_REQUIRE", "");
    if (Arrays.asList(required.split("\\s*,\\s*")).contains(name)) {
      fail(why + " (UNROLL_REQUIRE names " + name + ")");
    }
    abort(why);
  }
}
