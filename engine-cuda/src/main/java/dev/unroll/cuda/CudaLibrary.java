// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cuda;

import dev.unroll.kernels.NativeLibrary;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Path;
import jcuda.LibUtils;

/**
 * Brings the driver and JCuda's natives into this process. JCuda itself is not touched before its
 * library is loaded: it fails once and for all, with thousands of characters.
 */
final class CudaLibrary {
  private static final String BINDING = "JCudaDriver-12.6.0";
  private static final String MISSING = "libcuda.so.1: cannot open";

  /** Whose driver this process holds: null for the system's. Meaningful once loaded. */
  private static Path holds;

  private static boolean loaded;

  private CudaLibrary() {}

  /**
   * Loads a driver, unless this process holds it already.
   *
   * @param driver the library to load as {@code libcuda.so.1}; null for the system's
   * @throws NoCudaException with the cause and the remedy
   */
  static synchronized void load(Path driver) throws NoCudaException {
    if (loaded) {
      requireSame(driver);
      return;
    }
    try {
      NativeLibrary binding = unpack();
      if (driver != null) {
        System.load(driver.toString());
      }
      binding.load();
      binding.use(CudaDriver::touch);
    } catch (UnsatisfiedLinkError e) {
      throw notLoaded(e);
    } catch (LinkageError e) {
      throw new NoCudaException(
          "JCuda is not on the class path: " + NoCudaException.firstLine(e),
          "add org.jcuda:jcuda:12.6.0",
          e);
    } catch (IOException e) {
      throw new NoCudaException(
          "JCuda's natives can not be unpacked: " + NoCudaException.firstLine(e),
          "make that folder writable, or set -Dunroll.cache to another",
          e);
    }
    loaded = true;
    holds = driver;
  }

  private static void requireSame(Path driver) throws NoCudaException {
    if (driver == null ? holds != null : !driver.equals(holds)) {
      String held = holds == null ? "the system's CUDA driver" : "an emulated CUDA driver";
      throw new NoCudaException(
          "this process holds " + held + ", and no other can be loaded beside it",
          "use cuda and cuda-emulated in processes of their own",
          null);
    }
  }

  private static NativeLibrary unpack() throws IOException, NoCudaException {
    String system = System.getProperty("os.name") + " " + System.getProperty("os.arch");
    if (!system.equals("Linux amd64")) {
      throw new NoCudaException(
          "JCuda's natives are here for Linux amd64, this is " + system,
          "use another backend, such as cpu",
          null);
    }
    try {
      String file = LibUtils.createLibraryFileName(LibUtils.createPlatformLibraryName(BINDING));
      return NativeLibrary.unpack(LibUtils.class, file);
    } catch (FileNotFoundException e) {
      throw new NoCudaException(
          "JCuda's natives are not on the class path",
          "add org.jcuda:jcuda-natives:12.6.0:linux-x86_64",
          e);
    }
  }

  private static NoCudaException notLoaded(UnsatisfiedLinkError e) {
    String told = NoCudaException.firstLine(e);
    if (told.contains(MISSING)) {
      return new NoCudaException(
          "there is no CUDA driver: libcuda.so.1 is not found",
          "install NVIDIA's driver, 525 or newer; without a card, use cuda-emulated",
          e);
    }
    if (told.contains("undefined symbol")) {
      return new NoCudaException(
          "the CUDA driver is too old for JCuda 12.6: " + told,
          "install NVIDIA's driver 525 or newer",
          e);
    }
    return new NoCudaException(
        "the CUDA driver can not be loaded: " + told, "`nvidia-smi` should list the cards", e);
  }
}
