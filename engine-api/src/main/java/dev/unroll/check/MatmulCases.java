// SPDX-License-Identifier: Apache-2.0

package dev.unroll.check;

import java.util.ArrayList;
import java.util.List;

/**
 * Cases of the matrix product, plain and with a bias: sizes around tiles and chunks, every pair of
 * transposes, every beta.
 */
final class MatmulCases {
  private static final int[] SIZES = {0, 1, 2, 3, 7, 16, 17, 31, 33, 64, 65, 129, 257};
  private static final int[] CHUNKS = {255, 256, 257, 300, 511, 512, 513, 1000};
  private static final float[] BETAS = {0, 1, 0.5f};

  private final List<OpCase> cases = new ArrayList<>();

  private MatmulCases() {}

  static List<OpCase> all() {
    MatmulCases table = new MatmulCases();
    table.sizes();
    table.chunks();
    table.batchesOfOne();
    for (float beta : BETAS) {
      table.add(19, 40, 23, beta, 7, "non-finite", Values.nonFinite());
      table.add(17, 65, 33, beta, 12, "wide", Values.wide(1e-6, 1e4));
      table.add(17, 65, 33, beta, 3, "subnormal", Values.wide(1e-39, 1e-20));
    }
    table.broadcast();
    table.linear();
    return table.cases;
  }

  /** A product with beta 0 and either factor transposed. */
  static OpCase product(int m, int k, int n, boolean aT, boolean bT) {
    MatmulCases table = new MatmulCases();
    Layout a = aT ? Layout.TRANSPOSED : Layout.DENSE;
    Layout b = bT ? Layout.TRANSPOSED : Layout.DENSE;
    table.add(m, k, n, 0, a, b, Layout.DENSE, "", Values.unit());
    return table.cases.get(0);
  }

  /** Each size in each place, with the others walking through the list at other speeds. */
  private void sizes() {
    int count = SIZES.length;
    for (int i = 0; i < count; i++) {
      for (int j = 0; j < count; j += 2) {
        int m = SIZES[i];
        int k = SIZES[(i + j) % count];
        int n = SIZES[(i + 2 * j + 3) % count];
        int turn = i * count + j;
        add(m, k, n, BETAS[turn % 3], turn, "", Values.unit());
        add(m, n, k, BETAS[(turn + 1) % 3], turn + 2, "", Values.unit());
      }
      for (float beta : BETAS) {
        int s = Math.min(SIZES[i], 129);
        add(s, s, s, beta, 0, "", Values.unit());
      }
    }
  }

  private void chunks() {
    for (int i = 0; i < CHUNKS.length; i++) {
      for (int k = 0; k < 3; k++) {
        add(5, CHUNKS[i], 19, BETAS[k], 3 * i + k, "", Values.unit());
      }
    }
  }

  /** One row times a matrix: the path of generation. */
  private void batchesOfOne() {
    for (int i = 0; i < SIZES.length; i++) {
      add(1, SIZES[i], 512, BETAS[i % 3], 0, "", Values.unit());
      add(1, 128, SIZES[i], BETAS[(i + 1) % 3], 3, "", Values.unit());
      add(2, SIZES[i], 65, BETAS[(i + 2) % 3], 4, "", Values.unit());
    }
  }

  private void add(int m, int k, int n, float beta, int turn, String note, Values values) {
    Layout[] w = Layout.WRITABLE;
    int count = w.length;
    Layout a = turn == 0 ? Layout.DENSE : w[turn % count];
    Layout b = turn == 0 ? Layout.DENSE : w[turn / count % count];
    Layout out = turn == 0 ? Layout.DENSE : w[(turn + turn / count) % count];
    add(m, k, n, beta, a, b, out, note, values);
  }

  private void broadcast() {
    add(9, 33, 17, 0, Layout.ONE_ROW, Layout.DENSE, Layout.DENSE, "", Values.unit());
    add(9, 33, 17, 1, Layout.ONE_NUMBER, Layout.TRANSPOSED, Layout.COLS, "", Values.unit());
    add(9, 33, 17, 0.5f, Layout.DENSE, Layout.ONE_COL, Layout.ROWS, "", Values.unit());
  }

  private void linear() {
    for (int i = 0; i < SIZES.length; i++) {
      int m = SIZES[i];
      int k = SIZES[(2 * i + 5) % SIZES.length];
      int n = SIZES[(3 * i + 4) % SIZES.length];
      linear(m, k, n, i, Values.unit());
      linear(n, m, k, i + 4, Values.unit());
    }
    for (int i = 0; i < CHUNKS.length; i++) {
      linear(1 + 8 * i, CHUNKS[i], 67, i, Values.unit());
    }
    linear(19, 40, 37, 7, Values.nonFinite());
    linear(17, 33, 65, 3, Values.wide(1e-39, 1e-20));
    linear(64, 64, 128, 0, Values.unit());
  }

  private void linear(int rows, int in, int out, int turn, Values values) {
    Layout[] w = Layout.WRITABLE;
    Layout of = w[turn % w.length];
    Layout weight = w[(turn / 2 + 3) % w.length];
    Layout to = w[turn / 3 % w.length];
    Layout row = turn % 4 == 2 ? Layout.ONE_COL : w[turn / 2 % w.length];
    String label = rows + "x" + in + "x" + out;
    cases.add(
        CaseBuilder.of("linear", label)
            .flops(2L * rows * in * out)
            .in(1, out, row, values)
            .in(rows, in, of, values)
            .in(in, out, weight, values)
            .out(rows, out, to)
            .build(
                (ops, t, i) -> ops.linear(t[0], t[1], t[2], t[3]),
                x -> List.of(RowOracle.linear(x[0], x[1], x[2]))));
    cases.add(
        CaseBuilder.of("linear", label + " no bias")
            .flops(2L * rows * in * out)
            .in(rows, in, of, values)
            .in(in, out, weight, values)
            .out(rows, out, to)
            .build(
                (ops, t, i) -> ops.linear(null, t[0], t[1], t[2]),
                x -> List.of(RowOracle.matmul(x[0], x[1], 0, null))));
  }

  private void add(
      int m, int k, int n, float beta, Layout a, Layout b, Layout out, String note, Values values) {
    String label = m + "x" + k + "x" + n + (" beta=" + beta + " " + note).stripTrailing();
    cases.add(
        CaseBuilder.of("matmul", label)
            .flops(2L * m * k * n)
            .in(m, k, a, values)
            .in(k, n, b, values)
            .updated(m, n, out, beta == 0 ? Values.POISON : Values.unit())
            .build(
                (ops, t, i) -> ops.matmul(t[0], t[1], beta, t[2]),
                x -> List.of(RowOracle.matmul(x[0], x[1], beta, x[2]))));
  }
}
