// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import dev.unroll.Availability;
import dev.unroll.Backend;
import dev.unroll.BackendProvider;
import java.util.List;

/** Offers {@code cpu-scalar}, the reference that other backends are compared with. */
public final class ScalarProvider implements BackendProvider {
  private static final String NAME = "cpu-scalar";

  /** For the service loader. */
  public ScalarProvider() {}

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public int rank() {
    return -1;
  }

  @Override
  public Availability probe() {
    return new Availability(List.of(Machine.processor()), "", "");
  }

  @Override
  public Backend open(int device, Options options) {
    return new ScalarBackend(NAME, NAME + " (plain loops, 1 thread)");
  }
}
