// SPDX-License-Identifier: Apache-2.0

package dev.unroll.conformance;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.unroll.Availability;
import dev.unroll.BackendProvider;
import dev.unroll.Ops;
import java.util.Arrays;

/**
 * Opens the backend under test; an absent one skips its tests aloud, or fails where it is promised.
 */
final class Device {
  /** Names of providers, separated by commas, whose absence is a failure. */
  private static final String REQUIRED = "UNROLL_REQUIRE";

  private Device() {}

  static Ops open(BackendProvider provider) {
    Availability found = provider.probe();
    if (!found.usable()) {
      String why = provider.name() + " is not available: " + found.reason();
      if (required(provider.name(), System.getenv(REQUIRED))) {
        fail(why + " (" + REQUIRED + " names it). " + found.remedy());
      }
      abort(why);
    }
    return new Ops(provider.open(0, BackendProvider.Options.DEFAULT));
  }

  static boolean required(String name, String list) {
    return list != null && Arrays.asList(list.trim().split("\\s*,\\s*")).contains(name);
  }
}
