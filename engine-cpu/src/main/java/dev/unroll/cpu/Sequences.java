// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import static dev.unroll.cpu.HostBuffer.floats;

import dev.unroll.Activation;
import dev.unroll.Steps;
import dev.unroll.Tensor;

/**
 * The time loops of {@link dev.unroll.Composed}, each as one task: the batch is split between the
 * threads, so that none waits for another inside a sequence, and the recurrent weights are packed
 * once. Tensors have contiguous rows.
 */
final class Sequences {
  /** Below this many multiply-adds waking another thread costs more than it saves. */
  private static final long MIN_PARALLEL_WORK = 1 << 17;

  private final Workers workers;
  private final Gemm gemm;
  private final Packed packed = new Packed();
  private final Mat weights = new Mat();
  private final Mat[] left;
  private final Mat[] out;

  Sequences(Workers workers, Gemm gemm) {
    this.workers = workers;
    this.gemm = gemm;
    left = mats(workers.count());
    out = mats(workers.count());
  }

  void rnn(Steps steps, Activation f, Tensor wHh, Tensor pre, Tensor hs) {
    int n = wHh.cols();
    pack(wHh.t());
    split(
        steps,
        wHh,
        (part, from, to) -> {
          for (int t = 0; t < steps.count() && steps.size(t) > from; t++) {
            int rows = Math.min(to, steps.size(t)) - from;
            int at = steps.offset(t) + from;
            int next = steps.next(t) + from;
            multiply(part, hs, steps.previous(t) + from, rows, 1, pre, at);
            for (int r = 0; r < rows; r++) {
              SpanActivations.apply(
                  f, n, floats(pre), row(pre, at + r), floats(hs), row(hs, next + r));
            }
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
    int n = wHh.cols();
    pack(wHh);
    split(
        steps,
        wHh,
        (part, from, to) -> {
          for (int t = steps.count() - 1; t >= 0; t--) {
            int rows = Math.min(to, steps.size(t)) - from;
            int at = steps.offset(t) + from;
            int next = steps.next(t) + from;
            for (int r = 0; r < rows; r++) {
              int dhAt = row(dh, from + r);
              arriving(n, dOut, at + r, dh, dhAt);
              SpanActivations.grad(
                  f,
                  n,
                  floats(pre),
                  row(pre, at + r),
                  floats(hs),
                  row(hs, next + r),
                  floats(dh),
                  dhAt,
                  floats(dPre),
                  row(dPre, at + r));
            }
            multiply(part, dPre, at, rows, 0, dh, from);
          }
        });
  }

  void lstm(Steps steps, Tensor wHh, Tensor gates, Tensor hs, Tensor cs, Tensor tanhC) {
    int n = wHh.cols();
    pack(wHh.t());
    split(
        steps,
        wHh,
        (part, from, to) -> {
          for (int t = 0; t < steps.count() && steps.size(t) > from; t++) {
            int rows = Math.min(to, steps.size(t)) - from;
            int at = steps.offset(t) + from;
            int prev = steps.previous(t) + from;
            int next = steps.next(t) + from;
            multiply(part, hs, prev, rows, 1, gates, at);
            for (int r = 0; r < rows; r++) {
              Cells.lstm(
                  n,
                  floats(gates),
                  row(gates, at + r),
                  floats(cs),
                  row(cs, prev + r),
                  floats(cs),
                  row(cs, next + r),
                  floats(tanhC),
                  row(tanhC, at + r),
                  floats(hs),
                  row(hs, next + r));
            }
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
    int n = wHh.cols();
    pack(wHh);
    split(
        steps,
        wHh,
        (part, from, to) -> {
          for (int t = steps.count() - 1; t >= 0; t--) {
            int rows = Math.min(to, steps.size(t)) - from;
            int at = steps.offset(t) + from;
            int prev = steps.previous(t) + from;
            for (int r = 0; r < rows; r++) {
              int dhAt = row(dh, from + r);
              arriving(n, dOut, at + r, dh, dhAt);
              Cells.lstmGrad(
                  n,
                  floats(gates),
                  row(gates, at + r),
                  floats(cs),
                  row(cs, prev + r),
                  floats(tanhC),
                  row(tanhC, at + r),
                  floats(dh),
                  dhAt,
                  floats(dc),
                  row(dc, from + r),
                  floats(dGates),
                  row(dGates, at + r));
            }
            multiply(part, dGates, at, rows, 0, dh, from);
          }
        });
  }

  void gru(Steps steps, Tensor wHh, Tensor bHh, Tensor gates, Tensor fromH, Tensor hs) {
    int n = wHh.cols();
    pack(wHh.t());
    split(
        steps,
        wHh,
        (part, from, to) -> {
          for (int t = 0; t < steps.count() && steps.size(t) > from; t++) {
            int rows = Math.min(to, steps.size(t)) - from;
            int at = steps.offset(t) + from;
            int prev = steps.previous(t) + from;
            int next = steps.next(t) + from;
            for (int r = 0; bHh != null && r < rows; r++) {
              System.arraycopy(floats(bHh), bHh.offset(), floats(fromH), row(fromH, at + r), 3 * n);
            }
            multiply(part, hs, prev, rows, bHh == null ? 0 : 1, fromH, at);
            for (int r = 0; r < rows; r++) {
              Cells.gru(
                  n,
                  floats(gates),
                  row(gates, at + r),
                  floats(fromH),
                  row(fromH, at + r),
                  floats(hs),
                  row(hs, prev + r),
                  floats(hs),
                  row(hs, next + r));
            }
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
    int n = wHh.cols();
    pack(wHh);
    split(
        steps,
        wHh,
        (part, from, to) -> {
          for (int t = steps.count() - 1; t >= 0; t--) {
            int rows = Math.min(to, steps.size(t)) - from;
            int at = steps.offset(t) + from;
            int prev = steps.previous(t) + from;
            for (int r = 0; r < rows; r++) {
              int dhAt = row(dh, from + r);
              arriving(n, dOut, at + r, dh, dhAt);
              Cells.gruGrad(
                  n,
                  floats(gates),
                  row(gates, at + r),
                  floats(fromH),
                  row(fromH, at + r),
                  floats(hs),
                  row(hs, prev + r),
                  floats(dh),
                  dhAt,
                  floats(dGates),
                  row(dGates, at + r),
                  floats(dFromH),
                  row(dFromH, at + r));
            }
            multiply(part, dFromH, at, rows, 1, dh, from);
          }
        });
  }

  /** A share of the batch: sequences from (inclusive) to to (exclusive), on thread part. */
  private interface Share {
    void run(int part, int from, int to);
  }

  private void split(Steps steps, Tensor wHh, Share share) {
    int batch = steps.batch();
    int threads = workers.count();
    if (threads == 1 || batch == 1 || (long) steps.rows() * wHh.size() < MIN_PARALLEL_WORK) {
      share.run(0, 0, batch);
    } else {
      workers.run(
          part ->
              share.run(
                  part,
                  (int) ((long) batch * part / threads),
                  (int) ((long) batch * (part + 1) / threads)));
    }
  }

  private void pack(Tensor w) {
    gemm.pack(mat(weights, w), packed);
  }

  /** out[to rows] = beta * out + x[from rows] * packed weights, on this thread alone. */
  private void multiply(int part, Tensor x, int from, int rows, float beta, Tensor y, int to) {
    if (rows > 0) {
      left[part].set(floats(x), row(x, from), rows, x.cols(), x.rowStride(), 1);
      out[part].set(floats(y), row(y, to), rows, y.cols(), y.rowStride(), 1);
      gemm.thread(part).multiply(left[part], packed, beta, out[part]);
    }
  }

  private static void arriving(int n, Tensor dOut, int at, Tensor dh, int dhAt) {
    if (dOut != null) {
      Spans.add(n, floats(dh), dhAt, floats(dOut), row(dOut, at), floats(dh), dhAt);
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
