// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cuda;

import dev.unroll.Availability;
import dev.unroll.Backend;
import dev.unroll.BackendException;
import dev.unroll.BackendProvider;
import dev.unroll.Precision;
import dev.unroll.kernels.DeviceBackend;
import dev.unroll.kernels.ProductLibrary;
import dev.unroll.kernels.Sources;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** What the providers of the real and of the emulated driver share. */
final class Cuda {
  /** The first driver whose interface JCuda 12.6 can use. */
  private static final int OLDEST_DRIVER = 12000;

  /** What the PTX is made for. */
  private static final int OLDEST_CAPABILITY = 75;

  private Cuda() {}

  /** Where the driver comes from. */
  interface Driver {
    /** The library to load as {@code libcuda.so.1}; null for the system's. */
    Path library() throws NoCudaException;
  }

  /** Looks for devices, and never throws. */
  static Availability probe(String provider, Driver driver) {
    try {
      List<String> devices =
          usable(provider, driver).stream()
              .map(f -> f.info().name() + ", " + f.info().driver())
              .toList();
      return driver.library() == null ? withCublas(devices) : new Availability(devices, "", "");
    } catch (NoCudaException e) {
      return new Availability(List.of(), e.getMessage(), e.remedy());
    }
  }

  /** The devices, and whether fast precision would have cuBLAS. */
  private static Availability withCublas(List<String> devices) {
    try {
      CublasMatmul.load();
      return new Availability(devices, "", "");
    } catch (NoCudaException e) {
      return new Availability(devices, e.getMessage(), e.remedy());
    }
  }

  /**
   * Opens a device.
   *
   * @throws BackendException with the cause and the remedy
   */
  static Backend open(String provider, Driver driver, int device, BackendProvider.Options options) {
    CudaDriver.Found found;
    boolean mayUseCublas;
    try {
      found = usable(provider, driver).get(device);
      mayUseCublas = options.precision() == Precision.FAST && driver.library() == null;
    } catch (NoCudaException e) {
      throw new BackendException(provider + ": " + e.getMessage() + "; " + e.remedy(), true, e);
    } catch (IndexOutOfBoundsException e) {
      throw new BackendException(provider + ": no device " + device, true, e);
    }
    try {
      CudaDevice opened = CudaDevice.open(found);
      ProductLibrary library = mayUseCublas ? opened.cublas() : null;
      return DeviceBackend.open(
          provider, opened, new Sources(Ptx.shipped()), options.precision(), library);
    } catch (BackendException e) {
      throw new BackendException(e.getMessage(), true, e);
    }
  }

  /** The devices that can be used, at least one. */
  private static List<CudaDriver.Found> usable(String provider, Driver driver)
      throws NoCudaException {
    List<CudaDriver.Found> all;
    try {
      CudaLibrary.load(driver.library());
      requireVersion(CudaDriver.version(provider));
      all = CudaDriver.devices(provider);
    } catch (BackendException e) {
      throw new NoCudaException(
          "CUDA fails: " + NoCudaException.firstLine(e), "`nvidia-smi` should list the cards", e);
    } catch (LinkageError e) {
      throw new NoCudaException(
          "the CUDA driver can not be used: " + NoCudaException.firstLine(e),
          "install NVIDIA's driver 525 or newer",
          e);
    }
    List<CudaDriver.Found> usable = new ArrayList<>(all);
    usable.removeIf(f -> f.capability() < OLDEST_CAPABILITY);
    if (usable.isEmpty()) {
      throw none(all);
    }
    return usable;
  }

  private static void requireVersion(int version) throws NoCudaException {
    if (version < OLDEST_DRIVER) {
      throw new NoCudaException(
          "the CUDA driver is too old for JCuda 12.6: it is of CUDA "
              + version / 1000
              + "."
              + version % 1000 / 10,
          "install NVIDIA's driver 525 or newer",
          null);
    }
  }

  private static NoCudaException none(List<CudaDriver.Found> all) {
    if (all.isEmpty()) {
      return new NoCudaException(
          "there is a CUDA driver but no CUDA device", "`nvidia-smi` should list the cards", null);
    }
    String devices =
        all.stream()
            .map(f -> f.info().name() + " (" + f.info().driver() + ")")
            .collect(Collectors.joining(", "));
    return new NoCudaException(
        "too old: " + devices + "; compute capability 7.5 is needed",
        "use the backend opencl on this card",
        null);
  }
}
