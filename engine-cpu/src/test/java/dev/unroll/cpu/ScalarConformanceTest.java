// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import dev.unroll.BackendProvider;
import dev.unroll.conformance.BackendConformance;

class ScalarConformanceTest extends BackendConformance {
  @Override
  protected BackendProvider provider() {
    return new ScalarProvider();
  }
}
