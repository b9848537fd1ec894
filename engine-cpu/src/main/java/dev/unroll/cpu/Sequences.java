// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import static dev.unroll.cpu.HostBuffer.floats;

import dev.unroll.Activation;
import dev.unroll.Steps;
import dev.unroll.Tensor;

/**
 * The time loops of {@link dev.unroll.Composed}, each as one task: {@link Lots} deals it out to the
 * threads, and the recurrent weights are packed once. Tensors have contiguous rows.
 */
final class Sequences {
  private final Gemm gemm;
  private final Lots lots;

  /** The recurrent weights as {@link #blocks} of columns: one, or one for each gate. */
  private final Packed[] packed = {new Packed(), new Packed(), new Packed(), new Packed()};

  private final Mat weights = new Mat();
  private final Mat[] left;
  private final Mat[] old;
  private final Mat[] out;
  private int blocks;

  Sequences(Workers workers, Gemm gemm) {
    this.gemm = gemm;
    lots = new Lots(workers);
    left = mats(workers.count());
    old = mats(workers.count());
    out = mats(workers.count());
  }

  void rnn(Steps steps, Activation f, Tensor wHh, Tensor pre, Tensor hs) {
    Tensor w = wHh.t();
    pack(steps, wHh, w);
    run(
        steps,
        wHh,
        lot -> {
          packColumns(lot, w);
          int j = lot.first(wHh.cols());
          int n = lot.end(wHh.cols()) - j;
          for (int t = 0; t < steps.count() && steps.size(t) > lot.from; t++) {
            int rows = Math.min(lot.to, steps.size(t)) - lot.from;
            int at = steps.offset(t) + lot.from;
            int next = steps.next(t) + lot.from;
            multiply(lot, hs, steps.previous(t) + lot.from, rows, 1, pre, at);
            for (int r = 0; r < rows; r++) {
              int y = row(hs, next + r) + j;
              SpanActivations.apply(f, n, floats(pre), row(pre, at + r) + j, floats(hs), y);
            }
            lot.meet();
          }
        });
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
    pack(steps, wHh, wHh);
    run(
        steps,
        wHh,
        lot -> {
          packColumns(lot, wHh);
          int j = lot.first(wHh.cols());
          int n = lot.end(wHh.cols()) - j;
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
                  floats(pre),
                  row(pre, at + r) + j,
                  floats(hs),
                  row(hs, next + r) + j,
                  floats(dh),
                  dhAt,
                  floats(dPre),
                  row(dPre, at + r) + j);
            }
            lot.meet();
            multiply(lot, dPre, at, rows, 0, dh, lot.from);
          }
        });
  }

  void lstm(Steps steps, Tensor wHh, Tensor gates, Tensor hs, Tensor cs, Tensor tanhC) {
    Tensor w = wHh.t();
    pack(steps, wHh, w);
    run(
        steps,
        wHh,
        lot -> {
          packColumns(lot, w);
          int hidden = wHh.cols();
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
        });
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
    pack(steps, wHh, wHh);
    run(
        steps,
        wHh,
        lot -> {
          packColumns(lot, wHh);
          int hidden = wHh.cols();
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
        });
  }

  void gru(Steps steps, Tensor wHh, Tensor bHh, Tensor gates, Tensor fromH, Tensor hs) {
    Tensor w = wHh.t();
    pack(steps, wHh, w);
    run(
        steps,
        wHh,
        lot -> {
          packColumns(lot, w);
          int hidden = wHh.cols();
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
        });
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
    pack(steps, wHh, wHh);
    run(
        steps,
        wHh,
        lot -> {
          packColumns(lot, wHh);
          int hidden = wHh.cols();
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
        });
  }

  private void run(Steps steps, Tensor wHh, Lots.Share share) {
    lots.run(steps.batch(), steps.rows(), wHh.size(), share);
  }

  /**
   * Packs w, the recurrent weights or their transpose; where threads share columns, each packs
   * those it needs, the same of every gate, in {@link #packColumns}.
   */
  private void pack(Steps steps, Tensor wHh, Tensor w) {
    boolean shared = lots.byColumns(steps.batch(), steps.rows(), wHh.size());
    blocks = shared ? w.cols() / wHh.cols() : 1;
    if (shared) {
      for (int i = 0; i < blocks; i++) {
        packed[i].resize(w.rows(), wHh.cols());
      }
    } else {
      gemm.pack(mat(weights, w), packed[0]);
    }
  }

  private void packColumns(Lots.Lot lot, Tensor w) {
    if (lot.shared()) {
      Mat block = mat(left[lot.part], w);
      block.cols /= blocks;
      for (int i = 0; i < blocks; i++) {
        packed[i].packPanels(block, lot.first(block.cols), lot.end(block.cols));
        block.offset += block.cols * block.colStride;
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
