// SPDX-License-Identifier: Apache-2.0

package dev.unroll;

import java.util.List;

/** The rules of {@link Ops}, one method each, with one set of messages for all backends. */
final class Checks {
  private final Ops ops;

  Checks(Ops ops) {
    this.ops = ops;
  }

  // ---- rules by kind of operation

  /** Inputs of the output's shape; each is exactly the output or does not touch it. */
  void elementwise(String op, Tensor out, Tensor... ins) {
    for (Tensor in : ins) {
      elementwise(op, out, in);
    }
  }

  private void elementwise(String op, Tensor out, Tensor in) {
    output(op, "output", out);
    usable(op, "input", in);
    sameShape(op, "input", in, "output", out);
    if (!sameView(in, out) && overlap(in, out)) {
      throw new IllegalArgumentException(
          op
              + ": output "
              + text(out)
              + " partly overlaps input "
              + text(in)
              + "; write to exactly the same view or to a tensor of its own");
    }
  }

  /** An output of a shape of its own, which does not touch the input. */
  void reduction(String op, Tensor in, Tensor out, int rows, int cols) {
    usable(op, "input", in);
    outputs(op, rows, cols, out);
    apart(op, in, out);
  }

  void matmul(String op, Tensor a, Tensor b, Tensor out) {
    usable(op, "a", a);
    usable(op, "b", b);
    if (a.cols() != b.rows()) {
      throw new IllegalArgumentException(
          op + ": inner sizes differ: a is " + text(a) + ", b is " + text(b));
    }
    outputs(op, a.rows(), b.cols(), out);
    apart(op, a, out);
    apart(op, b, out);
  }

  void linear(Tensor bias, Tensor x, Tensor w, Tensor out) {
    matmul("linear", x, w, out);
    if (bias != null) {
      inputs("linear", 1, w.cols(), bias);
      apart("linear", bias, out);
    }
  }

  void dropout(float p, Indices key, Indices rowIds, int rows) {
    if (!(p >= 0 && p < 1)) {
      throw new IllegalArgumentException("dropout: p must be at least 0 and below 1: " + p);
    }
    usable("dropout", "key", key);
    if (ops.recording() != null && ops.recording().owns(key.storage())) {
      throw new IllegalStateException(
          "dropout: the key belongs to recording '"
              + ops.recording().label()
              + "', each run of which would drop the same; keep it in an arena outside and write it"
              + " before each run");
    }
    length("dropout", "key", key, 4);
    if (rowIds != null) {
      usable("dropout", "rowIds", rowIds);
      length("dropout", "rowIds", rowIds, rows);
    }
  }

  void classes(String op, CrossEntropy spec, Tensor scores, Indices targets, Tensor weights) {
    usable(op, "scores", scores);
    usable(op, "targets", targets);
    length(op, "targets", targets, scores.rows());
    range(op, targets, 0, scores.cols(), spec.ignoreIndex());
    if (weights != null) {
      inputs(op, 1, scores.cols(), weights);
    }
  }

  void losses(String op, Tensor scores, Tensor rowLosses, Tensor loss, Tensor denominator) {
    outputs(op, scores.rows(), 1, rowLosses);
    outputs(op, 1, 1, loss, denominator);
    apart(op, scores, rowLosses, loss, denominator);
  }

  void lossGradient(String op, CrossEntropy spec, Tensor scores, Tensor dLoss, Tensor dScores) {
    inputs(op, spec.reduction() == Reduction.NONE ? scores.rows() : 1, 1, dLoss);
    elementwise(op, dScores, scores);
    apart(op, dLoss, dScores);
  }

  void rowsByNumber(String op, Tensor table, Indices rows, Tensor values) {
    usable(op, "table", table);
    usable(op, "rows", rows);
    usable(op, "values", values);
    length(op, "rows", rows, values.rows());
    range(op, rows, -1, table.rows(), -1);
  }

  void layerNorm(String op, Tensor in, Tensor rstd, Tensor out) {
    elementwise(op, out, in);
    inputs(op, in.rows(), 1, rstd);
    apart(op, in, rstd);
    apart(op, out, rstd);
  }

  void scalars(String op, int count, Tensor scalars, Tensor gradScale) {
    input(op, 1, count, scalars);
    if (gradScale != null) {
      input(op, 1, 1, gradScale);
    }
  }

  void update(
      String op, List<Tensor> params, List<Tensor> grads, boolean needed, List<Tensor> states) {
    sameCount(op, params, "gradients", grads);
    sameCount(op, needed ? params : List.of(), "states", states);
    for (int i = 0; i < params.size(); i++) {
      elementwise(op, params.get(i), grads.get(i));
      apart(op, params.get(i), grads.get(i));
      if (needed) {
        elementwise(op, states.get(i), params.get(i));
        apart(op, params.get(i), states.get(i));
        apart(op, grads.get(i), states.get(i));
      }
    }
  }

  // ---- single rules

  /** Checks values, which can be different in each run of a recording. */
  private void range(String op, Indices indices, int low, int bound, int besides) {
    indices.requireRange(op, low, bound, besides);
    if (ops.recording() != null) {
      ops.recording().add(() -> indices.requireRange(op, low, bound, besides));
    }
  }

  void usable(String op, String what, Tensor t) {
    if (t == null) {
      throw new IllegalArgumentException(op + ": " + what + " is null");
    }
    owned(op, t, t.storage());
  }

  void usable(String op, String what, Indices i) {
    if (i == null) {
      throw new IllegalArgumentException(op + ": " + what + " is null");
    }
    owned(op, i, i.storage());
  }

  /** An output: no element twice. */
  void output(String op, String what, Tensor t) {
    usable(op, what, t);
    boolean repeats = (t.rowStride() == 0 && t.rows() > 1) || (t.colStride() == 0 && t.cols() > 1);
    if (repeats && t.size() > 0) {
      throw new IllegalArgumentException(
          op + ": " + what + " " + text(t) + " is a broadcast view and can not be written");
    }
  }

  void inputs(String op, int rows, int cols, Tensor... ins) {
    for (Tensor in : ins) {
      input(op, rows, cols, in);
    }
  }

  private void input(String op, int rows, int cols, Tensor in) {
    usable(op, "input", in);
    shape(op, "input", in, rows, cols);
  }

  void outputs(String op, int rows, int cols, Tensor... outs) {
    for (Tensor out : outs) {
      output(op, "output", out);
      shape(op, "output", out, rows, cols);
    }
  }

  /** No two of these share an element. */
  void apart(String op, Tensor... all) {
    for (int i = 0; i < all.length; i++) {
      for (int j = 0; j < i; j++) {
        apart(op, all[i], all[j]);
      }
    }
  }

  private static void apart(String op, Tensor a, Tensor b) {
    if (overlap(a, b)) {
      throw new IllegalArgumentException(
          op + ": " + text(a) + " overlaps " + text(b) + "; give the output a tensor of its own");
    }
  }

  void positive(String op, String what, float value) {
    if (!(value > 0)) {
      throw new IllegalArgumentException(op + ": " + what + " must be above 0: " + value);
    }
  }

  void length(String op, String what, Indices i, int length) {
    if (i.length() != length) {
      throw new IllegalArgumentException(
          op + ": " + what + " must have " + length + " values, has " + i.length());
    }
  }

  private void owned(String op, Object view, Storage storage) {
    storage.requireLive(op, view);
    if (storage.ops != ops) {
      throw new IllegalArgumentException(
          op
              + ": "
              + view
              + " lives on "
              + storage.ops.name()
              + ", opened apart; this is "
              + ops.name()
              + ". Read it there and write it here");
    }
    if (ops.recording() != null) {
      ops.recording().use(storage);
    }
  }

  private static void shape(String op, String what, Tensor t, int rows, int cols) {
    if (t.rows() != rows || t.cols() != cols) {
      throw new IllegalArgumentException(
          op + ": " + what + " must be [" + rows + "x" + cols + "], is " + text(t));
    }
  }

  private static void sameShape(String op, String a, Tensor ta, String b, Tensor tb) {
    if (ta.rows() != tb.rows() || ta.cols() != tb.cols()) {
      throw new IllegalArgumentException(
          op + ": shapes differ: " + a + " is " + text(ta) + ", " + b + " is " + text(tb));
    }
  }

  private static void sameCount(String op, List<Tensor> params, String what, List<Tensor> other) {
    if (params.size() != other.size()) {
      throw new IllegalArgumentException(
          op + ": expected " + params.size() + " " + what + ", got " + other.size());
    }
  }

  static boolean sameView(Tensor a, Tensor b) {
    return a.storage() == b.storage()
        && a.offset() == b.offset()
        && a.rows() == b.rows()
        && a.cols() == b.cols()
        && (a.rowStride() == b.rowStride() || a.rows() <= 1)
        && (a.colStride() == b.colStride() || a.cols() <= 1);
  }

  /**
   * Whether two views may share an element. Decided exactly where both are blocks of one parent;
   * other pairs count as overlapping when their spans do.
   */
  static boolean overlap(Tensor a, Tensor b) {
    if (a.storage() != b.storage() || a.size() == 0 || b.size() == 0) {
      return false;
    }
    if (last(a) < b.offset() || last(b) < a.offset()) {
      return false;
    }
    Tensor x = a.colStride() > a.rowStride() ? a.t() : a;
    Tensor y = b.colStride() > b.rowStride() ? b.t() : b;
    int pitch = x.rows() > 1 ? x.rowStride() : y.rowStride();
    boolean blocks =
        (x.colStride() == 1 || x.cols() == 1)
            && (y.colStride() == 1 || y.cols() == 1)
            && (x.rowStride() == pitch || x.rows() == 1)
            && (y.rowStride() == pitch || y.rows() == 1)
            && pitch > 0
            && x.offset() % pitch + x.cols() <= pitch
            && y.offset() % pitch + y.cols() <= pitch;
    if (!blocks) {
      return true;
    }
    return ranges(x.offset() / pitch, x.rows(), y.offset() / pitch, y.rows())
        && ranges(x.offset() % pitch, x.cols(), y.offset() % pitch, y.cols());
  }

  private static boolean ranges(int a, int countA, int b, int countB) {
    return a < b + countB && b < a + countA;
  }

  private static long last(Tensor t) {
    return t.offset()
        + (long) (t.rows() - 1) * t.rowStride()
        + (long) (t.cols() - 1) * t.colStride();
  }

  static String text(Tensor t) {
    return t.label().isEmpty() ? t.shapeText() : "'" + t.label() + "' " + t.shapeText();
  }
}
