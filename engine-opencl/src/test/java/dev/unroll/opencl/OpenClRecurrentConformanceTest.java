// SPDX-License-Identifier: Apache-2.0

package dev.unroll.opencl;

import dev.unroll.BackendProvider;
import dev.unroll.conformance.RecurrentConformance;

class OpenClRecurrentConformanceTest extends RecurrentConformance {
  @Override
  protected BackendProvider provider() {
    return new OpenClProvider();
  }
}
