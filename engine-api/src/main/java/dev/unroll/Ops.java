// SPDX-License-Identifier: Apache-2.0

package dev.unroll;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The operations as users call them: each checks shapes, lifetimes, aliasing and ownership, with
 * one set of messages for all backends, and then runs on the backend. What each computes stands at
 * {@link Operations} and {@link FusedOperations}.
 *
 * <p>A handle with its arenas and tensors belongs to the thread that opened it, until another calls
 * {@link #adopt}. For more parallelism open the backend once per thread. A caller's mistake throws
 * {@link IllegalArgumentException} or {@link IllegalStateException}; the device's failure {@link
 * BackendException}.
 */
public final class Ops extends CheckedOperations implements AutoCloseable {
  private final Backend backend;
  private final Pool pool;
  private final Set<String> notes = new LinkedHashSet<>();
  private final List<Arena> arenas = new ArrayList<>();
  private volatile Thread owner = Thread.currentThread();
  private boolean closed;

  /**
   * Wraps an open backend, which is closed with this.
   *
   * @param backend the backend
   */
  public Ops(Backend backend) {
    super(backend);
    this.backend = backend;
    this.pool = new Pool(this, backend, memoryLimit(backend));
  }

  private static long memoryLimit(Backend backend) {
    String limit = System.getProperty("unroll.memory");
    try {
      return limit == null ? Long.MAX_VALUE : Long.parseLong(limit);
    } catch (NumberFormatException e) {
      backend.close();
      throw new IllegalArgumentException(
          "-Dunroll.memory=" + limit + ": must be a number of bytes, such as 2000000000", e);
    }
  }

  /**
   * The backend's name and device.
   *
   * @return such as {@code "cpu (16 lanes, 2 threads)"}
   */
  public String name() {
    return backend.name();
  }

  /**
   * What ran so far and where.
   *
   * @return the record
   */
  public Placement placement() {
    Placement p = backend.placement();
    List<String> all = new ArrayList<>(p.notes());
    all.addAll(notes);
    return new Placement(
        p.backend(),
        p.device(),
        p.driver(),
        p.precision(),
        p.launches(),
        p.bytesIn(),
        p.bytesOut(),
        all);
  }

  /**
   * Adds a line to the placement record, once: which form was chosen, and why a slower one was.
   *
   * @param line the line
   */
  public void note(String line) {
    notes.add(line);
  }

  /**
   * What the memory holds.
   *
   * @return bytes and buffers
   */
  public MemoryUse memory() {
    return pool.use();
  }

  /**
   * Opens an arena.
   *
   * @param label its name in messages
   * @return the arena, to be closed
   */
  public Arena arena(String label) {
    begin("arena");
    refuseRecording("arena", "open '" + label + "' outside: its memory would be used for others");
    Arena arena = new Arena(this, label);
    arenas.add(arena);
    return arena;
  }

  /**
   * Runs some work and records its operations, to be run again without it: see {@link Recording}.
   *
   * <p>In the work, nothing can be read and no arena opened, and values can be written only to
   * tensors of the recording's own arena, which get the same in each run. So an optimiser's step,
   * which has a learning rate of its own, stands outside, and {@link
   * dev.unroll.nn.Pass#withRecompute} can not be recorded.
   *
   * @param label name in messages
   * @param work done once, now, with an arena that lives as long as the recording
   * @return the recording, to be closed
   * @throws IllegalStateException if the work does what a run would not repeat; it says what to do
   *     instead, and nothing is recorded
   */
  public Recording record(String label, Consumer<Arena> work) {
    Arena arena = arena(label);
    Recording recording = new Recording(this, arena);
    record(recording, backend);
    try {
      work.accept(arena);
      recording.end();
      return recording;
    } catch (Throwable e) {
      arena.close();
      throw e;
    } finally {
      record(null, backend);
    }
  }

  private void refuseRecording(String op, String remedy) {
    if (recording() != null) {
      throw new IllegalStateException(
          op
              + ": a run of recording '"
              + recording().label()
              + "' would not do this again; "
              + remedy);
    }
  }

  /** Refuses a write to what is not the recording's own: each run would write the same. */
  private void requireOwn(Storage storage, Object view) {
    if (!recording().owns(storage)) {
      throw new IllegalStateException(
          "write: each run of recording '"
              + recording().label()
              + "' would write the same to "
              + view
              + "; write it outside, before each run");
    }
  }

  /** Makes the calling thread the owner; the one before must have stopped using this handle. */
  public void adopt() {
    owner = Thread.currentThread();
  }

  /**
   * Closes the backend and frees everything.
   *
   * @throws IllegalStateException if arenas were still open; it names them, and all is freed
   */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    begin("close");
    List<Arena> open = List.copyOf(arenas);
    try {
      open.forEach(Arena::close);
      pool.flush();
    } finally { // a device that failed frees nothing, but lets go of everything when it is closed
      closed = true;
      backend.close();
    }
    if (!open.isEmpty()) {
      throw new IllegalStateException(
          "close: "
              + backend.name()
              + " was closed with open arenas: "
              + open.stream().map(a -> "'" + a.label() + "'").collect(Collectors.joining(", "))
              + "; close each arena first (try-with-resources)");
    }
  }

  // ---- transfer

  /**
   * Copies values to the device.
   *
   * @param values row-major; exactly as many as dst has
   * @param dst any view
   */
  public void write(float[] values, Tensor dst) {
    begin("write");
    checks.output("write", "dst", dst);
    if (values.length != dst.size()) {
      throw new IllegalArgumentException(
          "write: " + values.length + " values do not fill " + dst + " of " + dst.size());
    }
    if (recording() != null) {
      requireOwn(dst.storage(), dst);
      if (!dst.isDense()) {
        refuseRecording("write", "write to a dense tensor and copy that to " + dst);
      }
      float[] kept = values.clone();
      recording().add(() -> backend.write(kept, dst));
    }
    if (dst.isDense()) {
      backend.write(values, dst);
      return;
    }
    try (Arena staging = arena("write")) {
      Tensor dense = staging.tensor(dst.rows(), dst.cols());
      backend.write(values, dense);
      backend.copy(dense, dst);
    }
  }

  /**
   * Copies index values to the device.
   *
   * @param values exactly as many as dst has
   * @param dst destination
   */
  public void write(int[] values, Indices dst) {
    checks.length("write", "values' destination", dst, values.length);
    write(values, 0, dst);
  }

  /**
   * Copies index values to the device.
   *
   * @param values source
   * @param from first value taken; as many as dst has
   * @param dst destination
   */
  public void write(int[] values, int from, Indices dst) {
    begin("write");
    checks.usable("write", "dst", dst);
    if (from < 0 || from > values.length - dst.length()) {
      throw new IllegalArgumentException(
          "write: " + dst + " from " + from + " is outside " + values.length + " values");
    }
    if (recording() != null) {
      requireOwn(dst.storage(), dst);
      int[] kept = Arrays.copyOfRange(values, from, from + dst.length());
      recording().add(() -> transfer(kept, 0, dst));
    }
    transfer(values, from, dst);
  }

  private void transfer(int[] values, int from, Indices dst) {
    dst.storage().remember(values, from, dst.offset(), dst.length());
    backend.write(values, from, dst);
  }

  /**
   * Copies values from the device, after everything queued is done.
   *
   * @param src any view
   * @return row-major values
   */
  public float[] read(Tensor src) {
    float[] values = new float[src.size()];
    read(src, values);
    return values;
  }

  /**
   * Copies values from the device, after everything queued is done.
   *
   * @param src any view
   * @param dst receives the values row-major; at least as long as src has elements
   */
  public void read(Tensor src, float[] dst) {
    begin("read");
    refuseRecording("read", "read outside, after it has run");
    checks.usable("read", "src", src);
    if (dst.length < src.size()) {
      throw new IllegalArgumentException(
          "read: " + src + " does not fit into " + dst.length + " values");
    }
    if (src.isDense()) {
      backend.read(src, dst);
      return;
    }
    try (Arena staging = arena("read")) {
      Tensor dense = staging.tensor(src.rows(), src.cols());
      backend.copy(src, dense);
      backend.read(dense, dst);
    }
  }

  /** Waits until everything queued is done. */
  public void synchronize() {
    begin("synchronize");
    backend.synchronize();
  }

  Backend backend() {
    return backend;
  }

  Pool pool() {
    return pool;
  }

  /** The memory of all open arenas. */
  Stream<Storage> storages() {
    return arenas.stream().flatMap(Arena::storages);
  }

  void forget(Arena arena) {
    arenas.remove(arena);
  }

  @Override
  void begin(String op) {
    Thread thread = Thread.currentThread();
    if (thread != owner) {
      throw new IllegalStateException(
          op
              + ": this handle of "
              + backend.name()
              + " belongs to thread '"
              + owner.getName()
              + "', called from '"
              + thread.getName()
              + "'; open one per thread, or call adopt() when the other has stopped");
    }
    if (closed) {
      throw new IllegalStateException(op + ": " + backend.name() + " is closed");
    }
  }
}
