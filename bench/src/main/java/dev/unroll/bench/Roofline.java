// SPDX-License-Identifier: Apache-2.0

package dev.unroll.bench;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.LongUnaryOperator;

/**
 * What this computer's processors can do, measured here and now: nothing is faster than its
 * multiply-adds at the peak, or its traffic at the bandwidth of the triad over as many bytes as it
 * works on (S. Williams et al., 2009).
 *
 * @param threads threads that took part
 * @param peakFlops additions and multiplications in a second
 * @param bandwidths bytes in a second, by the bytes that the triad worked on
 */
record Roofline(int threads, double peakFlops, TreeMap<Long, Double> bandwidths) {
  private static final long[] SIZES = {1L << 19, 1L << 21, 1L << 23, 1L << 25, 1L << 27};
  private static final long MEASURED_NANOS = 20_000_000;
  private static final int TRIES = 5;
  private static final int ROUNDS = 20_000;

  /** Runs between two looks at the clock, which take about a microsecond each. */
  private static final int CALLS = 4;

  /** HotSpot compiles a loop that runs this often at the highest level. */
  private static final int WARM_UP_CALLS = 12_000;

  /** Short calls are enough for the compiler; before it is done they are slow. */
  private static final int WARM_UP_ROUNDS = 20;

  /** Measures with some threads; takes about a second. Null without the vector module. */
  static Roofline measure(int threads) {
    if (ModuleLayer.boot().findModule("jdk.incubator.vector").isEmpty()) {
      return null;
    }
    warmUp();
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      double peak = best(pool, threads, () -> rate(Roofline::multiplyAdds));
      TreeMap<Long, Double> bandwidths = new TreeMap<>();
      for (long size : SIZES) {
        bandwidths.put(size, best(pool, threads, () -> triadRate(size / threads)));
      }
      return new Roofline(threads, peak, bandwidths);
    } finally {
      pool.shutdown();
    }
  }

  private static void warmUp() {
    float[] small = new float[WARM_UP_ROUNDS * MicroKernels.lanes()];
    float sum = 0;
    for (int i = 0; i < WARM_UP_CALLS; i++) {
      sum += MicroKernels.multiplyAdds(WARM_UP_ROUNDS, 0.5f + (i & 7) * 0x1p-10f);
      MicroKernels.triad(small, small, small, 0.5f);
    }
    if (!(sum > 0)) {
      throw new IllegalStateException("bench: the sum of positive numbers is " + sum);
    }
  }

  /** Shortest time of some work, in nanoseconds. */
  double nanos(Benchmark.Work work) {
    return 1e9 * Math.max(work.flops() / peakFlops, work.bytes() / bandwidth(work.bytes()));
  }

  /** Of the smallest triad that works on at least as many bytes. */
  double bandwidth(long bytes) {
    Map.Entry<Long, Double> size = bandwidths.ceilingEntry(bytes);
    return (size == null ? bandwidths.lastEntry() : size).getValue();
  }

  Map<String, Object> toJson() {
    Map<String, Object> tree = new LinkedHashMap<>();
    tree.put("threads", threads);
    tree.put("lanes", MicroKernels.lanes());
    tree.put("peak_gflops", peakFlops / 1e9);
    List<Object> rows = new ArrayList<>();
    bandwidths.forEach((size, rate) -> rows.add(Map.of("bytes", size, "gb_per_s", rate / 1e9)));
    tree.put("triad", rows);
    return tree;
  }

  /** The best of some tries of the sum over all threads. */
  private static double best(ExecutorService pool, int threads, Callable<Double> one) {
    double best = 0;
    for (int i = 0; i < TRIES; i++) {
      best = Math.max(best, sum(pool, threads, one));
    }
    return best;
  }

  private static double sum(ExecutorService pool, int threads, Callable<Double> one) {
    double sum = 0;
    try {
      List<Future<Double>> rates = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        rates.add(pool.submit(one));
      }
      for (Future<Double> rate : rates) {
        sum += rate.get();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("bench: interrupted", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException("bench: the micro-benchmark failed", e.getCause());
    }
    return sum;
  }

  /** Units of work in a second on this thread; the work is given its round and says its units. */
  private static double rate(LongUnaryOperator work) {
    long start = threadNanos();
    long done = 0;
    long round = 0;
    long nanos;
    do {
      for (int i = 0; i < CALLS; i++) {
        done += work.applyAsLong(round++);
      }
      nanos = threadNanos() - start;
    } while (nanos < MEASURED_NANOS);
    return done * 1e9 / nanos;
  }

  /** Time that this thread had a processor: others that wanted it do not count. */
  static long threadNanos() {
    return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
  }

  private static long multiplyAdds(long round) {
    float result = MicroKernels.multiplyAdds(ROUNDS, 0.5f + (round & 7) * 0x1p-10f);
    // The result is used, so that the loop cannot be left out.
    return result > 0 ? MicroKernels.flops(ROUNDS) : 0;
  }

  private static double triadRate(long bytes) {
    int length = (int) (bytes / 12) / 64 * 64;
    float[] a = new float[length];
    float[] b = new float[length];
    float[] c = new float[length];
    return rate(
        round -> {
          MicroKernels.triad(a, b, c, round);
          return 12L * length;
        });
  }
}
