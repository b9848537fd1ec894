// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cuda;

import static dev.unroll.cuda.PlantedContext.fail;
import static dev.unroll.cuda.PlantedContext.succeed;
import static jcuda.driver.CUdevice_attribute.*;
import static jcuda.driver.CUresult.*;
import static jcuda.driver.JCudaDriver.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUfunction;
import jcuda.driver.CUfunction_attribute;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUgraphNode;
import jcuda.driver.CUmodule;
import jcuda.driver.CUstream;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.CUstream_flags;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The emulated driver keeps the promises of the real one, and fails as it does. */
class EmulatedDriverTest {
  private PlantedContext cuda;

  @BeforeEach
  void open() throws IOException {
    cuda = PlantedContext.open("");
  }

  @AfterEach
  void close() {
    cuda.close();
  }

  private static CUstream stream(int flags) {
    CUstream stream = new CUstream();
    succeed(cuStreamCreate(stream, flags));
    return stream;
  }

  private void scale(CUstream stream, float factor, CUdeviceptr x, CUdeviceptr y, int n) {
    succeed(cuda.tryLaunch("scale", n / 64 + 1, 64, 0, stream, factor, x, y, n));
  }

  @Test
  void saysThatItIsEmulated() {
    byte[] name = new byte[100];
    succeed(cuDeviceGetName(name, name.length, new CUdevice()));
    assertThat(new String(name, StandardCharsets.US_ASCII)).contains("emulated", "no GPU");
  }

  @ParameterizedTest
  @CsvSource({"75, 7, 5, 1024", "80, 8, 0, 2048", "89, 8, 9, 1536", "90, 9, 0, 2048"})
  void capability(int capability, int major, int minor, int threads) {
    EmulatedDriver.configure("capability=" + capability + ",driver=12020,memory=64M");
    CUdevice device = new CUdevice();
    int[] value = new int[1];
    succeed(cuDeviceGetAttribute(value, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, device));
    assertThat(value[0]).isEqualTo(major);
    succeed(cuDeviceGetAttribute(value, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, device));
    assertThat(value[0]).isEqualTo(minor);
    succeed(
        cuDeviceGetAttribute(value, CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR, device));
    assertThat(value[0]).isEqualTo(threads);
    succeed(cuDriverGetVersion(value));
    assertThat(value[0]).isEqualTo(12020);
    long[] total = new long[1];
    succeed(cuDeviceTotalMem(total, device));
    assertThat(total[0]).isEqualTo(64L << 20);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "speed=3",
        "checks=yes",
        "seed=-1",
        "memory=2T",
        "fail=alloc:0",
        "fail=all:1",
        "x"
      })
  void refusesUnknownSettings(String settings) {
    assertThatThrownBy(() -> EmulatedDriver.configure("seed=1," + settings))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'" + settings + "'");
  }

  @Test
  void noDevice() {
    EmulatedDriver.configure("devices=0");
    fail(cuInit(0), CUDA_ERROR_NO_DEVICE);
  }

  @ParameterizedTest
  @CsvSource({
    "'.version 7.0', '.version 8.6', 222, PTX 8.6 is newer than driver 12060 takes",
    "'.target sm_75', '.target sm_80', 209, 'PTX for sm_80, the device is sm_75'",
    "'atom.global.add.f32', 'atom.global.frob.f32', 218, frob",
  })
  void refusesModules(String part, String replacement, int error, String words) throws IOException {
    byte[] image = PlantedContext.image(part, replacement);
    fail(cuModuleLoadData(new CUmodule(), image), error);
    assertThat(EmulatedDriver.reports()).singleElement().asString().contains(words);
  }

  @Test
  void functionsOfAModule() {
    CUfunction reverse = cuda.function("reverse");
    int[] value = new int[1];
    succeed(
        cuFuncGetAttribute(
            value, CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK, reverse));
    assertThat(value[0]).isEqualTo(1024);
    succeed(
        cuFuncGetAttribute(
            value, CUfunction_attribute.CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES, reverse));
    assertThat(value[0]).isEqualTo(256);
    succeed(cuOccupancyMaxActiveBlocksPerMultiprocessor(value, reverse, 512, 0));
    assertThat(value[0]).isBetween(1, 2);
    succeed(cuOccupancyMaxActiveBlocksPerMultiprocessor(value, reverse, 64, 32 << 10));
    assertThat(value[0]).isEqualTo(1);
    fail(cuModuleGetFunction(new CUfunction(), new CUmodule(), "reverse"), 400);
  }

  @Test
  void entryPointThatIsNotEmulated() {
    fail(cuMemAllocManaged(new CUdeviceptr(), 4, 1), CUDA_ERROR_NOT_SUPPORTED);
    assertThat(EmulatedDriver.reports())
        .containsExactly("cuMemAllocManaged is not part of the emulated driver");
  }

  @Test
  void contextIsPerThread() throws InterruptedException {
    AtomicInteger elsewhere = new AtomicInteger();
    Thread thread = new Thread(() -> elsewhere.set(cuCtxSynchronize()));
    thread.start();
    thread.join();
    fail(elsewhere.get(), CUDA_ERROR_INVALID_CONTEXT);
  }

  @Test
  void handlesOfAnEndedContext() {
    CUcontext old = new CUcontext();
    succeed(cuCtxGetCurrent(old));
    cuda.end();
    fail(cuCtxSynchronize(), CUDA_ERROR_CONTEXT_IS_DESTROYED);
    fail(cuCtxSetCurrent(old), CUDA_ERROR_CONTEXT_IS_DESTROYED);
    fail(cuDevicePrimaryCtxRelease(new CUdevice()), CUDA_ERROR_INVALID_CONTEXT);
  }

  @ParameterizedTest
  @ValueSource(strings = {"defer=on", "defer=off"})
  void errorsStayUntilTheContextEnds(String settings) throws IOException {
    EmulatedDriver.configure(settings);
    CUdeviceptr x = cuda.upload(1, 2, 3);
    scale(null, 1, x, x, 300);
    fail(cuCtxSynchronize(), CUDA_ERROR_ILLEGAL_ADDRESS);
    fail(cuMemAlloc(new CUdeviceptr(), 4), CUDA_ERROR_ILLEGAL_ADDRESS);
    fail(cuMemcpyDtoH(Pointer.to(new float[1]), x, 4), CUDA_ERROR_ILLEGAL_ADDRESS);
    fail(cuMemFree(x), CUDA_ERROR_ILLEGAL_ADDRESS);
    assertThat(cuda.end()).hasSize(1);
    cuda = PlantedContext.open("");
    x = cuda.upload(1, 2, 3);
    scale(null, 2, x, x, 3);
    assertThat(cuda.download(x, 3)).containsExactly(2, 4, 6);
  }

  @ParameterizedTest
  @CsvSource({"launch, 719", "illegal, 700", "lost, 999"})
  void injectedKernelFailures(String failure, int error) throws IOException {
    CUdeviceptr x = cuda.upload(1, 2, 3);
    EmulatedDriver.configure("fail=" + failure + ":2");
    scale(null, 2, x, x, 3);
    assertThat(cuda.download(x, 3)).containsExactly(2, 4, 6);
    scale(null, 2, x, x, 3);
    fail(cuCtxSynchronize(), error);
    fail(cuMemFree(x), error);
    assertThat(EmulatedDriver.counters()).containsEntry("liveBytes", 0L);
    assertThat(cuda.end()).isEmpty();
    cuda = PlantedContext.open("");
    assertThat(cuda.download(cuda.upload(5), 1)).containsExactly(5);
  }

  @Test
  void memoryEnds() {
    EmulatedDriver.configure("memory=1M,fail=alloc:2");
    CUdeviceptr first = cuda.allocate(1000);
    fail(cuMemAlloc(new CUdeviceptr(), 4), CUDA_ERROR_OUT_OF_MEMORY);
    fail(cuMemAlloc(new CUdeviceptr(), 4), CUDA_ERROR_OUT_OF_MEMORY);
    EmulatedDriver.configure("memory=1M");
    fail(cuMemAlloc(new CUdeviceptr(), 1 << 20), CUDA_ERROR_OUT_OF_MEMORY);
    long[] free = new long[1];
    long[] total = new long[1];
    succeed(cuMemGetInfo(free, total));
    assertThat(total[0] - free[0]).isEqualTo(4000);
    cuda.free(first);
    CUdeviceptr all = cuda.allocate(1 << 18);
    cuda.free(all);
    assertThat(cuda.end()).isEmpty();
  }

  @Test
  void streamsRunWhenAwaited() {
    CUstream stream = stream(CUstream_flags.CU_STREAM_NON_BLOCKING);
    CUdeviceptr x = cuda.upload(1, 2, 3);
    scale(stream, 2, x, x, 3);
    fail(cuStreamQuery(stream), CUDA_ERROR_NOT_READY);
    succeed(cuStreamQuery(stream));
    scale(stream, 2, x, x, 3);
    assertThat(cuda.download(x, 3)).containsExactly(2, 4, 6); // does not wait for this stream
    succeed(cuStreamSynchronize(stream));
    assertThat(cuda.download(x, 3)).containsExactly(4, 8, 12);
    succeed(cuStreamDestroy(stream));
    fail(cuStreamSynchronize(stream), CUDA_ERROR_INVALID_HANDLE);
    cuda.free(x);
    assertThat(cuda.end()).isEmpty();
  }

  @Test
  void defaultStreamKeepsOrder() {
    CUstream first = stream(0);
    CUstream second = stream(0);
    CUdeviceptr x = cuda.upload(1, 2, 3);
    scale(first, 2, x, x, 3);
    scale(null, -1, x, x, 3);
    succeed(cuMemsetD32Async(x, 0, 1, second));
    succeed(cuStreamSynchronize(second));
    assertThat(cuda.download(x, 3)).containsExactly(0, -4, -6);
    succeed(cuStreamDestroy(first));
    succeed(cuStreamDestroy(second));
    cuda.free(x);
    assertThat(cuda.end()).isEmpty();
  }

  @Test
  void eventsOrderStreams() {
    CUstream first = stream(CUstream_flags.CU_STREAM_NON_BLOCKING);
    CUstream second = stream(CUstream_flags.CU_STREAM_NON_BLOCKING);
    CUevent start = new CUevent();
    CUevent end = new CUevent();
    succeed(cuEventCreate(start, 0));
    succeed(cuEventCreate(end, 0));
    CUdeviceptr x = cuda.upload(1, 2, 3);
    CUdeviceptr y = cuda.allocate(3);
    succeed(cuEventRecord(start, first));
    scale(first, 2, x, x, 3);
    succeed(cuEventRecord(end, first));
    scale(first, 5, x, x, 3);
    succeed(cuStreamWaitEvent(second, end, 0));
    succeed(cuMemcpyDtoDAsync(y, x, 12, second));
    float[] milliseconds = new float[1];
    fail(cuEventElapsedTime(milliseconds, start, end), CUDA_ERROR_NOT_READY);
    succeed(cuStreamSynchronize(second));
    assertThat(cuda.download(y, 3)).containsExactly(2, 4, 6);
    succeed(cuEventElapsedTime(milliseconds, start, end));
    assertThat(milliseconds[0]).isPositive();
    succeed(cuEventDestroy(start));
    succeed(cuEventDestroy(end));
    succeed(cuStreamDestroy(first));
    succeed(cuStreamDestroy(second));
    cuda.free(x, y);
    assertThat(cuda.end()).isEmpty();
  }

  @Test
  void pageableSourcesAreTakenAtOnce() {
    CUdeviceptr x = cuda.allocate(3);
    float[] values = {1, 2, 3};
    succeed(cuMemcpyHtoDAsync(x, Pointer.to(values), 12, null));
    values[1] = 9;
    succeed(cuMemcpyDtoHAsync(Pointer.to(values), x, 12, null));
    assertThat(values).containsExactly(1, 2, 3);
    cuda.free(x);
    assertThat(cuda.end()).isEmpty();
  }

  @Test
  void graphs() {
    CUstream stream = stream(CUstream_flags.CU_STREAM_NON_BLOCKING);
    CUdeviceptr x = cuda.upload(1, 2, 3);
    CUdeviceptr y = cuda.upload(0, 0, 0);
    succeed(cuStreamBeginCapture(stream, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_GLOBAL));
    scale(stream, 2, x, x, 3);
    succeed(cuMemcpyDtoDAsync(y, x, 12, stream));
    CUgraph graph = new CUgraph();
    succeed(cuStreamEndCapture(stream, graph));
    long[] nodes = new long[1];
    succeed(cuGraphGetNodes(graph, (CUgraphNode[]) null, nodes));
    assertThat(nodes[0]).isEqualTo(2);
    CUgraphExec executable = new CUgraphExec();
    succeed(cuGraphInstantiate(executable, graph, 0));
    succeed(cuGraphDestroy(graph));
    EmulatedDriver.configure("");
    succeed(cuGraphLaunch(executable, stream));
    succeed(cuGraphLaunch(executable, stream));
    succeed(cuStreamSynchronize(stream));
    assertThat(cuda.download(y, 3)).containsExactly(4, 8, 12);
    assertThat(EmulatedDriver.counters())
        .containsAllEntriesOf(
            Map.of("launches", 0L, "graphLaunches", 2L, "kernels", 2L, "bytesOut", 12L));
    succeed(cuGraphExecDestroy(executable));
    fail(cuGraphLaunch(executable, stream), CUDA_ERROR_INVALID_HANDLE);
    succeed(cuStreamDestroy(stream));
    cuda.free(x, y);
    assertThat(cuda.end()).isEmpty();
  }

  @Test
  void whatSpoilsACapture() {
    CUstream stream = stream(CUstream_flags.CU_STREAM_NON_BLOCKING);
    CUgraph graph = new CUgraph();
    succeed(cuStreamBeginCapture(stream, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_RELAXED));
    CUdeviceptr x = cuda.upload(1, 2, 3);
    fail(
        cuMemcpyHtoDAsync(x, Pointer.to(new float[3]), 12, stream),
        CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
    fail(cuStreamEndCapture(stream, graph), CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
    succeed(cuStreamBeginCapture(stream, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_GLOBAL));
    fail(cuMemAlloc(new CUdeviceptr(), 4), CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
    fail(cuStreamEndCapture(stream, graph), CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
    fail(cuStreamEndCapture(stream, graph), CUDA_ERROR_ILLEGAL_STATE);
    succeed(cuStreamDestroy(stream));
    cuda.free(x);
    assertThat(cuda.end())
        .containsExactly(
            "cuMemcpyHtoDAsync with pageable host memory while a stream is capturing",
            "cuMemAlloc while a stream is capturing");
  }

  @Test
  void coverageAndCounters() {
    EmulatedDriver.configure("coverage=on");
    CUdeviceptr x = cuda.upload(1, 2, 3);
    scale(null, 2, x, x, 0);
    succeed(cuCtxSynchronize());
    assertThat(neverRun("scale")).contains("st.global.f32");
    scale(null, 2, x, x, 3);
    succeed(cuCtxSynchronize());
    assertThat(neverRun("scale")).doesNotContain("st.global.f32");
    assertThat(EmulatedDriver.counters())
        .containsAllEntriesOf(
            Map.of("scale.launches", 2L, "scale.globalLoads", 12L, "scale.globalStores", 12L));
  }

  private static String neverRun(String kernel) {
    return EmulatedDriver.coverage()
        .lines()
        .filter(line -> line.startsWith(kernel + ":"))
        .findFirst()
        .orElse("");
  }
}
