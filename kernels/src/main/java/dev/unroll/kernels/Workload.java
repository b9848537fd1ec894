// SPDX-License-Identifier: Apache-2.0

package dev.unroll.kernels;

import dev.unroll.Activation;
import dev.unroll.Arena;
import dev.unroll.Arithmetic;
import dev.unroll.Indices;
import dev.unroll.Ops;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import java.util.List;

/**
 * Something to time a setting by.
 *
 * @param ops where it runs
 * @param body what is run; the same results each time
 * @param result what it computes
 */
record Workload(Ops ops, Runnable body, Tensor result) {
  private static final int UNITS = 128;

  /** Products of three shapes: large, long sums, one time step. */
  static List<Workload> products(Arena arena) {
    return List.of(
        product(arena, 512, 512, 512), product(arena, 64, 1024, 256), product(arena, 32, 128, 512));
  }

  private static Workload product(Arena arena, int m, int k, int n) {
    Tensor a = values(arena, m, k);
    Tensor b = values(arena, k, n);
    Tensor out = arena.tensor(m, n);
    return new Workload(arena.ops(), () -> arena.ops().matmul(a, b, 0, out), out);
  }

  /** Element-wise operations: cheap ones, dear ones, and the cell of one time step. */
  static List<Workload> elements(Arena arena) {
    Ops ops = arena.ops();
    Tensor x = values(arena, 2048, 512);
    Tensor sum = arena.tensor(2048, 512);
    Tensor some = x.rows(0, 256);
    Tensor tanh = arena.tensor(256, 512);
    Tensor before = values(arena, 32, 4 * UNITS);
    Tensor gates = arena.tensor(32, 4 * UNITS);
    Tensor c = values(arena, 32, UNITS);
    Tensor next = arena.tensor(32, UNITS);
    Tensor tanhC = arena.tensor(32, UNITS);
    Tensor h = arena.tensor(32, UNITS);
    Runnable cell =
        () -> {
          ops.copy(before, gates);
          ops.lstmCell(gates, c, next, tanhC, h);
        };
    return List.of(
        new Workload(ops, () -> ops.binary(Arithmetic.ADD, x, x, sum), sum),
        new Workload(ops, () -> ops.activate(Activation.TANH, some, tanh), tanh),
        new Workload(ops, cell, h));
  }

  /** A recurrent layer, on a batch and on few rows. */
  static List<Workload> sequences(Arena arena) {
    return List.of(sequence(arena, 32), sequence(arena, 3));
  }

  private static Workload sequence(Arena arena, int batch) {
    Ops ops = arena.ops();
    Steps steps = Steps.uniform(16, batch);
    int rows = steps.rows();
    Tensor w = values(arena, 4 * UNITS, UNITS);
    Tensor before = values(arena, rows, 4 * UNITS);
    Tensor gates = arena.tensor(rows, 4 * UNITS);
    Tensor hs = values(arena, batch + rows, UNITS);
    Tensor cs = values(arena, batch + rows, UNITS);
    Tensor tanhC = arena.tensor(rows, UNITS);
    Runnable body =
        () -> {
          ops.copy(before, gates);
          ops.lstmSequence(steps, w, gates, hs, cs, tanhC);
        };
    return new Workload(ops, body, hs);
  }

  /** Rows of classes, short and long. */
  static List<Workload> rows(Arena arena) {
    return List.of(softmax(arena, 2048, 96), softmax(arena, 64, 10_000));
  }

  private static Workload softmax(Arena arena, int rows, int cols) {
    Tensor x = values(arena, rows, cols);
    Tensor y = arena.tensor(rows, cols);
    return new Workload(arena.ops(), () -> arena.ops().softmax(x, y), y);
  }

  /** The gradient of a bias. */
  static List<Workload> columns(Arena arena) {
    Tensor x = values(arena, 2048, 512);
    Tensor out = arena.tensor(1, 512);
    return List.of(new Workload(arena.ops(), () -> arena.ops().sumRows(x, 0, out), out));
  }

  /** Gradients of embeddings with few rows and with many. */
  static List<Workload> scatters(Arena arena) {
    return List.of(scatter(arena, 96), scatter(arena, 10_000));
  }

  private static Workload scatter(Arena arena, int size) {
    Ops ops = arena.ops();
    int[] numbers = new int[2048];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = i * 31 % size;
    }
    Indices rows = arena.indices(numbers);
    Tensor gradient = values(arena, numbers.length, 64);
    Tensor table = arena.tensor(size, 64);
    Runnable body =
        () -> {
          ops.fill(0, table);
          ops.scatterAdd(gradient, rows, table);
        };
    return new Workload(ops, body, table);
  }

  private static Tensor values(Arena arena, int rows, int cols) {
    float[] values = new float[rows * cols];
    for (int i = 0; i < values.length; i++) {
      values[i] = (i * 37 % 1009 - 504) / 256f;
    }
    return arena.tensor(values, rows, cols);
  }

  /** Nanoseconds that so many runs take. */
  long time(int runs) {
    ops.synchronize();
    long start = System.nanoTime();
    for (int i = 0; i < runs; i++) {
      body.run();
    }
    ops.synchronize();
    return System.nanoTime() - start;
  }

  /** What a run computes. */
  float[] results() {
    body.run();
    return ops.read(result);
  }
}
