// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cuda;

import dev.unroll.BackendProvider;
import dev.unroll.conformance.RecurrentConformance;
import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

class EmulatedRecurrentConformanceTest extends RecurrentConformance {
  @BeforeAll
  static void load() throws IOException {
    Emulated.require("");
  }

  @AfterAll
  static void nothingWasReported() {
    Emulated.requireNoReports();
  }

  @Override
  protected BackendProvider provider() {
    return new EmulatedProvider();
  }
}
