// SPDX-License-Identifier: Apache-2.0

package counting;

import dev.unroll.BackendProvider;
import dev.unroll.conformance.BackendConformance;

class CountingConformanceTest extends BackendConformance {
  @Override
  protected BackendProvider provider() {
    return new CountingProvider();
  }
}
