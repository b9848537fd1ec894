// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cuda;

import static dev.unroll.cuda.PlantedContext.fail;
import static dev.unroll.cuda.PlantedContext.succeed;
import static jcuda.driver.CUresult.*;
import static jcuda.driver.JCudaDriver.*;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUstream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each bug of {@code planted.cu}, and each wrong use of a right kernel, is reported. */
class PlantedBugsTest {
  private static final int N = 128;

  private PlantedContext cuda;

  @BeforeEach
  void open() throws IOException {
    cuda = PlantedContext.open("seed=7,threads=2");
  }

  @AfterEach
  void close() {
    cuda.close();
  }

  private static float[] ramp() {
    float[] values = new float[N];
    for (int i = 0; i < N; i++) {
      values[i] = i - 40.25f;
    }
    return values;
  }

  private static float[] reversed() {
    float[] x = ramp();
    float[] y = new float[N];
    for (int i = 0; i < N; i++) {
      y[i] = x[i / 64 * 64 + 63 - i % 64];
    }
    return y;
  }

  /** The one problem, with its kernel and the instruction. */
  private void assertReported(String kernel, String... words) {
    assertThat(cuda.end())
        .singleElement()
        .asString()
        .contains(words)
        .contains(kernel)
        .containsIgnoringCase("line")
        .containsIgnoringCase("block")
        .containsIgnoringCase("thread");
  }

  @ParameterizedTest
  @ValueSource(strings = {"seed=0", "seed=1,threads=2", "seed=2,defer=off", "checks=off"})
  void correctTwinsReportNothing(String settings) {
    EmulatedDriver.configure(settings);
    CUdeviceptr x = cuda.upload(ramp());
    CUdeviceptr y = cuda.allocate(N);
    CUdeviceptr sum = cuda.upload(0.5f);
    cuda.launch("scale", 2, -2f, x, y, N);
    float[] scaled = cuda.download(y, N);
    cuda.launch("reverse", 2, x, y, N);
    assertThat(cuda.download(y, N)).isEqualTo(reversed());
    cuda.launch("copy4", 1, x, y, N);
    assertThat(cuda.download(y, N)).isEqualTo(ramp());
    cuda.launch("add_all", 2, x, sum, N);
    assertThat(cuda.download(sum, 1)).containsExactly(0.5f + N * (N - 1) / 2 - N * 40.25f);
    cuda.free(x, y, sum);
    assertThat(cuda.end()).isEmpty();
    for (int i = 0; i < N; i++) {
      assertThat(scaled[i]).isEqualTo(-2 * ramp()[i]);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "reverse_past_shared, shared, 700",
    "reverse_without_barrier, race, 719",
    "reverse_uninitialised, uninitialised, 719",
    "reverse_divergent_barrier, barrier, 719",
  })
  void sharedMemory(String kernel, String words, int error) {
    CUdeviceptr x = cuda.upload(ramp());
    CUdeviceptr y = cuda.allocate(N);
    cuda.launch(kernel, 2, x, y, N);
    fail(cuCtxSynchronize(), error);
    assertReported(kernel, words);
  }

  @Test
  void pastTheEnd() {
    CUdeviceptr x = cuda.upload(ramp());
    CUdeviceptr y = cuda.allocate(N);
    cuda.launch("scale_one_too_many", 3, 2f, x, y, N);
    fail(cuCtxSynchronize(), CUDA_ERROR_ILLEGAL_ADDRESS);
    assertReported("scale_one_too_many", "past the end");
  }

  @Test
  void globalRace() {
    CUdeviceptr x = cuda.upload(ramp());
    CUdeviceptr sum = cuda.upload(0);
    cuda.launch("add_all_racing", 2, x, sum, N);
    fail(cuCtxSynchronize(), CUDA_ERROR_LAUNCH_FAILED);
    assertReported("add_all_racing", "race");
  }

  @Test
  void uninitialised() {
    CUdeviceptr x = cuda.allocate(N);
    CUdeviceptr y = cuda.allocate(N);
    cuda.launch("scale", 2, 2f, x, y, N);
    fail(cuCtxSynchronize(), CUDA_ERROR_LAUNCH_FAILED);
    assertReported("scale", "uninitialised");
  }

  @Test
  void misalignedFloat4() {
    CUdeviceptr x = cuda.upload(ramp());
    CUdeviceptr y = cuda.allocate(N);
    cuda.launch("copy4", 1, x.withByteOffset(4), y, N - 4);
    fail(cuCtxSynchronize(), CUDA_ERROR_MISALIGNED_ADDRESS);
    assertReported("copy4", "misaligned");
  }

  @Test
  void gridTooSmall() {
    CUdeviceptr x = cuda.upload(ramp());
    CUdeviceptr y = cuda.allocate(N);
    cuda.launch("scale", 1, 2f, x, y, N);
    assertThat(cuda.download(y, N)[N - 1]).isNaN();
    cuda.free(x, y);
    assertThat(cuda.end()).singleElement().asString().contains("cuMemcpyDtoH", "never written");
  }

  @Test
  void useAfterFree() {
    CUdeviceptr x = cuda.upload(ramp());
    CUdeviceptr y = cuda.allocate(N);
    cuda.free(x);
    cuda.launch("scale", 2, 2f, x, y, N);
    fail(cuCtxSynchronize(), CUDA_ERROR_ILLEGAL_ADDRESS);
    assertReported("scale", "freed");
  }

  @Test
  void doubleFree() {
    CUdeviceptr x = cuda.upload(ramp());
    cuda.free(x);
    fail(cuMemFree(x), CUDA_ERROR_INVALID_VALUE);
    assertThat(cuda.end()).singleElement().asString().contains("cuMemFree", "was freed before");
  }

  @Test
  void freeOfAnotherAddress() {
    CUdeviceptr x = cuda.upload(ramp());
    fail(cuMemFree(x.withByteOffset(4)), CUDA_ERROR_INVALID_VALUE);
    cuda.free(x);
    assertThat(cuda.end()).singleElement().asString().contains("not the start of an allocation");
  }

  @Test
  void leakAtContextEnd() {
    CUstream stream = new CUstream();
    succeed(cuStreamCreate(stream, 0));
    Pointer pinned = new Pointer();
    succeed(cuMemHostAlloc(pinned, 48, 0));
    cuda.upload(ramp());
    assertThat(cuda.end())
        .hasSize(3)
        .allMatch(line -> line.startsWith("leak at context end: "))
        .anyMatch(line -> line.contains("device memory") && line.contains("512 bytes"))
        .anyMatch(line -> line.contains("pinned host memory") && line.contains("48 bytes"))
        .anyMatch(line -> line.contains("1 streams"));
  }

  @Test
  void missingArgument() {
    CUdeviceptr x = cuda.upload(ramp());
    fail(cuda.tryLaunch("scale", 2, 64, 0, null, 2f, x, null, N), CUDA_ERROR_INVALID_VALUE);
    cuda.free(x);
    assertThat(cuda.end())
        .singleElement()
        .asString()
        .contains("launch of scale", "argument 3 of 4 (u64) can not be read");
  }

  @Test
  void swappedArguments() {
    CUdeviceptr x = cuda.upload(ramp());
    CUdeviceptr y = cuda.allocate(N);
    cuda.launch("scale", 2, 2f, y, x, N);
    fail(cuCtxSynchronize(), CUDA_ERROR_LAUNCH_FAILED);
    assertReported("scale", "uninitialised");
  }

  @Test
  void hostAddressForADeviceAddress() {
    CUdeviceptr x = cuda.upload(ramp());
    Pointer parameters =
        Pointer.to(
            Pointer.to(new float[] {2}),
            Pointer.to(new long[] {12345680}),
            Pointer.to(x),
            Pointer.to(new int[] {N}));
    succeed(cuLaunchKernel(cuda.function("scale"), 2, 1, 1, 64, 1, 1, 0, null, parameters, null));
    fail(cuCtxSynchronize(), CUDA_ERROR_ILLEGAL_ADDRESS);
    assertReported("scale", "0xbc6", "is below every allocation");
  }

  @Test
  void launchesThatTheDeviceCanNotDo() {
    CUdeviceptr x = cuda.upload(ramp());
    Object[] arguments = {2f, x, x, N};
    fail(cuda.tryLaunch("scale", 1, 1056, 0, null, arguments), CUDA_ERROR_INVALID_VALUE);
    fail(cuda.tryLaunch("scale", 0, 64, 0, null, arguments), CUDA_ERROR_INVALID_VALUE);
    fail(cuda.tryLaunch("scale", 1, 64, 49153, null, arguments), CUDA_ERROR_INVALID_VALUE);
    cuda.free(x);
    assertThat(cuda.end())
        .hasSize(3)
        .allMatch(line -> line.startsWith("launch of scale, grid ("))
        .anyMatch(line -> line.endsWith("the block is too large"))
        .anyMatch(line -> line.endsWith("an extent is 0"))
        .anyMatch(line -> line.contains("49153 bytes of shared memory"));
  }

  /** Even of one element, on whatever page of the target. */
  @ParameterizedTest
  @ValueSource(ints = {0, N - 1, 1025, 5000})
  void hostReadBeforeSynchronisation(int place) {
    int n = 5001;
    CUdeviceptr x = cuda.upload(new float[n]);
    Pointer host = new Pointer();
    succeed(cuMemHostAlloc(host, 4L * n, 0));
    FloatBuffer seen = floats(host, n);
    succeed(cuMemcpyDtoHAsync(host, x, 4L * n, null));
    assertThat(seen.get(place)).isNaN();
    succeed(cuStreamSynchronize(null));
    float[] values = new float[n];
    seen.get(values);
    assertThat(values).containsOnly(0);
    succeed(cuMemFreeHost(host));
    cuda.free(x);
    assertThat(cuda.end())
        .containsExactly(
            "cuMemcpyDtoHAsync: the host read the target before the copy of 20004 bytes ran");
  }

  @Test
  void hostMayUseWhatLiesBesideATarget() {
    CUdeviceptr x = cuda.upload(ramp());
    CUdeviceptr y = cuda.allocate(N);
    Pointer host = new Pointer();
    succeed(cuMemHostAlloc(host, 8L * N, 0));
    FloatBuffer seen = floats(host, 2 * N);
    succeed(cuMemcpyDtoHAsync(host, x, 4L * N, null));
    seen.put(N, 3);
    succeed(cuMemcpyHtoDAsync(y, host, 4L * N, null)); // in order behind the copy into it
    succeed(cuMemcpyDtoHAsync(host, y, 4L * N, null));
    assertThat(seen.get(N)).isEqualTo(3);
    succeed(cuStreamSynchronize(null));
    float[] values = new float[N];
    seen.get(values);
    assertThat(values).isEqualTo(ramp());
    succeed(cuMemFreeHost(host));
    assertThat(cuda.download(y, N)).isEqualTo(ramp());
    cuda.free(x, y);
    assertThat(cuda.end()).isEmpty();
  }

  /** The JVM itself lives on the signal by which such reads are noticed. */
  @Test
  void jvmKeepsItsSignals() {
    hostReadBeforeSynchronisation(3);
    int sum = 0;
    for (int i = 0; i < 100_000; i++) {
      try {
        sum += length(i % 50 == 0 ? null : "x");
      } catch (NullPointerException e) {
        sum += 100;
      }
    }
    assertThat(sum).isEqualTo(98_000 + 200_000);
  }

  private static int length(String text) {
    return text.length();
  }

  private static FloatBuffer floats(Pointer host, int count) {
    return host.getByteBuffer(0, 4L * count).order(ByteOrder.nativeOrder()).asFloatBuffer();
  }

  @Test
  void hostWritesBeforeSynchronisation() {
    CUdeviceptr x = cuda.upload(ramp());
    CUdeviceptr y = cuda.allocate(N);
    Pointer host = new Pointer();
    succeed(cuMemHostAlloc(host, 8L * N, 0));
    FloatBuffer seen = floats(host, 2 * N);
    succeed(cuMemcpyDtoHAsync(host, x, 4L * N, null));
    seen.put(3, 1);
    succeed(cuMemcpyHtoDAsync(y, host.withByteOffset(4L * N), 4L * N, null));
    seen.put(N + 3, 1);
    succeed(cuStreamSynchronize(null));
    succeed(cuMemFreeHost(host));
    cuda.free(x, y);
    assertThat(cuda.end())
        .hasSize(2)
        .anyMatch(line -> line.startsWith("cuMemcpyDtoHAsync: the host wrote to the target"))
        .anyMatch(line -> line.startsWith("cuMemcpyHtoDAsync: the host changed the source"));
  }

  @Test
  void copiesPastTheEnd() {
    CUdeviceptr x = cuda.upload(ramp());
    float[] host = new float[N + 1];
    Arrays.fill(host, 7);
    fail(cuMemcpyDtoH(Pointer.to(host), x, 4L * N + 4), CUDA_ERROR_INVALID_VALUE);
    fail(cuMemcpyHtoD(x, Pointer.to(host), 4L * N + 4), CUDA_ERROR_INVALID_VALUE);
    fail(cuMemsetD32(x.withByteOffset(8), 0, N - 1), CUDA_ERROR_INVALID_VALUE);
    assertThat(host).containsOnly(7);
    assertThat(cuda.download(x, N)).isEqualTo(ramp());
    cuda.free(x);
    assertThat(cuda.end()).hasSize(3).allMatch(line -> line.contains("past the end"));
  }
}
