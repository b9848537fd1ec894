// SPDX-License-Identifier: Apache-2.0

package dev.unroll.opencl;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import java.util.Arrays;

/** What this machine has; where UNROLL_REQUIRE names something, its absence is a failure. */
final class Machine {
  private Machine() {}

  /** Skips the test where there is no OpenCL device. */
  static void requireDevice() {
    if (!new OpenClProvider().probe().usable()) {
      absent("opencl", "there is no OpenCL device; install pocl-opencl-icd");
    }
  }

  /** Skips the test aloud, or fails it if what is absent was promised. */
  static void absent(String what, String why) {
    String required = System.getenv().getOrDefault("UNROLL_REQUIRE", "");
    if (Arrays.asList(required.split("\\s*,\\s*")).contains(what)) {
      fail(why + " (UNROLL_REQUIRE names " + what + ")");
    }
    abort(why);
  }
}
