// SPDX-License-Identifier: Apache-2.0

package dev.unroll.bench;

import dev.unroll.Arena;
import dev.unroll.Backends;
import dev.unroll.MemoryEstimate;
import dev.unroll.Ops;
import java.util.ArrayList;
import java.util.List;

/** Time and memory of a training step as one size grows and the others stay. */
final class Scaling {
  /** What stays, in words. */
  static final String BASE =
      "Embedding 64, LSTM, dense layer at every step, Adam; where they do not vary: B = 16"
          + " sequences, H = 128 units, T = 32 steps, V = 100 symbols. K: T = 128, cell states"
          + " are kept every K steps and those between recomputed.";

  /** The sizes that grow. */
  static final List<String> SIZES = List.of("B", "H", "T", "V", "K");

  private static final int[] BATCHES = {1, 4, 16, 64, 128};
  private static final int[] HIDDEN = {32, 64, 128, 256, 512};
  private static final int[] LENGTHS = {8, 16, 32, 64, 128, 256};
  private static final int[] VOCABULARIES = {100, 300, 1000, 3000, 10_000};
  private static final int[] RECOMPUTED = {1, 4, 16, 64, 128};

  private static final int WARM_UP_STEPS = 3;
  private static final int STEPS = 5;

  private Scaling() {}

  /**
   * A measured point.
   *
   * @param backend the backend
   * @param size which of {@link #SIZES} grows
   * @param value of that size
   * @param nanos median of a step
   * @param bytes most memory that parameters, optimiser, data and step took together
   * @param predicted the same before anything ran
   */
  record Point(String backend, String size, int value, double nanos, long bytes, long predicted) {}

  /** All points of a backend: an LSTM with an embedding and a dense layer at every step, Adam. */
  static List<Point> measure(String backend) {
    List<Point> points = new ArrayList<>();
    for (int b : BATCHES) {
      points.add(point(backend, "B", b, network(b, 128, 32, 100), 0));
    }
    for (int h : HIDDEN) {
      points.add(point(backend, "H", h, network(16, h, 32, 100), 0));
    }
    for (int t : LENGTHS) {
      points.add(point(backend, "T", t, network(16, 128, t, 100), 0));
    }
    for (int v : VOCABULARIES) {
      points.add(point(backend, "V", v, network(16, 128, 32, v), 0));
    }
    for (int k : RECOMPUTED) {
      points.add(point(backend, "K", k, network(16, 128, 128, 100), k));
    }
    return points;
  }

  private static TrainingCase network(int batch, int hidden, int length, int classes) {
    return new TrainingCase(
        "scaling",
        TrainingCase.Cell.LSTM,
        classes,
        64,
        hidden,
        1,
        classes,
        false,
        batch,
        length,
        true);
  }

  /** A backend of its own has a pool of its own, whose peak is that of this network. */
  static Point point(String backend, String size, int value, TrainingCase test, int recompute) {
    try (Ops ops = Backends.open(backend);
        Arena arena = ops.arena("scaling")) {
      TrainingRun run = test.open(arena, recompute);
      for (int i = 0; i < WARM_UP_STEPS; i++) {
        run.step(null);
      }
      double[] nanos = new double[STEPS];
      for (int i = 0; i < STEPS; i++) {
        ops.synchronize();
        long start = System.nanoTime();
        run.step(null);
        ops.synchronize();
        nanos[i] = System.nanoTime() - start;
      }
      double median = Samples.of(nanos).median();
      long bytes = ops.memory().peakBytes();
      return new Point(backend, size, value, median, bytes, predicted(test, recompute));
    }
  }

  /** Memory that a training run will take, from a step that computes nothing. */
  static long predicted(TrainingCase test, int recompute) {
    return MemoryEstimate.of(
            ops -> {
              try (Arena arena = ops.arena("scaling")) {
                test.open(arena, recompute).step(null);
              }
            })
        .peakBytes();
  }
}
