// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cuda;

import dev.unroll.Availability;
import dev.unroll.Backend;
import dev.unroll.BackendProvider;

/** Offers {@code cuda}: the cards that NVIDIA's driver finds, from compute capability 7.5 on. */
public final class CudaProvider implements BackendProvider {
  private static final String NAME = "cuda";

  /** For the service loader. */
  public CudaProvider() {}

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public int rank() {
    return 20;
  }

  @Override
  public Availability probe() {
    return Cuda.probe(NAME, () -> null);
  }

  @Override
  public Backend open(int device, Options options) {
    return Cuda.open(NAME, () -> null, device, options);
  }
}
