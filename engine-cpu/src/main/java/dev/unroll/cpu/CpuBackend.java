// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import static dev.unroll.cpu.HostBuffer.floats;

import dev.unroll.Activation;
import dev.unroll.CrossEntropy;
import dev.unroll.Indices;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import java.util.Arrays;
import java.util.List;

/**
 * The fast CPU backend: the results of {@link ScalarBackend} in every bit, by vectors and threads.
 * Whatever is not overridden here, and whatever has columns that are not contiguous, runs as the
 * plain loops do.
 */
final class CpuBackend extends SpanBackend {
  private final Workers workers;
  private final Gemm gemm;
  private final Sequences sequences;
  private final RowOperations rows;
  private final Mat a = new Mat();
  private final Mat b = new Mat();
  private final Mat c = new Mat();
  private final Mat old = new Mat();
  private final Spread.Range gatherPart = this::gatherPart;
  private Tensor gathered;
  private Indices numbers;
  private Tensor gatherOut;

  /**
   * Starts the threads and checks their arithmetic.
   *
   * @param threads threads that work, the caller included
   */
  CpuBackend(int threads) {
    this(new Workers(threads));
  }

  private CpuBackend(Workers workers) {
    super("cpu", "cpu (" + Lanes.F.length() + " lanes, " + workers.count() + " threads)", workers);
    this.workers = workers;
    gemm = new Gemm(workers);
    sequences = new Sequences(workers, gemm);
    rows = new RowOperations(workers);
    workers.runTogether(part -> ExactProbe.run(name() + ", thread " + part));
  }

  @Override
  List<String> notes() {
    return List.of(
        "vectors of " + Lanes.F.length() + " floats",
        workers.count()
            + " threads; a run through time is split by sequences, or by columns where those"
            + " are fewer",
        WarmUp.note());
  }

  @Override
  public void close() {
    workers.close();
    super.close();
  }

  // ---- products and sums

  @Override
  public void matmul(Tensor x, Tensor y, float beta, Tensor out) {
    count();
    gemm.multiply(Sequences.mat(a, x), Sequences.mat(b, y), beta, Sequences.mat(c, out));
  }

  @Override
  public void linear(Tensor bias, Tensor x, Tensor w, Tensor out) {
    if (bias == null) {
      matmul(x, w, 0, out);
      return;
    }
    count();
    Mat rows = old.set(floats(bias), bias.offset(), out.rows(), out.cols(), 0, bias.colStride());
    gemm.multiply(Sequences.mat(a, x), Sequences.mat(b, w), 1, rows, Sequences.mat(c, out));
  }

  @Override
  public void sumRows(Tensor x, float beta, Tensor out) {
    if (!(contiguous(x) && contiguous(out))) {
      super.sumRows(x, beta, out);
      return;
    }
    count();
    rows.sumRows(x, beta, out);
  }

  @Override
  public void sum(Tensor x, float divisor, Tensor out) {
    if (!x.isDense()) {
      super.sum(x, divisor, out);
      return;
    }
    count();
    floats(out)[out.offset()] = rows.sum(x) / divisor;
  }

  @Override
  public void norm(List<Tensor> xs, Tensor out) {
    if (!allDense(xs)) {
      super.norm(xs, out);
      return;
    }
    float squares = rows.sumOfSquares(xs);
    if (squares <= Float.MAX_VALUE) {
      count();
      floats(out)[out.offset()] = (float) Math.sqrt(squares);
    } else {
      super.norm(xs, out);
    }
  }

  // ---- rows of classes

  @Override
  public void softmax(Tensor x, Tensor y) {
    if (!(contiguous(x) && contiguous(y))) {
      super.softmax(x, y);
      return;
    }
    count();
    rows.softmax(x, y);
  }

  @Override
  public void logSoftmax(Tensor x, Tensor y) {
    if (!(contiguous(x) && contiguous(y))) {
      super.logSoftmax(x, y);
      return;
    }
    count();
    rows.logSoftmax(x, y);
  }

  @Override
  public void layerNorm(float eps, Tensor x, Tensor y, Tensor rstd) {
    if (!(contiguous(x) && contiguous(y))) {
      super.layerNorm(eps, x, y, rstd);
      return;
    }
    count();
    rows.layerNorm(eps, x, y, rstd);
  }

  @Override
  public void layerNormGrad(Tensor y, Tensor rstd, Tensor dy, Tensor dx) {
    if (!(contiguous(y) && contiguous(dy) && contiguous(dx))) {
      super.layerNormGrad(y, rstd, dy, dx);
      return;
    }
    count();
    rows.layerNormGrad(y, rstd, dy, dx);
  }

  @Override
  public void crossEntropyWithGrad(
      CrossEntropy spec,
      Tensor scores,
      Indices targets,
      Tensor weights,
      Tensor dLoss,
      Tensor rowLosses,
      Tensor loss,
      Tensor denominator,
      Tensor dScores) {
    boolean plain =
        spec.input() == CrossEntropy.Input.LOGITS && spec.smoothing() == 0 && weights == null;
    if (!plain || !(contiguous(scores) && contiguous(dScores))) {
      super.crossEntropyWithGrad(
          spec, scores, targets, weights, dLoss, rowLosses, loss, denominator, dScores);
      return;
    }
    count();
    rows.crossEntropyWithGrad(spec, scores, targets, dLoss, rowLosses, loss, denominator, dScores);
  }

  // ---- rows by number

  @Override
  public void gather(Tensor table, Indices rowNumbers, Tensor out) {
    if (!(contiguous(table) && contiguous(out))) {
      super.gather(table, rowNumbers, out);
      return;
    }
    count();
    gathered = table;
    numbers = rowNumbers;
    gatherOut = out;
    spread.split(out.rows(), out.size(), gatherPart);
    gathered = null;
    numbers = null;
    gatherOut = null;
  }

  private void gatherPart(int from, int to) {
    Tensor table = gathered;
    Tensor out = gatherOut;
    int n = table.cols();
    for (int i = from; i < to; i++) {
      int row = HostBuffer.ints(numbers)[numbers.offset() + i];
      if (row < 0) {
        Arrays.fill(floats(out), Spread.rowAt(out, i), Spread.rowAt(out, i) + n, 0f);
      } else {
        System.arraycopy(
            floats(table), Spread.rowAt(table, row), floats(out), Spread.rowAt(out, i), n);
      }
    }
  }

  @Override
  public void scatterAdd(Tensor dOut, Indices rowNumbers, Tensor dTable) {
    if (!(contiguous(dOut) && contiguous(dTable))) {
      super.scatterAdd(dOut, rowNumbers, dTable);
      return;
    }
    count();
    int n = dTable.cols();
    for (int i = 0; i < dOut.rows(); i++) {
      int row = HostBuffer.ints(rowNumbers)[rowNumbers.offset() + i];
      if (row >= 0) {
        int at = Spread.rowAt(dTable, row);
        Spans.add(n, floats(dTable), at, floats(dOut), Spread.rowAt(dOut, i), floats(dTable), at);
      }
    }
  }

  // ---- sequences

  @Override
  public void rnnSequence(Steps steps, Activation f, Tensor wHh, Tensor pre, Tensor hs) {
    if (contiguous(pre) && contiguous(hs)) {
      count();
      sequences.rnn(steps, f, wHh, pre, hs);
    } else {
      super.rnnSequence(steps, f, wHh, pre, hs);
    }
  }

  @Override
  public void rnnSequenceGrad(
      Steps steps,
      Activation f,
      Tensor wHh,
      Tensor pre,
      Tensor hs,
      Tensor dOut,
      Tensor dh,
      Tensor dPre) {
    if (contiguous(pre)
        && contiguous(hs)
        && contiguous(dOut == null ? dh : dOut)
        && contiguous(dh)
        && contiguous(dPre)) {
      count();
      sequences.rnnGrad(steps, f, wHh, pre, hs, dOut, dh, dPre);
    } else {
      super.rnnSequenceGrad(steps, f, wHh, pre, hs, dOut, dh, dPre);
    }
  }

  @Override
  public void lstmSequence(
      Steps steps, Tensor wHh, Tensor gates, Tensor hs, Tensor cs, Tensor tanhC) {
    if (contiguous(gates) && contiguous(hs) && contiguous(cs) && contiguous(tanhC)) {
      count();
      sequences.lstm(steps, wHh, gates, hs, cs, tanhC);
    } else {
      super.lstmSequence(steps, wHh, gates, hs, cs, tanhC);
    }
  }

  @Override
  public void lstmSequenceGrad(
      Steps steps,
      Tensor wHh,
      Tensor gates,
      Tensor cs,
      Tensor tanhC,
      Tensor dOut,
      Tensor dh,
      Tensor dc,
      Tensor dGates) {
    if (contiguous(gates)
        && contiguous(cs)
        && contiguous(tanhC)
        && contiguous(dOut == null ? dh : dOut)
        && contiguous(dh)
        && contiguous(dc)
        && contiguous(dGates)) {
      count();
      sequences.lstmGrad(steps, wHh, gates, cs, tanhC, dOut, dh, dc, dGates);
    } else {
      super.lstmSequenceGrad(steps, wHh, gates, cs, tanhC, dOut, dh, dc, dGates);
    }
  }

  @Override
  public void gruSequence(
      Steps steps, Tensor wHh, Tensor bHh, Tensor gates, Tensor fromH, Tensor hs) {
    if (contiguous(gates)
        && contiguous(fromH)
        && contiguous(hs)
        && contiguous(bHh == null ? hs : bHh)) {
      count();
      sequences.gru(steps, wHh, bHh, gates, fromH, hs);
    } else {
      super.gruSequence(steps, wHh, bHh, gates, fromH, hs);
    }
  }

  @Override
  public void gruSequenceGrad(
      Steps steps,
      Tensor wHh,
      Tensor gates,
      Tensor fromH,
      Tensor hs,
      Tensor dOut,
      Tensor dh,
      Tensor dGates,
      Tensor dFromH) {
    if (contiguous(gates)
        && contiguous(fromH)
        && contiguous(hs)
        && contiguous(dOut == null ? dh : dOut)
        && contiguous(dh)
        && contiguous(dGates)
        && contiguous(dFromH)) {
      count();
      sequences.gruGrad(steps, wHh, gates, fromH, hs, dOut, dh, dGates, dFromH);
    } else {
      super.gruSequenceGrad(steps, wHh, gates, fromH, hs, dOut, dh, dGates, dFromH);
    }
  }
}
