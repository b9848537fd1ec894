// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import dev.unroll.Availability;
import dev.unroll.Backend;
import dev.unroll.BackendProvider;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/** Offers {@code cpu}. Without the vector module of Java it runs scalar loops and says so once. */
public final class CpuProvider implements BackendProvider {
  private static final String NAME = "cpu";
  private static final String REMEDY = "start java with --add-modules jdk.incubator.vector";
  private static final AtomicBoolean WARNED = new AtomicBoolean();

  /** For the service loader. */
  public CpuProvider() {}

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public int rank() {
    return 0;
  }

  @Override
  public Availability probe() {
    boolean fast = Machine.hasVectors();
    return new Availability(
        List.of(Machine.processor()),
        fast ? "" : "scalar loops only: the module jdk.incubator.vector is not loaded",
        fast ? "" : REMEDY);
  }

  @Override
  public Backend open(int device, Options options) {
    if (Machine.hasVectors()) {
      int wanted = options.threads();
      int threads = wanted > 0 ? wanted : Runtime.getRuntime().availableProcessors();
      WarmUp.once(threads);
      return new CpuBackend(threads);
    }
    String name = NAME + " (scalar loops; for speed " + REMEDY + ")";
    if (WARNED.compareAndSet(false, true)) {
      System.getLogger(CpuProvider.class.getName()).log(System.Logger.Level.WARNING, name);
    }
    return new ScalarBackend(NAME, name);
  }
}
