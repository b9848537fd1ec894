// SPDX-License-Identifier: Apache-2.0

package dev.unroll.bench;

import dev.unroll.Arena;
import dev.unroll.Backends;
import dev.unroll.Ops;
import dev.unroll.Placement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Times benchmarks on several backends. Each result is checked first. The backends take turns, so
 * that whatever else happens on the machine happens to all of them; what a sample times ends with
 * the device done.
 */
final class Suite {
  /**
   * How long to look.
   *
   * @param warmUpNanos a window of {@link Warming} before the first sample
   * @param sampleNanos samples of a benchmark on a backend, together
   * @param least samples at least
   * @param most samples at most
   */
  record Effort(long warmUpNanos, long sampleNanos, int least, int most) {
    /** For figures to keep. */
    static final Effort FULL = new Effort(500_000_000L, 2_000_000_000L, 15, 101);

    /** For a look. */
    static final Effort QUICK = new Effort(100_000_000L, 300_000_000L, 7, 31);
  }

  /** Shorter samples would measure the clock. */
  private static final double SHORTEST_SAMPLE = 1e6;

  private final Map<String, Ops> backends;
  private final Roofline roofline;
  private final Effort effort;
  private final Reference reference = new Reference();
  private final ForeignLoad load = new ForeignLoad();

  /**
   * A run.
   *
   * @param backends open backends by the name they were asked for by
   * @param roofline what the processors can do; null if unknown
   * @param effort how long to look
   */
  Suite(Map<String, Ops> backends, Roofline roofline, Effort effort) {
    this.backends = new LinkedHashMap<>(backends);
    this.roofline = roofline;
    this.effort = effort;
  }

  /** Runs benchmarks, one after the other; the listener hears of each result. */
  List<Measured> run(List<Benchmark> benchmarks, Consumer<Measured> listener) {
    List<Measured> all = new ArrayList<>();
    for (Benchmark benchmark : benchmarks) {
      List<Measured> found = run(benchmark);
      found.forEach(listener);
      all.addAll(found);
    }
    return all;
  }

  /** A benchmark on all backends. */
  private List<Measured> run(Benchmark benchmark) {
    List<Contestant> contestants = new ArrayList<>();
    List<Arena> arenas = new ArrayList<>();
    try {
      for (Map.Entry<String, Ops> backend : backends.entrySet()) {
        if (isEmulated(backend)) {
          continue;
        }
        Arena arena = backend.getValue().arena(benchmark.name());
        arenas.add(arena);
        contestants.add(new Contestant(backend.getKey(), arena, benchmark));
      }
      List<Contestant> right = contestants.stream().filter(c -> c.problem.isEmpty()).toList();
      right.forEach(Contestant::warmUp);
      load.sinceLast();
      compete(right);
      double foreign = load.sinceLast();
      return backends.entrySet().stream()
          .map(b -> measured(benchmark, b, contestants, foreign))
          .toList();
    } finally {
      arenas.forEach(Arena::close);
    }
  }

  /** Whether a device only stands for another: its times would say nothing. */
  static boolean isEmulated(Map.Entry<String, Ops> backend) {
    Placement placement = backend.getValue().placement();
    return (backend.getKey() + placement.device() + placement.backend()).contains("emulated");
  }

  private void compete(List<Contestant> contestants) {
    if (contestants.isEmpty()) {
      return;
    }
    int rounds = contestants.stream().mapToInt(Contestant::rounds).max().orElse(0);
    for (int round = 0; round < rounds; round++) {
      for (int i = 0; i < contestants.size(); i++) {
        Contestant next = contestants.get((round + i) % contestants.size());
        if (contestants.size() > 1) {
          next.once(); // What the others left in caches and waiting threads is not its fault.
        }
        next.sample();
      }
    }
  }

  private Measured measured(
      Benchmark benchmark,
      Map.Entry<String, Ops> backend,
      List<Contestant> contestants,
      double foreign) {
    String id = backend.getKey();
    Contestant found =
        contestants.stream().filter(c -> c.backend.equals(id)).findFirst().orElse(null);
    String problem = found == null ? "emulated: not timed" : found.problem;
    Samples samples = problem.isEmpty() ? found.samples() : null;
    boolean bounded = samples != null && roofline != null && isHost(id);
    return new Measured(
        benchmark.name(),
        benchmark.group(),
        id,
        benchmark.work(),
        problem,
        samples,
        samples == null ? 0 : found.launches,
        samples == null ? 0 : found.moved,
        bounded ? roofline.nanos(benchmark.work()) / samples.median() : Double.NaN,
        foreign);
  }

  /** Whether it computes on the processors that the roofline is of: no better rank than they. */
  private static boolean isHost(String id) {
    String[] parts = id.split(":", 2);
    int device = parts.length > 1 && parts[1].matches("\\d+") ? Integer.parseInt(parts[1]) : 0;
    return Backends.providers().stream()
        .anyMatch(p -> p.name().equals(parts[0]) && p.rank(device) <= 0);
  }

  /** A benchmark on one backend. */
  private final class Contestant {
    private final String backend;
    private final Ops ops;
    private final Benchmark.Prepared prepared;
    private final String problem;
    private final List<Double> nanos = new ArrayList<>();
    private int repeats = 1;
    private double estimate;
    private long launches;
    private long moved;

    Contestant(String backend, Arena arena, Benchmark benchmark) {
      this.backend = backend;
      this.ops = arena.ops();
      this.prepared = benchmark.prepare(ops, arena);
      String digest = prepared.digest();
      String right = reference.digest(benchmark);
      this.problem = digest.equals(right) ? "" : "WRONG: digest " + digest + " instead of " + right;
    }

    /** Runs until the compiler is done, then once more to count. */
    void warmUp() {
      estimate = Warming.run(this::once, effort.warmUpNanos);
      Placement before = ops.placement();
      prepared.launch();
      ops.synchronize();
      Placement after = ops.placement();
      launches = after.launches() - before.launches();
      moved = after.bytesIn() + after.bytesOut() - before.bytesIn() - before.bytesOut();
      repeats = (int) Math.max(1, Math.ceil(SHORTEST_SAMPLE / estimate));
    }

    int rounds() {
      double fitting = effort.sampleNanos / (estimate * repeats);
      return (int) Math.max(effort.least, Math.min(effort.most, fitting));
    }

    void once() {
      prepared.launch();
      ops.synchronize();
    }

    void sample() {
      long start = System.nanoTime();
      for (int i = 0; i < repeats; i++) {
        prepared.launch();
      }
      ops.synchronize();
      nanos.add((System.nanoTime() - start) / (double) repeats);
    }

    Samples samples() {
      return Samples.of(nanos.stream().mapToDouble(Double::doubleValue).toArray());
    }
  }
}
