// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cuda;

import static jcuda.driver.JCudaDriver.*;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import jcuda.NativePointerObject;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;

/** The primary context of the emulated device with the kernels of {@code planted.cu}. */
final class PlantedContext implements AutoCloseable {
  private final CUdevice device = new CUdevice();
  private final CUmodule module = new CUmodule();
  private boolean open = true;

  private PlantedContext() {}

  /** Sets the driver up and opens its device; the test is left out where there is no g++. */
  static PlantedContext open(String settings) throws IOException {
    load(settings);
    PlantedContext context = new PlantedContext();
    succeed(cuInit(0));
    succeed(cuDeviceGet(context.device, 0));
    CUcontext primary = new CUcontext();
    succeed(cuDevicePrimaryCtxRetain(primary, context.device));
    succeed(cuCtxSetCurrent(primary));
    succeed(cuModuleLoadData(context.module, image("planted.ptx")));
    return context;
  }

  static void load(String settings) throws IOException {
    try {
      EmulatedDriver.load();
    } catch (IOException e) {
      if (e.getMessage().contains("needs g++") || e.getMessage().contains("needs jni.h")) {
        Machine.absent("cuda-emulated", e.getMessage());
      }
      throw e;
    }
    EmulatedDriver.configure(settings);
    EmulatedDriver.reports();
  }

  /** PTX as the driver wants it, with a NUL at its end. */
  static byte[] image(String resource) throws IOException {
    try (InputStream in = PlantedContext.class.getResourceAsStream(resource)) {
      byte[] text = in.readAllBytes();
      return Arrays.copyOf(text, text.length + 1);
    }
  }

  static byte[] image(String first, String replacement) throws IOException {
    String text = new String(image("planted.ptx"), StandardCharsets.UTF_8);
    assertThat(text).contains(first);
    return text.replace(first, replacement).getBytes(StandardCharsets.UTF_8);
  }

  static void succeed(int result) {
    fail(result, CUresult.CUDA_SUCCESS);
  }

  static void fail(int result, int expected) {
    assertThat(CUresult.stringFor(result)).isEqualTo(CUresult.stringFor(expected));
  }

  CUdeviceptr allocate(int floats) {
    CUdeviceptr memory = new CUdeviceptr();
    succeed(cuMemAlloc(memory, 4L * floats));
    return memory;
  }

  CUdeviceptr upload(float... values) {
    CUdeviceptr memory = allocate(values.length);
    succeed(cuMemcpyHtoD(memory, Pointer.to(values), 4L * values.length));
    return memory;
  }

  float[] download(CUdeviceptr memory, int floats) {
    float[] values = new float[floats];
    succeed(cuMemcpyDtoH(Pointer.to(values), memory, 4L * floats));
    return values;
  }

  void free(CUdeviceptr... all) {
    for (CUdeviceptr memory : all) {
      succeed(cuMemFree(memory));
    }
  }

  CUfunction function(String kernel) {
    CUfunction function = new CUfunction();
    succeed(cuModuleGetFunction(function, module, kernel));
    return function;
  }

  /** Groups of 64 threads on the default stream. */
  void launch(String kernel, int groups, Object... arguments) {
    succeed(tryLaunch(kernel, groups, 64, 0, null, arguments));
  }

  int tryLaunch(
      String kernel, int groups, int threads, int shared, CUstream stream, Object... arguments) {
    Pointer parameters = arguments(arguments);
    return cuLaunchKernel(
        function(kernel), groups, 1, 1, threads, 1, 1, shared, stream, parameters, null);
  }

  static Pointer arguments(Object... arguments) {
    return Pointer.to(
        Arrays.stream(arguments).map(PlantedContext::argument).toArray(NativePointerObject[]::new));
  }

  private static Pointer argument(Object argument) {
    if (argument instanceof Float f) {
      return Pointer.to(new float[] {f});
    }
    if (argument instanceof Integer i) {
      return Pointer.to(new int[] {i});
    }
    return argument == null ? new Pointer() : Pointer.to((CUdeviceptr) argument);
  }

  /** Ends the context; what was reported since it was opened. */
  List<String> end() {
    open = false;
    cuModuleUnload(module);
    succeed(cuDevicePrimaryCtxRelease(device));
    return EmulatedDriver.reports();
  }

  @Override
  public void close() {
    if (open) {
      end();
    }
  }
}
