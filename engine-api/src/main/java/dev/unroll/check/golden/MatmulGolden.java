// SPDX-License-Identifier: Apache-2.0

package dev.unroll.check.golden;

import dev.unroll.Tensor;
import java.util.Arrays;

/** Products of matrices, of stacks of matrices and of vectors, as in numpy.matmul; gemm. */
final class MatmulGolden {
  private final GoldenFile golden;
  private final Sheet sheet;

  private MatmulGolden(GoldenFile golden, Sheet sheet) {
    this.golden = golden;
    this.sheet = sheet;
  }

  static void run(GoldenFile golden, Sheet sheet) {
    MatmulGolden run = new MatmulGolden(golden, sheet);
    if (golden.text("op").equals("gemm")) {
      run.gemm();
    } else {
      run.matmul();
    }
  }

  /** An operand: a stack of matrices, each perhaps transposed. */
  private record Stack(Tensor all, int[] leading, int rows, int cols, boolean transposed) {
    Tensor matrix(Tensor of, int i) {
      Tensor stored = of.rows(i * rows, rows);
      return transposed ? stored.t() : stored;
    }

    int m() {
      return transposed ? cols : rows;
    }

    int n() {
      return transposed ? rows : cols;
    }
  }

  /** A vector is one row as a, one column as b. */
  private Stack stack(String name, boolean vectorIsRow) {
    int[] shape = golden.shape("in." + name);
    int rank = shape.length;
    int rows = rank > 1 ? shape[rank - 2] : vectorIsRow ? 1 : shape[0];
    int cols = rank > 1 || vectorIsRow ? shape[rank - 1] : 1;
    int[] leading = Arrays.copyOf(shape, Math.max(0, rank - 2));
    float[] values = golden.floats("in." + name);
    Tensor all = sheet.arena.tensor(values, Broadcast.product(leading) * rows, cols);
    return new Stack(all, leading, rows, cols, golden.flag("transpose_" + name));
  }

  private void matmul() {
    Stack a = stack("a", true);
    Stack b = stack("b", false);
    int[] leading = Broadcast.shape(a.leading, b.leading);
    int[] fromA = Broadcast.sources(leading, a.leading);
    int[] fromB = Broadcast.sources(leading, b.leading);
    Tensor y = sheet.arena.tensor(fromA.length * a.m(), b.n());
    for (int i = 0; i < fromA.length; i++) {
      sheet.ops.matmul(
          a.matrix(a.all, fromA[i]), b.matrix(b.all, fromB[i]), 0, y.rows(i * a.m(), a.m()));
    }
    sheet.put("out.y", y, shapeOfProduct(leading, a.m(), b.n()));
    if (golden.has("seed.y")) {
      gradients(a, fromA, b, fromB);
    }
  }

  private void gradients(Stack a, int[] fromA, Stack b, int[] fromB) {
    Tensor dy = sheet.arena.tensor(golden.floats("seed.y"), fromA.length * a.m(), b.n());
    Tensor da = zeros(a.all);
    Tensor db = zeros(b.all);
    for (int i = 0; i < fromA.length; i++) {
      Tensor d = dy.rows(i * a.m(), a.m());
      sheet.ops.matmul(d, b.matrix(b.all, fromB[i]).t(), 1, a.matrix(da, fromA[i]));
      sheet.ops.matmul(a.matrix(a.all, fromA[i]).t(), d, 1, b.matrix(db, fromB[i]));
    }
    sheet.put("grad.a", da, golden.shape("in.a"));
    sheet.put("grad.b", db, golden.shape("in.b"));
  }

  private int[] shapeOfProduct(int[] leading, int m, int n) {
    int[] shape = Arrays.copyOf(leading, leading.length + 2);
    int rank = leading.length;
    if (golden.shape("in.a").length > 1) {
      shape[rank++] = m;
    }
    if (golden.shape("in.b").length > 1) {
      shape[rank++] = n;
    }
    return Arrays.copyOf(shape, rank);
  }

  private Tensor zeros(Tensor like) {
    Tensor zeros = sheet.like(like);
    sheet.ops.fill(0, zeros);
    return zeros;
  }

  /** y = alpha a b + beta c; alpha is applied to a, and to dy in the gradients. */
  private void gemm() {
    Stack a = stack("a", true);
    Stack b = stack("b", false);
    float alpha = golden.attribute("alpha", 1);
    float beta = golden.has("in.c") ? golden.attribute("beta", 1) : 0;
    Tensor y = sheet.arena.tensor(a.m(), b.n());
    if (golden.has("in.c")) {
      sheet.ops.copy(repeated(golden.tensor(sheet.arena, "in.c"), y), y);
    }
    sheet.ops.matmul(a.matrix(scaled(alpha, a.all), 0), b.matrix(b.all, 0), beta, y);
    sheet.put("out.y", y);
    if (golden.has("seed.y")) {
      Tensor dy = golden.tensor(sheet.arena, "seed.y");
      Tensor d = scaled(alpha, dy);
      Tensor da = sheet.like(a.all);
      Tensor db = sheet.like(b.all);
      sheet.ops.matmul(d, b.matrix(b.all, 0).t(), 0, a.matrix(da, 0));
      sheet.ops.matmul(a.matrix(a.all, 0).t(), d, 0, b.matrix(db, 0));
      sheet.put("grad.a", da);
      sheet.put("grad.b", db);
      putGradientOfC(scaled(beta, dy));
    }
  }

  private void putGradientOfC(Tensor dy) {
    if (golden.has("in.c")) {
      int[] shape = golden.shape("in.c");
      Tensor dc = sheet.arena.tensor(Broadcast.product(shape), 1);
      sheet.ops.fill(0, dc);
      int[] to = Broadcast.sources(dy.shape(), shape);
      sheet.ops.scatterAdd(dy.reshape(to.length, 1), sheet.arena.indices(to), dc);
      sheet.put("grad.c", dc, shape);
    }
  }

  private Tensor scaled(float factor, Tensor x) {
    Tensor y = sheet.like(x);
    sheet.ops.axpby(factor, x, 0, y);
    return y;
  }

  private static Tensor repeated(Tensor c, Tensor y) {
    Tensor rows = c.rows() == 1 ? c.repeatRows(y.rows()) : c;
    return rows.cols() == 1 ? rows.repeatCols(y.cols()) : rows;
  }
}
