// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import static dev.unroll.cpu.HostBuffer.floats;

import dev.unroll.Activation;
import dev.unroll.Steps;
import dev.unroll.Tensor;

/**
 * The time loops of {@link dev.unroll.Composed}, each as one task: {@link Lots} deals it out to the
 * threads, and the recurrent weights are packed once. Tensors have contiguous rows; they stand in
 * fields, so that a run allocates nothing.
 */
final class Sequences {
  private final Gemm gemm;
  private final Lots lots;

  /** The recurrent weights as {@link #blocks} of columns: one, or one for each gate. */
  private final Packed[] packed = {new Packed(), new Packed(), new Packed(), new Packed()};

  /** What h or the gradient of the gates is multiplied by: W_hh turned, or as it is. */
  private final Mat weights = new Mat();

  private final Mat[] left;
  private final Mat[] old;
  private final Mat[] out;
  private int blocks;

  private final Lots.Share rnn = this::rnnLot;
  private final Lots.Share rnnGrad = this::rnnGradLot;
  private final Lots.Share lstm = this::lstmLot;
  private final Lots.Share lstmGrad = this::lstmGradLot;
  private final Lots.Share gru = this::gruLot;
  private final Lots.Share gruGrad = this::gruGradLot;

  private Steps steps;
  private int hidden;
  private Activation f;
  private Tensor bHh;
  private Tensor gates;
  private Tensor fromH;
  private Tensor hs;
  private Tensor cs;
  private Tensor tanhC;
  private Tensor dOut;
  private Tensor dh;
  private Tensor dc;
  private Tensor dGates;
  private Tensor dFromH;

  Sequences(Workers workers, Gemm gemm) {
    this.gemm = gemm;
    lots = new Lots(workers);
    left = mats(workers.count());
    old = mats(workers.count());
    out = mats(workers.count());
  }

  void rnn(Steps steps, Activation f, Tensor wHh, Tensor pre, Tensor hs) {
    this.f = f;
    this.gates = pre;
    this.hs = hs;
    run(steps, wHh, true, rnn);
  }

  private void rnnLot(Lots.Lot lot) {
    packColumns(lot);
    int j = lot.first(hidden);
    int n = lot.end(hidden) - j;
    for (int t = 0; t < steps.count() && steps.size(t) > lot.from; t++) {
      int rows = Math.min(lot.to, steps.size(t)) - lot.from;
      int at = steps.offset(t) + lot.from;
      int next = steps.next(t) + lot.from;
      multiply(lot, hs, steps.previous(t) + lot.from, rows, 1, gates, at);
      for (int r = 0; r < rows; r++) {
        int y = row(hs, next + r) + j;
        SpanActivations.apply(f, n, floats(gates), row(gates, at + r) + j, floats(hs), y);
      }
      lot.meet();
    }
  }

  void rnnGrad(
      Steps steps,
      Activation f,
      Tensor wHh,
      Tensor pre,
      Tensor hs,
      Tensor dOut,
      Tensor dh,
      Tensor dPre) {
    this.f = f;
    this.gates = pre;
    this.hs = hs;
    this.dOut = dOut;
    this.dh = dh;
    this.dGates = dPre;
    run(steps, wHh, false, rnnGrad);
  }

  private void rnnGradLot(Lots.Lot lot) {
    packColumns(lot);
    int j = lot.first(hidden);
    int n = lot.end(hidden) - j;
    for (int t = steps.count() - 1; t >= 0; t--) {
      int rows = Math.min(lot.to, steps.size(t)) - lot.from;
      int at = steps.offset(t) + lot.from;
      int next = steps.next(t) + lot.from;
      for (int r = 0; r < rows; r++) {
        int dhAt = row(dh, lot.from + r) + j;
        arriving(n, dOut, at + r, j, dh, dhAt);
        SpanActivations.grad(
            f,
            n,
            floats(gates),
            row(gates, at + r) + j,
            floats(hs),
            row(hs, next + r) + j,
            floats(dh),
            dhAt,
            floats(dGates),
            row(dGates, at + r) + j);
      }
      lot.meet();
      multiply(lot, dGates, at, rows, 0, dh, lot.from);
    }
  }

  void lstm(Steps steps, Tensor wHh, Tensor gates, Tensor hs, Tensor cs, Tensor tanhC) {
    this.gates = gates;
    this.hs = hs;
    this.cs = cs;
    this.tanhC = tanhC;
    run(steps, wHh, true, lstm);
  }

  private void lstmLot(Lots.Lot lot) {
    packColumns(lot);
    int j = lot.first(hidden);
    int n = lot.end(hidden) - j;
    for (int t = 0; t < steps.count() && steps.size(t) > lot.from; t++) {
      int rows = Math.min(lot.to, steps.size(t)) - lot.from;
      int at = steps.offset(t) + lot.from;
      int prev = steps.previous(t) + lot.from;
      int next = steps.next(t) + lot.from;
      multiply(lot, hs, prev, rows, 1, gates, at);
      for (int r = 0; r < rows; r++) {
        Cells.lstm(
            n,
            hidden,
            floats(gates),
            row(gates, at + r) + j,
            floats(cs),
            row(cs, prev + r) + j,
            floats(cs),
            row(cs, next + r) + j,
            floats(tanhC),
            row(tanhC, at + r) + j,
            floats(hs),
            row(hs, next + r) + j);
      }
      lot.meet();
    }
  }

  void lstmGrad(
      Steps steps,
      Tensor wHh,
      Tensor gates,
      Tensor cs,
      Tensor tanhC,
      Tensor dOut,
      Tensor dh,
      Tensor dc,
      Tensor dGates) {
    this.gates = gates;
    this.cs = cs;
    this.tanhC = tanhC;
    this.dOut = dOut;
    this.dh = dh;
    this.dc = dc;
    this.dGates = dGates;
    run(steps, wHh, false, lstmGrad);
  }

  private void lstmGradLot(Lots.Lot lot) {
    packColumns(lot);
    int j = lot.first(hidden);
    int n = lot.end(hidden) - j;
    for (int t = steps.count() - 1; t >= 0; t--) {
      int rows = Math.min(lot.to, steps.size(t)) - lot.from;
      int at = steps.offset(t) + lot.from;
      int prev = steps.previous(t) + lot.from;
      for (int r = 0; r < rows; r++) {
        int dhAt = row(dh, lot.from + r) + j;
        arriving(n, dOut, at + r, j, dh, dhAt);
        Cells.lstmGrad(
            n,
            hidden,
            floats(gates),
            row(gates, at + r) + j,
            floats(cs),
            row(cs, prev + r) + j,
            floats(tanhC),
            row(tanhC, at + r) + j,
            floats(dh),
            dhAt,
            floats(dc),
            row(dc, lot.from + r) + j,
            floats(dGates),
            row(dGates, at + r) + j);
      }
      lot.meet();
      multiply(lot, dGates, at, rows, 0, dh, lot.from);
    }
  }

  void gru(Steps steps, Tensor wHh, Tensor bHh, Tensor gates, Tensor fromH, Tensor hs) {
    this.bHh = bHh;
    this.gates = gates;
    this.fromH = fromH;
    this.hs = hs;
    run(steps, wHh, true, gru);
  }

  private void gruLot(Lots.Lot lot) {
    packColumns(lot);
    int j = lot.first(hidden);
    int n = lot.end(hidden) - j;
    for (int t = 0; t < steps.count() && steps.size(t) > lot.from; t++) {
      int rows = Math.min(lot.to, steps.size(t)) - lot.from;
      int at = steps.offset(t) + lot.from;
      int prev = steps.previous(t) + lot.from;
      int next = steps.next(t) + lot.from;
      linear(lot, bHh, hs, prev, rows, fromH, at);
      for (int r = 0; r < rows; r++) {
        Cells.gru(
            n,
            hidden,
            floats(gates),
            row(gates, at + r) + j,
            floats(fromH),
            row(fromH, at + r) + j,
            floats(hs),
            row(hs, prev + r) + j,
            floats(hs),
            row(hs, next + r) + j);
      }
      lot.meet();
    }
  }

  void gruGrad(
      Steps steps,
      Tensor wHh,
      Tensor gates,
      Tensor fromH,
      Tensor hs,
      Tensor dOut,
      Tensor dh,
      Tensor dGates,
      Tensor dFromH) {
    this.gates = gates;
    this.fromH = fromH;
    this.hs = hs;
    this.dOut = dOut;
    this.dh = dh;
    this.dGates = dGates;
    this.dFromH = dFromH;
    run(steps, wHh, false, gruGrad);
  }

  private void gruGradLot(Lots.Lot lot) {
    packColumns(lot);
    int j = lot.first(hidden);
    int n = lot.end(hidden) - j;
    for (int t = steps.count() - 1; t >= 0; t--) {
      int rows = Math.min(lot.to, steps.size(t)) - lot.from;
      int at = steps.offset(t) + lot.from;
      int prev = steps.previous(t) + lot.from;
      for (int r = 0; r < rows; r++) {
        int dhAt = row(dh, lot.from + r) + j;
        arriving(n, dOut, at + r, j, dh, dhAt);
        Cells.gruGrad(
            n,
            hidden,
            floats(gates),
            row(gates, at + r) + j,
            floats(fromH),
            row(fromH, at + r) + j,
            floats(hs),
            row(hs, prev + r) + j,
            floats(dh),
            dhAt,
            floats(dGates),
            row(dGates, at + r) + j,
            floats(dFromH),
            row(dFromH, at + r) + j);
      }
      lot.meet();
      multiply(lot, dFromH, at, rows, 1, dh, lot.from);
    }
  }

  /** Runs one of the time loops with the recurrent weights or their transpose as right operand. */
  private void run(Steps steps, Tensor wHh, boolean transposed, Lots.Share share) {
    this.steps = steps;
    hidden = wHh.cols();
    mat(weights, wHh);
    if (transposed) {
      weights.setTransposed(weights);
    }
    pack(lots.byColumns(steps.batch(), steps.rows(), wHh.size()));
    lots.run(steps.batch(), steps.rows(), wHh.size(), share);
    clear();
  }

  /** Drops the references to the caller's memory. */
  private void clear() {
    weights.data = null;
    bHh = null;
    gates = null;
    fromH = null;
    hs = null;
    cs = null;
    tanhC = null;
    dOut = null;
    dh = null;
    dc = null;
    dGates = null;
    dFromH = null;
  }

  /**
   * Packs the weights; where threads share columns, each packs those it needs, the same of every
   * gate, in {@link #packColumns}.
   */
  private void pack(boolean shared) {
    blocks = shared ? weights.cols / hidden : 1;
    if (shared) {
      for (int i = 0; i < blocks; i++) {
        packed[i].resize(weights.rows, hidden);
      }
    } else {
      gemm.pack(weights, packed[0]);
    }
  }

  private void packColumns(Lots.Lot lot) {
    if (lot.shared()) {
      Mat block = left[lot.part].set(weights);
      block.cols = hidden;
      for (int i = 0; i < blocks; i++) {
        packed[i].packPanels(block, lot.first(hidden), lot.end(hidden));
        block.offset += hidden * block.colStride;
      }
    }
  }

  /** This lot's columns of y[to rows] = beta * y + x[from rows] * packed weights. */
  private void multiply(Lots.Lot lot, Tensor x, int from, int rows, float beta, Tensor y, int to) {
    if (rows > 0) {
      Mat target = rows(out[lot.part], y, to, rows);
      multiply(lot, rows(left[lot.part], x, from, rows), beta, target, target);
    }
  }

  /** This lot's columns of y[to rows] = bias + x[from rows] * packed weights; bias may be null. */
  private void linear(Lots.Lot lot, Tensor bias, Tensor x, int from, int rows, Tensor y, int to) {
    if (bias == null) {
      multiply(lot, x, from, rows, 0, y, to);
    } else if (rows > 0) {
      Mat start = old[lot.part].set(floats(bias), bias.offset(), rows, y.cols(), 0, 1);
      Mat target = rows(out[lot.part], y, to, rows);
      multiply(lot, rows(left[lot.part], x, from, rows), 1, start, target);
    }
  }

  private void multiply(Lots.Lot lot, Mat x, float beta, Mat start, Mat y) {
    y.cols /= blocks;
    int first = lot.first(y.cols);
    int end = lot.end(y.cols);
    for (int i = 0; i < blocks; i++) {
      gemm.thread(lot.part).multiply(x, packed[i], beta, start, y, first, end);
      y.offset += y.cols;
      if (start != y) {
        start.offset += y.cols;
      }
    }
  }

  private static Mat rows(Mat m, Tensor t, int from, int rows) {
    return m.set(floats(t), row(t, from), rows, t.cols(), t.rowStride(), 1);
  }

  private static void arriving(int n, Tensor dOut, int at, int col, Tensor dh, int dhAt) {
    if (dOut != null) {
      Spans.add(n, floats(dh), dhAt, floats(dOut), row(dOut, at) + col, floats(dh), dhAt);
    }
  }

  private static Mat[] mats(int count) {
    Mat[] mats = new Mat[count];
    for (int i = 0; i < count; i++) {
      mats[i] = new Mat();
    }
    return mats;
  }

  static Mat mat(Mat m, Tensor t) {
    return m.set(floats(t), t.offset(), t.rows(), t.cols(), t.rowStride(), t.colStride());
  }

  private static int row(Tensor t, int r) {
    return t.offset() + r * t.rowStride();
  }
}
