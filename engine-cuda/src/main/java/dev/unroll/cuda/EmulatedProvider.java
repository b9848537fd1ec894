// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cuda;

import dev.unroll.Availability;
import dev.unroll.Backend;
import dev.unroll.BackendProvider;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Offers {@code cuda-emulated}: the CUDA backend on a driver that runs its kernels on the processor
 * and checks them. Only taken by name, once the driver is built.
 */
public final class EmulatedProvider implements BackendProvider {
  private static final String NAME = "cuda-emulated";

  /** For the service loader. */
  public EmulatedProvider() {}

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public int rank() {
    return -2;
  }

  /** Loads nothing: a process that holds this driver can not use the system's any more. */
  @Override
  public Availability probe() {
    try {
      library();
      return new Availability(List.of("Unroll emulated CUDA device (no GPU)"), "", "");
    } catch (NoCudaException e) {
      return new Availability(List.of(), e.getMessage(), e.remedy());
    }
  }

  @Override
  public Backend open(int device, Options options) {
    return Cuda.open(NAME, EmulatedProvider::loaded, device, options);
  }

  private static Path loaded() throws NoCudaException {
    Path library = library();
    EmulatedDriver.load(library);
    return library;
  }

  private static Path library() throws NoCudaException {
    try {
      return EmulatorBuild.built()
          .orElseThrow(
              () ->
                  new NoCudaException(
                      "the emulated CUDA driver is not built",
                      "run `unroll doctor --build-emulator`",
                      null));
    } catch (IOException e) {
      throw new NoCudaException(
          NoCudaException.firstLine(e), "use another backend, such as cpu", e);
    }
  }
}
