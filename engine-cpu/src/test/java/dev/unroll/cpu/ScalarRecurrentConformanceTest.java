// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import dev.unroll.BackendProvider;
import dev.unroll.conformance.RecurrentConformance;

class ScalarRecurrentConformanceTest extends RecurrentConformance {
  @Override
  protected BackendProvider provider() {
    return new ScalarProvider();
  }
}
