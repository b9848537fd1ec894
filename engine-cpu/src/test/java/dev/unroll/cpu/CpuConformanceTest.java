// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import dev.unroll.BackendProvider;
import dev.unroll.conformance.BackendConformance;

class CpuConformanceTest extends BackendConformance {
  @Override
  protected BackendProvider provider() {
    return new CpuProvider();
  }
}
