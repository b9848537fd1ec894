// SPDX-License-Identifier: Apache-2.0

package dev.unroll.opencl;

import dev.unroll.Availability;
import dev.unroll.Backend;
import dev.unroll.BackendException;
import dev.unroll.BackendProvider;
import dev.unroll.kernels.DeviceBackend;
import dev.unroll.kernels.DeviceInfo;
import dev.unroll.kernels.Sources;
import java.io.IOException;
import java.util.List;

/** Offers {@code opencl}: every OpenCL device of this machine, GPUs before others. */
public final class OpenClProvider implements BackendProvider {
  private static final String NAME = "opencl";

  /** For the service loader. */
  public OpenClProvider() {}

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public int rank() {
    return 10;
  }

  /** A CPU under OpenCL is never taken by itself: the backend {@code cpu} is there for it. */
  @Override
  public int rank(int device) {
    try {
      return OpenClDevice.all().get(device).info().type() == DeviceInfo.Type.GPU ? rank() : -1;
    } catch (IOException | RuntimeException | LinkageError e) {
      return -1;
    }
  }

  @Override
  public Availability probe() {
    try {
      List<String> devices =
          OpenClDevice.all().stream().map(f -> f.info().name() + ", " + f.info().driver()).toList();
      return devices.isEmpty()
          ? none(
              "there is no OpenCL device",
              "install a driver for your device, or pocl-opencl-icd"
                  + " to run on the processor; `clinfo -l` lists what is found")
          : new Availability(devices, "", "");
    } catch (LinkageError e) {
      return none(
          "the OpenCL loader libOpenCL.so.1 can not be loaded: " + firstLine(e),
          "install ocl-icd-libopencl1 and a driver, such as pocl-opencl-icd");
    } catch (IOException | RuntimeException e) {
      return none("OpenCL fails: " + firstLine(e), "`clinfo -l` should list the devices");
    }
  }

  @Override
  public Backend open(int device, Options options) {
    OpenClDevice.Found found;
    try {
      found = OpenClDevice.all().get(device);
    } catch (IOException | RuntimeException | LinkageError e) {
      throw new BackendException(NAME + ": no device " + device + ": " + firstLine(e), true, e);
    }
    return DeviceBackend.open(
        NAME, OpenClDevice.open(found), Sources.openCl(), options.precision());
  }

  private static Availability none(String reason, String remedy) {
    return new Availability(List.of(), reason, remedy);
  }

  private static String firstLine(Throwable e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("").strip();
  }
}
