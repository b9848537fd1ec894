// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cuda;

import dev.unroll.BackendException;
import dev.unroll.Buffer;
import dev.unroll.ElementType;
import dev.unroll.Tensor;
import dev.unroll.kernels.CompileException;
import dev.unroll.kernels.Device;
import dev.unroll.kernels.DeviceInfo;
import dev.unroll.kernels.Grid;
import dev.unroll.kernels.ProductLibrary;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A CUDA device. What is queued goes by a {@link Submission}, so that a training step that was seen
 * before is one launch of a graph.
 */
final class CudaDevice implements Device {
  private static final int STAGING_BYTES = 16 << 20;
  private static final int RESULT_BYTES = 4 << 20;

  private final CudaDriver driver;
  private final DeviceInfo info;
  private final Set<Memory> live = new HashSet<>();
  private final Map<String, Integer> numbers = new HashMap<>();
  private final Submission submission = new Submission(new Queue());
  private final boolean waitsForEach = Boolean.getBoolean("unroll.sync");
  private final CudaDriver.HostMemory stagingMemory;
  private final CudaDriver.HostMemory results;
  private final Staging staging;
  private CublasMatmul cublas;
  private long workspace;
  private String noCublas;
  private List<String> kernels = List.of();
  private int[] sinceWait = {};
  private Grid lastGrid;
  private long[] words = new long[64];
  private String noGraphs = Boolean.getBoolean("unroll.cuda.nographs") ? "switched off" : null;
  private boolean capturing;
  private long kernelLaunches;
  private boolean closed;

  /** Memory of the device. */
  private record Memory(ElementType type, long capacity, long address) implements Buffer {
    @Override
    public boolean equals(Object other) {
      return this == other;
    }

    @Override
    public int hashCode() {
      return Long.hashCode(address);
    }
  }

  private CudaDevice(CudaDriver driver, DeviceInfo info) {
    this.driver = driver;
    this.info = info;
    this.stagingMemory = driver.pin(STAGING_BYTES);
    this.results = driver.pin(RESULT_BYTES);
    this.staging = new Staging(stagingMemory.content());
  }

  /**
   * Opens a device.
   *
   * @throws BackendException with the driver's error, such as too little memory
   */
  static CudaDevice open(CudaDriver.Found found) {
    CudaDriver driver = CudaDriver.open(found);
    try {
      return new CudaDevice(driver, found.info());
    } catch (RuntimeException e) {
      driver.close();
      throw e;
    }
  }

  /** Releases all there is, of a device that failed too. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      driver.enter();
      driver.await();
      submission.releaseGraphs();
      if (cublas != null) {
        cublas.close();
        driver.free(workspace);
      }
      live.forEach(memory -> driver.free(memory.address()));
    } catch (BackendException e) {
      // A failed device answers every call so, and loses its memory with the context.
    }
    live.clear();
    driver.close();
  }

  @Override
  public DeviceInfo info() {
    return info;
  }

  @Override
  public List<String> notes() {
    String graphs =
        noGraphs == null
            ? submission.replays() + " graphs launched, " + submission.graphs() + " kept"
            : "no graphs: " + noGraphs;
    String launches = graphs + ", " + kernelLaunches + " kernels launched by themselves";
    return Stream.of(launches, time(), noCublas).filter(Objects::nonNull).toList();
  }

  /** By events of the device; what an emulated one would say is nobody's time. */
  private String time() {
    return info.name().contains("emulated")
        ? "device time: not told, the device is emulated"
        : String.format(
            Locale.ROOT,
            "device time: %.3f s from first commands to waits",
            driver.milliseconds() / 1e3);
  }

  /** The time of {@link #notes}, told or not. */
  double milliseconds() {
    return driver.milliseconds();
  }

  /** Kernels handed to the driver one by one; those that were only captured are not counted. */
  long kernelLaunches() {
    return kernelLaunches;
  }

  long graphLaunches() {
    return submission.replays();
  }

  // ---- memory

  @Override
  public Buffer allocate(ElementType type, long elements) {
    driver.enter();
    try {
      Memory memory = new Memory(type, elements, driver.allocate(4 * Math.max(1, elements)));
      live.add(memory);
      return memory;
    } catch (BackendException e) {
      throw explained(e);
    }
  }

  /** Buffers taken and not given back. */
  int liveBuffers() {
    return live.size();
  }

  /** Waits first, for what is queued may use the memory. So may graphs: they are built anew. */
  @Override
  public void free(Buffer buffer) {
    Memory memory = (Memory) buffer;
    if (live.remove(memory)) {
      synchronize();
      submission.releaseGraphs();
      driver.free(memory.address());
    }
  }

  @Override
  public void write(float[] src, Buffer dst, int at) {
    for (int from = 0; from < src.length; ) {
      int count = room(src.length - from);
      copy(staging.put(src, from, count), count, dst, (long) at + from);
      from += count;
    }
  }

  @Override
  public void write(int[] src, int from, int count, Buffer dst, int at) {
    for (int done = 0; done < count; ) {
      int part = room(count - done);
      copy(staging.put(src, from + done, part), part, dst, (long) at + done);
      done += part;
    }
  }

  /** How many of so many elements can be staged now, after a wait if there is no other way. */
  private int room(int elements) {
    if (staging.room(elements) == 0) {
      synchronize();
    }
    return staging.room(elements);
  }

  private void copy(int place, int count, Buffer dst, long at) {
    driver.enter();
    submission.copy(place, 4 * count, ((Memory) dst).address() + 4 * at);
    waitIfAsked();
  }

  @Override
  public void read(Buffer src, int at, int count, float[] dst) {
    driver.enter();
    submission.finish();
    for (int done = 0; done < count; ) {
      int part = Math.min(count - done, RESULT_BYTES / 4);
      long from = ((Memory) src).address() + 4L * (at + done);
      hand(() -> driver.copyOut(from, 4 * part, results));
      await();
      results.content().asFloatBuffer().get(dst, done, part);
      done += part;
    }
  }

  // ---- programs

  @Override
  public Map<String, Integer> compile(String ptx) throws CompileException {
    driver.enter();
    driver.load(ptx);
    Map<String, Integer> limits = new HashMap<>();
    for (String kernel : Ptx.kernels(ptx)) {
      numbers.put(kernel, limits.size());
      limits.put(kernel, driver.find(kernel));
    }
    kernels = new ArrayList<>(Ptx.kernels(ptx));
    kernels.add("cublasSgemm");
    sinceWait = new int[kernels.size()];
    return limits;
  }

  /** The driver keeps what it made of PTX. */
  @Override
  public Optional<byte[]> binary() {
    return Optional.empty();
  }

  @Override
  public Map<String, Integer> load(byte[] program) {
    throw new BackendException(driver.who() + ": takes PTX only");
  }

  // ---- running

  @Override
  public void launch(String kernel, Grid grid, Object... arguments) {
    if (arguments.length > words.length) {
      words = new long[arguments.length];
    }
    for (int i = 0; i < arguments.length; i++) {
      words[i] = word(arguments[i]);
    }
    queue(numbers.get(kernel), grid, arguments.length);
  }

  private void queue(int number, Grid grid, int arguments) {
    driver.enter();
    sinceWait[number]++;
    lastGrid = grid;
    submission.launch(number, grid, words, arguments);
    waitIfAsked();
  }

  private static long word(Object argument) {
    if (argument instanceof Memory memory) {
      return memory.address();
    }
    return argument instanceof Integer number ? number : Float.floatToRawIntBits((Float) argument);
  }

  private void waitIfAsked() {
    if (waitsForEach) {
      synchronize();
    }
  }

  /** Opens cuBLAS for products in fast precision; null, and a note, if it is not there. */
  ProductLibrary cublas() {
    try {
      CublasMatmul.load();
    } catch (NoCudaException e) {
      noCublas = e.getMessage();
      return null;
    }
    driver.enter();
    workspace = driver.allocate(CublasMatmul.WORKSPACE_BYTES);
    cublas = CublasMatmul.open(driver.stream(), workspace, Boolean.getBoolean("unroll.cuda.tf32"));
    return new Cublas();
  }

  /** Products that wait in the queue like launches. */
  private final class Cublas implements ProductLibrary {
    @Override
    public boolean takes(Tensor a, Tensor b, Tensor out) {
      return Gemm.of(a, b, out).isPresent();
    }

    @Override
    public void multiply(Tensor a, Tensor b, float beta, Tensor out) {
      Gemm gemm = Gemm.of(a, b, out).orElseThrow();
      CublasMatmul.words(
          gemm, beta, address(gemm.a()), address(gemm.b()), address(gemm.c()), words);
      queue(kernels.size() - 1, new Grid(1, 1, 1, 1), CublasMatmul.WORDS);
    }

    private static long address(Gemm.Operand operand) {
      Tensor x = operand.tensor();
      return ((Memory) x.buffer()).address() + 4L * x.offset();
    }

    @Override
    public String note() {
      return cublas.note();
    }
  }

  @Override
  public void synchronize() {
    driver.enter();
    submission.finish();
    await();
  }

  private void await() {
    String error = driver.await();
    if (error != null) {
      throw failed(error, null);
    }
    staging.reset();
    Arrays.fill(sinceWait, 0);
  }

  /** Hands a command to the driver. */
  private void hand(Runnable command) {
    try {
      command.run();
    } catch (BackendException e) {
      throw explained(e);
    }
  }

  /** What failed before is told by whatever is asked next: a wait says whether it was that. */
  private BackendException explained(BackendException e) {
    String earlier = capturing ? null : driver.await();
    return earlier == null ? e : failed(earlier, e);
  }

  private BackendException failed(String error, BackendException cause) {
    return new BackendException(
        driver.who() + ": one of these launches failed: " + launchesSinceWait() + ": " + error,
        false,
        cause);
  }

  private String launchesSinceWait() {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < sinceWait.length; i++) {
      if (sinceWait[i] > 0) {
        names.add(kernels.get(i) + (sinceWait[i] > 1 ? " x " + sinceWait[i] : ""));
      }
    }
    boolean one = Arrays.stream(sinceWait).sum() == 1;
    return names.isEmpty()
        ? "none (a copy)"
        : String.join(", ", names) + (one ? " on " + lastGrid : "");
  }

  /** What a submission does: all that goes to the stream. */
  private final class Queue implements Submission.Driver {
    @Override
    public void launch(int kernel, Grid grid, long[] from, int at, int arguments) {
      if (kernel == kernels.size() - 1) {
        driver.begin();
        cublas.multiply(from, at);
      } else {
        hand(() -> driver.launch(kernel, kernels.get(kernel), grid, from, at, arguments));
      }
      kernelLaunches += capturing ? 0 : 1;
    }

    @Override
    public void copy(int from, int bytes, long to) {
      hand(() -> driver.copyIn(stagingMemory, from, bytes, to));
    }

    /** A driver that can make no graph is not asked again. */
    @Override
    public Object capture(Runnable body) {
      if (noGraphs != null) {
        return null;
      }
      capturing = true;
      try {
        return driver.capture(body);
      } catch (BackendException e) {
        noGraphs = e.getMessage();
        return null;
      } finally {
        capturing = false;
      }
    }

    @Override
    public void launch(Object graph) {
      hand(() -> driver.launch(graph));
    }

    @Override
    public void release(Object graph) {
      driver.release(graph);
    }
  }
}
