// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cuda;

import static jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR;
import static jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR;
import static jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK;
import static jcuda.driver.CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT;
import static jcuda.driver.CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK;
import static jcuda.driver.CUjit_option.CU_JIT_ERROR_LOG_BUFFER;
import static jcuda.driver.CUjit_option.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES;
import static jcuda.driver.CUresult.*;
import static jcuda.driver.CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_RELAXED;
import static jcuda.driver.CUstream_flags.CU_STREAM_NON_BLOCKING;
import static jcuda.driver.JCudaDriver.*;

import dev.unroll.BackendException;
import dev.unroll.kernels.CompileException;
import dev.unroll.kernels.DeviceInfo;
import dev.unroll.kernels.Grid;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUfunction;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUmodule;
import jcuda.driver.CUstream;
import jcuda.driver.JITOptions;
import jcuda.runtime.cudaStream_t;

/**
 * The driver's functions, for one device: its primary context, one stream and one module. The only
 * class that knows JCuda's driver API. What fails is a {@link BackendException} with the driver's
 * name, number and text of the error.
 */
final class CudaDriver {
  /** More than any kernel has. */
  private static final int MOST_ARGUMENTS = 128;

  private static final int LOG_BYTES = 1 << 16;

  /** Every address is so far from this. */
  private static final CUdeviceptr ZERO = new CUdeviceptr();

  private final Found found;
  private final CUdevice device = new CUdevice();
  private final CUcontext context = new CUcontext();
  private final CUstream stream = new CUstream();
  private final CUmodule module = new CUmodule();
  private final List<CUfunction> functions = new ArrayList<>();
  private final List<HostMemory> pinned = new ArrayList<>();
  private final CUevent began = new CUevent();
  private final CUevent ended = new CUevent();
  private boolean loaded;
  private boolean capturing;
  private boolean timing;
  private double milliseconds;
  private LongBuffer parameters;
  private Pointer parameterTable;

  /** A device that was found; a compute capability of 7.5 is 75. */
  record Found(String provider, int number, int capability, DeviceInfo info) {}

  /** A device pointer that tells its value. */
  private static final class Address extends CUdeviceptr {
    long value() {
      return getNativePointer();
    }
  }

  /** Memory of the host that the device reads and writes without help. */
  static final class HostMemory extends Pointer {
    private final int bytes;

    private HostMemory(int bytes) {
      this.bytes = bytes;
    }

    private long address() {
      return getNativePointer();
    }

    ByteBuffer content() {
      return getByteBuffer(0, bytes).order(ByteOrder.nativeOrder());
    }
  }

  private CudaDriver(Found found) {
    this.found = found;
  }

  // ---- finding devices

  /** Makes JCuda load its library. Failures are told by what calls return, not thrown by JCuda. */
  static void touch() {
    setExceptionsEnabled(false);
  }

  /** Major version times 1000 plus minor version times 10. */
  static int version(String provider) {
    int[] version = new int[1];
    check(provider, cuDriverGetVersion(version), "tell the driver's version");
    return version[0];
  }

  /** All devices. */
  static List<Found> devices(String provider) {
    int status = cuInit(0);
    if (status == CUDA_ERROR_NO_DEVICE) {
      return List.of();
    }
    check(provider, status, "start");
    int[] count = new int[1];
    check(provider, cuDeviceGetCount(count), "count devices");
    List<Found> found = new ArrayList<>();
    for (int i = 0; i < count[0]; i++) {
      found.add(describe(provider, i));
    }
    return found;
  }

  private static Found describe(String provider, int number) {
    CUdevice device = new CUdevice();
    check(provider, cuDeviceGet(device, number), "find device " + number);
    byte[] name = new byte[256];
    check(provider, cuDeviceGetName(name, name.length, device), "name a device");
    int version = version(provider);
    int major = attribute(provider, device, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR);
    int minor = attribute(provider, device, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
    String driver =
        String.format(
            "CUDA %d.%d, compute capability %d.%d",
            version / 1000, version % 1000 / 10, major, minor);
    DeviceInfo info =
        new DeviceInfo(
            DeviceInfo.Type.GPU,
            string(name),
            driver,
            "",
            attribute(provider, device, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT),
            attribute(provider, device, CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK));
    return new Found(provider, number, 10 * major + minor, info);
  }

  private static int attribute(String provider, CUdevice device, int attribute) {
    int[] value = new int[1];
    check(provider, cuDeviceGetAttribute(value, attribute, device), "describe a device");
    return value[0];
  }

  /** What stands before the closing NUL. */
  private static String string(byte... bytes) {
    String text = new String(bytes, StandardCharsets.UTF_8);
    int end = text.indexOf('\0');
    return (end < 0 ? text : text.substring(0, end)).strip();
  }

  // ---- opening and closing

  static CudaDriver open(Found found) {
    CudaDriver driver = new CudaDriver(found);
    driver.check(cuDeviceGet(driver.device, found.number()), "find the device");
    driver.check(cuDevicePrimaryCtxRetain(driver.context, driver.device), "make a context");
    try {
      driver.start();
      return driver;
    } catch (RuntimeException e) {
      driver.close();
      throw e;
    }
  }

  private void start() {
    enter();
    check(cuStreamCreate(stream, CU_STREAM_NON_BLOCKING), "create a stream");
    check(cuEventCreate(began, 0), "create an event");
    check(cuEventCreate(ended, 0), "create an event");
    HostMemory table = pin(2 * Long.BYTES * MOST_ARGUMENTS);
    parameters = table.content().asLongBuffer();
    for (int i = 0; i < MOST_ARGUMENTS; i++) {
      parameters.put(MOST_ARGUMENTS + i, table.address() + (long) Long.BYTES * i);
    }
    parameterTable = table.withByteOffset((long) Long.BYTES * MOST_ARGUMENTS);
  }

  /** Calls of the driver are about the context that the calling thread has as its current one. */
  void enter() {
    check(cuCtxSetCurrent(context), "use the context");
  }

  /** Releases all but device memory and graphs, as far as a device that failed allows. */
  void close() {
    if (loaded) {
      cuModuleUnload(module);
    }
    pinned.forEach(memory -> cuMemFreeHost(memory));
    cuEventDestroy(began);
    cuEventDestroy(ended);
    cuStreamDestroy(stream);
    cuDevicePrimaryCtxRelease(device);
  }

  // ---- memory

  /** Device memory; its address is what kernels see. */
  long allocate(long bytes) {
    Address address = new Address();
    check(cuMemAlloc(address, bytes), "allocate " + bytes + " bytes");
    return address.value();
  }

  void free(long address) {
    check(cuMemFree(pointer(address)), "free memory");
  }

  /** Pinned memory of the host, released at close. */
  HostMemory pin(int bytes) {
    HostMemory memory = new HostMemory(bytes);
    check(cuMemHostAlloc(memory, bytes, 0), "pin " + bytes + " bytes of the host's memory");
    pinned.add(memory);
    return memory;
  }

  void copyIn(HostMemory from, long place, int bytes, long to) {
    begin();
    check(cuMemcpyHtoDAsync(pointer(to), from.withByteOffset(place), bytes, stream), "write");
  }

  void copyOut(long from, int bytes, HostMemory to) {
    begin();
    check(cuMemcpyDtoHAsync(to, pointer(from), bytes, stream), "read");
  }

  private static CUdeviceptr pointer(long address) {
    return ZERO.withByteOffset(address);
  }

  // ---- kernels

  /** Takes PTX; the driver makes machine code of it, and keeps that for the next time. */
  void load(String ptx) throws CompileException {
    byte[] image = (ptx + "\0").getBytes(StandardCharsets.UTF_8);
    JITOptions options = new JITOptions();
    options.putInt(CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES, LOG_BYTES);
    options.putBytes(CU_JIT_ERROR_LOG_BUFFER, new byte[LOG_BYTES]);
    int status = cuModuleLoadDataJIT(module, Pointer.to(image), options);
    if (status == CUDA_ERROR_UNSUPPORTED_PTX_VERSION || status == CUDA_ERROR_NO_BINARY_FOR_GPU) {
      check(status, "take the kernels");
    } else if (status != CUDA_SUCCESS) {
      String log = string(options.getBytes(CU_JIT_ERROR_LOG_BUFFER));
      throw new CompileException((log + "\n" + error(status)).strip(), null);
    }
    loaded = true;
  }

  /**
   * Finds a kernel of the program; the first one found has number 0.
   *
   * @return the most threads of a block
   */
  int find(String kernel) {
    CUfunction function = new CUfunction();
    check(cuModuleGetFunction(function, module, kernel), "find the kernel " + kernel);
    int[] most = new int[1];
    int attribute = CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK;
    check(cuFuncGetAttribute(most, attribute, function), "ask about " + kernel);
    functions.add(function);
    return most[0];
  }

  /** Queues a kernel; its arguments are the lowest bytes of so many words. */
  void launch(int kernel, String name, Grid grid, long[] words, int at, int count) {
    begin();
    parameters.put(0, words, at, count);
    int status =
        cuLaunchKernel(
            functions.get(kernel),
            grid.groups0(),
            grid.groups1(),
            1,
            grid.size0(),
            grid.size1(),
            1,
            0,
            stream,
            parameterTable,
            null);
    if (status != CUDA_SUCCESS) {
      check(status, "launch " + name + " on " + grid + " with " + count + " arguments");
    }
  }

  /** Notes when the first command after a wait begins; what queues one calls this before. */
  void begin() {
    if (!timing && !capturing) {
      timing = cuEventRecord(began, stream) == CUDA_SUCCESS;
    }
  }

  /** Waits for all that is queued; null if all is well, else the error. */
  String await() {
    boolean timed = timing && cuEventRecord(ended, stream) == CUDA_SUCCESS;
    timing = false;
    int status = cuStreamSynchronize(stream);
    float[] time = new float[1];
    if (timed && status == CUDA_SUCCESS && cuEventElapsedTime(time, began, ended) == CUDA_SUCCESS) {
      milliseconds += time[0];
    }
    return status == CUDA_SUCCESS ? null : error(status);
  }

  /** From the first command after a wait to the end of the last before the next, all told. */
  double milliseconds() {
    return milliseconds;
  }

  /** The stream, for libraries that are made for the runtime's interface. */
  cudaStream_t stream() {
    return new cudaStream_t(stream);
  }

  // ---- graphs

  /** Makes a graph of what the body would queue. */
  Object capture(Runnable body) {
    check(cuStreamBeginCapture(stream, CU_STREAM_CAPTURE_MODE_RELAXED), "capture a graph");
    CUgraph graph = new CUgraph();
    int status;
    capturing = true;
    try {
      body.run();
    } finally {
      capturing = false;
      status = cuStreamEndCapture(stream, graph);
    }
    check(status, "capture a graph");
    CUgraphExec executable = new CUgraphExec();
    status = cuGraphInstantiate(executable, graph, 0);
    cuGraphDestroy(graph);
    check(status, "make a graph");
    return executable;
  }

  void launch(Object graph) {
    begin();
    check(cuGraphLaunch((CUgraphExec) graph, stream), "launch a graph");
  }

  void release(Object graph) {
    cuGraphExecDestroy((CUgraphExec) graph);
  }

  // ---- errors

  /** The device, as errors name it. */
  String who() {
    return found.provider() + " (" + found.info().name() + ")";
  }

  private void check(int status, String what) {
    if (status != CUDA_SUCCESS) {
      check(who(), status, what);
    }
  }

  private static void check(String who, int status, String what) {
    if (status != CUDA_SUCCESS) {
      throw new BackendException(who + ": can not " + what + ": " + error(status));
    }
  }

  /** The driver's name, number and text of an error, and what to do. */
  private static String error(int status) {
    String[] name = new String[1];
    String[] text = new String[1];
    cuGetErrorName(status, name);
    cuGetErrorString(status, text);
    String known = name[0] == null ? stringFor(status) : name[0];
    return known + " (" + status + ")" + (text[0] == null ? "" : ": " + text[0]) + remedy(status);
  }

  private static String remedy(int status) {
    return switch (status) {
      case CUDA_ERROR_OUT_OF_MEMORY -> ". `nvidia-smi` shows what holds the device's memory";
      case CUDA_ERROR_UNSUPPORTED_PTX_VERSION, CUDA_ERROR_NO_BINARY_FOR_GPU ->
          ". The driver is too old for the kernels: install NVIDIA's driver 525 or newer";
      case CUDA_ERROR_ILLEGAL_ADDRESS, CUDA_ERROR_LAUNCH_FAILED, CUDA_ERROR_MISALIGNED_ADDRESS ->
          ". -Dunroll.sync=true waits for each launch and names the one that fails";
      default -> "";
    };
  }
}
