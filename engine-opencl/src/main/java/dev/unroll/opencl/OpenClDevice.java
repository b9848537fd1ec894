// SPDX-License-Identifier: Apache-2.0

package dev.unroll.opencl;

import static org.jocl.CL.*;

import dev.unroll.BackendException;
import dev.unroll.Buffer;
import dev.unroll.ElementType;
import dev.unroll.kernels.CompileException;
import dev.unroll.kernels.Device;
import dev.unroll.kernels.DeviceInfo;
import dev.unroll.kernels.Grid;
import dev.unroll.kernels.NativeLibrary;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jocl.CL;
import org.jocl.CLException;
import org.jocl.LibUtils;
import org.jocl.Pointer;
import org.jocl.Sizeof;
import org.jocl.cl_command_queue;
import org.jocl.cl_context;
import org.jocl.cl_context_properties;
import org.jocl.cl_device_id;
import org.jocl.cl_kernel;
import org.jocl.cl_mem;
import org.jocl.cl_platform_id;
import org.jocl.cl_program;

/**
 * An OpenCL device with a context and an in-order queue of its own. The only class that knows JOCL.
 */
final class OpenClDevice implements Device {
  /** What {@code clGetPlatformIDs} of the loader returns if no driver is installed. */
  private static final int PLATFORM_NOT_FOUND = -1001;

  /** The platform that runs kernels on the host's processor. */
  private static final String POCL = "Portable Computing Language";

  private static boolean loaded;

  private final DeviceInfo info;
  private final cl_device_id device;
  private final cl_context context;
  private final cl_command_queue queue;
  private final Set<Memory> live = new HashSet<>();
  private final Map<String, Launchable> kernels = new HashMap<>();
  private cl_program program;
  private boolean closed;

  /** Memory of the device. */
  record Memory(ElementType type, long capacity, cl_mem memory) implements Buffer {
    @Override
    public boolean equals(Object other) {
      return this == other;
    }

    @Override
    public int hashCode() {
      return System.identityHashCode(memory);
    }
  }

  /** A device that was found. */
  record Found(cl_platform_id platform, cl_device_id device, DeviceInfo info) {}

  private OpenClDevice(Found found) {
    this.info = found.info();
    this.device = found.device();
    cl_context_properties properties = new cl_context_properties();
    properties.addProperty(CL_CONTEXT_PLATFORM, found.platform());
    cl_device_id[] devices = {device};
    this.context =
        call("create a context", () -> clCreateContext(properties, 1, devices, null, null, null));
    this.queue = call("create a queue", this::createQueue);
  }

  /** By the call of OpenCL 1.2: later ones have another, which a 1.2 driver lacks. */
  @SuppressWarnings("deprecation")
  private cl_command_queue createQueue() {
    try {
      return clCreateCommandQueue(context, device, 0, null);
    } catch (CLException e) {
      clReleaseContext(context);
      throw e;
    }
  }

  // ---- finding devices

  /**
   * All devices of all drivers: GPUs first, then in the order of their platforms' names. A driver
   * that fails does not hide the devices of the others.
   *
   * @throws IOException if JOCL's library can not be unpacked
   * @throws LinkageError if there is no OpenCL loader
   * @throws CLException if there is no device because a driver fails
   */
  static List<Found> all() throws IOException {
    loadLibrary();
    List<Found> found = new ArrayList<>();
    CLException failure = null;
    for (cl_platform_id platform : platforms()) {
      try {
        addUsable(platform, found);
      } catch (CLException e) {
        failure = e;
      }
    }
    if (found.isEmpty() && failure != null) {
      throw failure;
    }
    found.sort(
        Comparator.comparing((Found f) -> f.info().type() != DeviceInfo.Type.GPU)
            .thenComparing(f -> f.info().driver()));
    return found;
  }

  static OpenClDevice open(Found found) {
    return new OpenClDevice(found);
  }

  private static synchronized void loadLibrary() throws IOException {
    if (!loaded) {
      String file =
          LibUtils.createLibraryFileName(LibUtils.createPlatformLibraryName("JOCL_2_0_6"));
      NativeLibrary.unpack(LibUtils.class, file).use(() -> CL.setExceptionsEnabled(true));
      loaded = true;
    }
  }

  private static cl_platform_id[] platforms() {
    int[] count = new int[1];
    orNotFound(() -> clGetPlatformIDs(0, null, count));
    cl_platform_id[] platforms = new cl_platform_id[count[0]];
    if (platforms.length > 0) {
      clGetPlatformIDs(platforms.length, platforms, null);
    }
    return platforms;
  }

  /** Whether there is any of what was asked for; other failures are thrown on. */
  private static boolean orNotFound(Runnable query) {
    try {
      query.run();
      return true;
    } catch (CLException e) {
      if (e.getStatus() == PLATFORM_NOT_FOUND || e.getStatus() == CL_DEVICE_NOT_FOUND) {
        return false;
      }
      throw e;
    }
  }

  private static void addUsable(cl_platform_id platform, List<Found> to) {
    int[] count = new int[1];
    if (!orNotFound(() -> clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 0, null, count))) {
      return;
    }
    cl_device_id[] devices = new cl_device_id[count[0]];
    clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, devices.length, devices, null);
    for (cl_device_id device : devices) {
      boolean usable =
          number(device, CL_DEVICE_AVAILABLE, 4) != 0
              && number(device, CL_DEVICE_COMPILER_AVAILABLE, 4) != 0
              && number(device, CL_DEVICE_ENDIAN_LITTLE, 4) != 0;
      if (usable) {
        to.add(new Found(platform, device, describe(platform, device)));
      }
    }
  }

  private static DeviceInfo describe(cl_platform_id platform, cl_device_id device) {
    long arithmetic = number(device, CL_DEVICE_SINGLE_FP_CONFIG, 8);
    boolean roundsDivision = (arithmetic & CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT) != 0;
    return new DeviceInfo(
        type(number(device, CL_DEVICE_TYPE, 8)),
        text(device, CL_DEVICE_NAME),
        text(platform, CL_PLATFORM_NAME)
            + ", "
            + text(platform, CL_PLATFORM_VERSION)
            + ", driver "
            + text(device, CL_DRIVER_VERSION),
        "-cl-std=CL1.2" + (roundsDivision ? " -cl-fp32-correctly-rounded-divide-sqrt" : ""),
        (int) number(device, CL_DEVICE_MAX_COMPUTE_UNITS, 4),
        (int) number(device, CL_DEVICE_MAX_WORK_GROUP_SIZE, 8));
  }

  /** A simulator calls itself both; it is neither. */
  private static DeviceInfo.Type type(long bits) {
    boolean gpu = (bits & CL_DEVICE_TYPE_GPU) != 0;
    boolean cpu = (bits & CL_DEVICE_TYPE_CPU) != 0;
    return gpu == cpu ? DeviceInfo.Type.OTHER : gpu ? DeviceInfo.Type.GPU : DeviceInfo.Type.CPU;
  }

  private static long number(cl_device_id device, int parameter, int bytes) {
    long[] value = new long[1];
    clGetDeviceInfo(device, parameter, bytes, Pointer.to(value), null);
    return value[0];
  }

  private static String text(cl_device_id device, int parameter) {
    long[] size = new long[1];
    clGetDeviceInfo(device, parameter, 0, null, size);
    byte[] bytes = new byte[(int) size[0]];
    clGetDeviceInfo(device, parameter, bytes.length, Pointer.to(bytes), null);
    return string(bytes);
  }

  private static String text(cl_platform_id platform, int parameter) {
    long[] size = new long[1];
    clGetPlatformInfo(platform, parameter, 0, null, size);
    byte[] bytes = new byte[(int) size[0]];
    clGetPlatformInfo(platform, parameter, bytes.length, Pointer.to(bytes), null);
    return string(bytes);
  }

  /** What stands before the closing NUL. */
  private static String string(byte... bytes) {
    return new String(bytes, StandardCharsets.UTF_8).replace("\0", "").strip();
  }

  // ---- memory

  @Override
  public DeviceInfo info() {
    return info;
  }

  @Override
  public Buffer allocate(ElementType type, long elements) {
    long bytes = 4 * Math.max(1, elements);
    Memory memory =
        new Memory(
            type,
            elements,
            call(
                "allocate " + bytes + " bytes",
                () -> clCreateBuffer(context, CL_MEM_READ_WRITE, bytes, null, null)));
    live.add(memory);
    return memory;
  }

  /** Without a command for the queue. */
  @Override
  public Buffer allocate(int[] values, int count) {
    long bytes = 4L * count;
    long flags = CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR;
    cl_mem memory =
        call(
            "allocate " + bytes + " bytes",
            () -> clCreateBuffer(context, flags, bytes, Pointer.to(values), null));
    Memory taken = new Memory(ElementType.INT32, count, memory);
    live.add(taken);
    return taken;
  }

  /** Buffers taken and not given back. */
  int liveBuffers() {
    return live.size();
  }

  @Override
  public void free(Buffer buffer) {
    Memory memory = (Memory) buffer;
    if (live.remove(memory)) {
      call("free memory", () -> clReleaseMemObject(memory.memory()));
    }
  }

  @Override
  public void write(float[] src, Buffer dst, int at) {
    write(Pointer.to(src), src.length, dst, at);
  }

  @Override
  public void write(int[] src, int from, int count, Buffer dst, int at) {
    write(Pointer.to(src).withByteOffset(4L * from), count, dst, at);
  }

  /** Goes by a buffer that takes the values at once, so that nothing waits for the queue. */
  private void write(Pointer values, int count, Buffer dst, int at) {
    long bytes = 4L * count;
    cl_mem staging =
        call(
            "allocate " + bytes + " bytes for a write",
            () ->
                clCreateBuffer(
                    context, CL_MEM_READ_ONLY | CL_MEM_COPY_HOST_PTR, bytes, values, null));
    try {
      cl_mem to = ((Memory) dst).memory();
      call(
          "write", () -> clEnqueueCopyBuffer(queue, staging, to, 0, 4L * at, bytes, 0, null, null));
    } finally {
      clReleaseMemObject(staging); // once the copy is done
    }
  }

  @Override
  public void read(Buffer src, int at, int count, float[] dst) {
    cl_mem from = ((Memory) src).memory();
    call(
        "read",
        () ->
            clEnqueueReadBuffer(
                queue, from, true, 4L * at, 4L * count, Pointer.to(dst), 0, null, null));
  }

  // ---- programs

  @Override
  public Map<String, Integer> compile(String source) throws CompileException {
    cl_program built =
        call(
            "take the sources",
            () -> clCreateProgramWithSource(context, 1, new String[] {source}, null, null));
    try {
      return make(built);
    } catch (CLException e) {
      String log = log(built);
      clReleaseProgram(built);
      throw new CompileException(log + "\n" + name(e), e);
    }
  }

  @Override
  public Map<String, Integer> load(byte[] binary) {
    cl_device_id[] devices = {device};
    long[] size = {binary.length};
    byte[][] binaries = {binary};
    return call(
        "load the program",
        () -> {
          cl_program taken =
              clCreateProgramWithBinary(context, 1, devices, size, binaries, null, null);
          try {
            return make(taken);
          } catch (CLException e) {
            clReleaseProgram(taken);
            throw e;
          }
        });
  }

  private Map<String, Integer> make(cl_program unbuilt) {
    clBuildProgram(unbuilt, 1, new cl_device_id[] {device}, info.options(), null, null);
    createKernels(unbuilt);
    program = unbuilt;
    return limits();
  }

  /**
   * PoCL keeps what it built, and takes a minute to hand it out: it builds every form of it first.
   */
  @Override
  public Optional<byte[]> binary() {
    if (info.driver().startsWith(POCL)) {
      return Optional.empty();
    }
    return call("read the built program", () -> Optional.of(binary(program)));
  }

  private static byte[] binary(cl_program program) {
    long[] size = new long[1];
    clGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, Sizeof.size_t, Pointer.to(size), null);
    byte[] binary = new byte[(int) size[0]];
    Pointer to = Pointer.to(Pointer.to(binary));
    clGetProgramInfo(program, CL_PROGRAM_BINARIES, Sizeof.POINTER, to, null);
    return binary;
  }

  private String log(cl_program built) {
    long[] size = new long[1];
    clGetProgramBuildInfo(built, device, CL_PROGRAM_BUILD_LOG, 0, null, size);
    byte[] bytes = new byte[(int) size[0]];
    clGetProgramBuildInfo(
        built, device, CL_PROGRAM_BUILD_LOG, bytes.length, Pointer.to(bytes), null);
    return string(bytes);
  }

  private void createKernels(cl_program built) {
    int[] count = new int[1];
    clCreateKernelsInProgram(built, 0, null, count);
    cl_kernel[] created = new cl_kernel[count[0]];
    clCreateKernelsInProgram(built, created.length, created, null);
    for (cl_kernel kernel : created) {
      byte[] name = new byte[256];
      clGetKernelInfo(kernel, CL_KERNEL_FUNCTION_NAME, name.length, Pointer.to(name), null);
      kernels.put(string(name), new Launchable(built, string(name), kernel));
    }
  }

  private Map<String, Integer> limits() {
    Map<String, Integer> limits = new HashMap<>();
    kernels.forEach((name, launchable) -> limits.put(name, launchable.limit(device)));
    return limits;
  }

  // ---- running

  @Override
  public void launch(String kernel, Grid grid, Object... arguments) {
    Launchable launchable = kernels.get(kernel);
    long[] size = {grid.size0(), grid.size1()};
    long[] all = {(long) grid.groups0() * size[0], (long) grid.groups1() * size[1]};
    call(
        "launch " + kernel,
        () ->
            clEnqueueNDRangeKernel(
                queue, launchable.with(arguments), 2, null, all, size, 0, null, null));
  }

  @Override
  public void synchronize() {
    call("finish", () -> clFinish(queue));
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      clFinish(queue);
    } catch (CLException e) {
      // A queue that failed is released all the same; who reads from it is told.
    }
    kernels.values().forEach(Launchable::release);
    if (program != null) {
      clReleaseProgram(program);
    }
    live.forEach(memory -> clReleaseMemObject(memory.memory()));
    live.clear();
    clReleaseCommandQueue(queue);
    clReleaseContext(context);
  }

  /**
   * Runs a call of OpenCL, and tells its failure in our words with the driver's name and number.
   */
  private <T> T call(String what, Supplier<T> body) {
    try {
      return body.get();
    } catch (CLException e) {
      throw new BackendException(
          "opencl (" + info.name() + "): can not " + what + ": " + name(e), false, e);
    }
  }

  private static String name(CLException e) {
    return stringFor_errorCode(e.getStatus()) + " (" + e.getStatus() + ")";
  }
}
