// SPDX-License-Identifier: Apache-2.0

package dev.unroll.opencl;

import dev.unroll.BackendProvider;
import dev.unroll.conformance.BackendConformance;

class OpenClConformanceTest extends BackendConformance {
  @Override
  protected BackendProvider provider() {
    return new OpenClProvider();
  }
}
