// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import static dev.unroll.cpu.HostBuffer.floats;

import dev.unroll.CrossEntropy;
import dev.unroll.Indices;
import dev.unroll.Reduction;
import dev.unroll.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * Operations on rows of classes and on whole tensors; rows are contiguous and split by threads.
 * Operands stand in fields, so that an operation allocates nothing.
 */
final class RowOperations {
  /** Elements below which waking another thread costs more than it saves. */
  private static final int MIN_PARALLEL_ELEMENTS = 1 << 13;

  private static final int CHUNK = 256;

  private final Workers workers;
  private final Rows[] scratch;
  private final IntConsumer rowsPart = this::rowsPart;
  private final IntConsumer sumRowsPart = this::sumRowsPart;
  private final IntConsumer segmentsPart = this::segmentsPart;
  private final Row softmax = this::softmaxRow;
  private final Row logSoftmax = this::logSoftmaxRow;
  private final Row layerNorm = this::layerNormRow;
  private final Row layerNormGrad = this::layerNormGradRow;
  private final Row crossEntropy = this::crossEntropyRow;

  private Row row;
  private Tensor x;
  private Tensor y;
  private Tensor rstd;
  private Tensor dy;
  private Tensor dx;
  private float number; // eps, or beta
  private boolean squares; // whether segments of squares are summed
  private float[] sums; // of segments, or of exponentials

  private Indices targets;
  private CrossEntropy spec;
  private float divisor;
  private float[] losses;

  RowOperations(Workers workers) {
    this.workers = workers;
    scratch = new Rows[workers.count()];
    for (int i = 0; i < scratch.length; i++) {
      scratch[i] = new Rows();
    }
  }

  /** One row of an operation, on the thread that owns the scratch memory. */
  private interface Row {
    void run(Rows rows, int r);
  }

  /** Runs an operation on each row of x. */
  private void each(Row row) {
    this.row = row;
    if (x.size() < MIN_PARALLEL_ELEMENTS) {
      rows(scratch[0], 0, x.rows());
    } else {
      workers.run(rowsPart);
    }
    clear();
  }

  /** Drops the references to the caller's memory. */
  private void clear() {
    x = null;
    y = null;
    rstd = null;
    dy = null;
    dx = null;
  }

  private void rowsPart(int part) {
    rows(scratch[part], share(x.rows(), part), share(x.rows(), part + 1));
  }

  private void rows(Rows rows, int from, int to) {
    for (int r = from; r < to; r++) {
      row.run(rows, r);
    }
  }

  private int share(int count, int part) {
    return (int) ((long) count * part / workers.count());
  }

  void softmax(Tensor x, Tensor y) {
    this.x = x;
    this.y = y;
    each(softmax);
  }

  private void softmaxRow(Rows rows, int r) {
    int n = x.cols();
    int xo = at(x, r);
    int yo = at(y, r);
    float max = rows.max(n, floats(x), xo);
    VectorLoops.SHIFTED_EXP.run(n, floats(x), xo, max, floats(y), yo);
    Spans.divide(n, floats(y), yo, rows.sum(n, floats(y), yo), floats(y), yo);
  }

  void logSoftmax(Tensor x, Tensor y) {
    this.x = x;
    this.y = y;
    each(logSoftmax);
  }

  private void logSoftmaxRow(Rows rows, int r) {
    int n = x.cols();
    int xo = at(x, r);
    float max = rows.max(n, floats(x), xo);
    float log = Functions.log(rows.sumOfExp(n, floats(x), xo, max));
    Spans.logShift(n, floats(x), xo, max, log, floats(y), at(y, r));
  }

  void layerNorm(float eps, Tensor x, Tensor y, Tensor rstd) {
    number = eps;
    this.x = x;
    this.y = y;
    this.rstd = rstd;
    each(layerNorm);
  }

  private void layerNormRow(Rows rows, int r) {
    int n = x.cols();
    int yo = at(y, r);
    Spans.shift(n, floats(x), at(x, r), rows.sum(n, floats(x), at(x, r)) / n, floats(y), yo);
    float variance = rows.sumOfProducts(n, floats(y), yo, floats(y), yo) / n;
    float factor = 1f / ScalarMath.sqrt(variance + number);
    Spans.scale(n, factor, floats(y), yo, floats(y), yo);
    floats(rstd)[at(rstd, r)] = factor;
  }

  void layerNormGrad(Tensor y, Tensor rstd, Tensor dy, Tensor dx) {
    x = y;
    this.rstd = rstd;
    this.dy = dy;
    this.dx = dx;
    each(layerNormGrad);
  }

  private void layerNormGradRow(Rows rows, int r) {
    int n = x.cols();
    int yo = at(x, r);
    int dyo = at(dy, r);
    float mean = rows.sum(n, floats(dy), dyo) / n;
    float along = rows.sumOfProducts(n, floats(dy), dyo, floats(x), yo) / n;
    float factor = floats(rstd)[at(rstd, r)];
    Spans.normGrad(n, floats(x), yo, floats(dy), dyo, mean, along, factor, floats(dx), at(dx, r));
  }

  /** out = beta * out + the sum of x over its rows; columns are split by threads. */
  void sumRows(Tensor x, float beta, Tensor out) {
    int cols = x.cols();
    if (x.size() < MIN_PARALLEL_ELEMENTS) {
      sumRows(x, 0, cols, beta, out, scratch[0].terms(cols));
      return;
    }
    this.x = x;
    number = beta;
    y = out;
    workers.run(sumRowsPart);
    clear();
  }

  private void sumRowsPart(int part) {
    int from = share(x.cols(), part);
    int to = share(x.cols(), part + 1);
    sumRows(x, from, to, number, y, scratch[part].terms(to - from));
  }

  private static void sumRows(Tensor x, int from, int to, float beta, Tensor out, float[] sums) {
    float[] o = floats(out);
    int oo = out.offset() + from;
    int n = to - from;
    if (beta == 0) {
      Arrays.fill(o, oo, oo + n, 0f); // adding to +0 changes no sum, since none is -0
    } else {
      Spans.scale(n, beta, o, oo, o, oo);
    }
    for (int first = 0; first < x.rows() || first == 0; first += CHUNK) {
      int rows = Math.min(CHUNK, x.rows() - first);
      sumChunk(rows, n, floats(x), at(x, first) + from, x.rowStride(), sums);
      Spans.add(n, o, oo, sums, 0, o, oo);
    }
  }

  /** The sums of n columns over some rows, which stand stride apart. */
  static void sumChunk(int rows, int n, float[] x, int xo, int stride, float[] sums) {
    Arrays.fill(sums, 0, n, 0f);
    int r = 0;
    for (; r + 4 <= rows; r += 4) {
      Spans.addRows4(n, x, xo + r * stride, stride, sums, 0);
    }
    for (; r < rows; r++) {
      Spans.add(n, sums, 0, x, xo + r * stride, sums, 0);
    }
  }

  /** The sum of all elements of a dense tensor. */
  float sum(Tensor x) {
    return bySegments(x, false);
  }

  float sumOfSquares(List<Tensor> xs) {
    float total = 0f;
    for (int i = 0; i < xs.size(); i++) {
      total = total + bySegments(xs.get(i), true);
    }
    return total;
  }

  /** Sums segments, split by threads, and adds up their sums in ascending order. */
  private float bySegments(Tensor x, boolean squares) {
    int count = segments(x);
    this.x = x;
    this.squares = squares;
    sums = scratch[0].column(count);
    if (x.size() < MIN_PARALLEL_ELEMENTS) {
      segments(scratch[0], 0, count);
    } else {
      workers.run(segmentsPart);
    }
    clear();
    float total = 0f;
    for (int i = 0; i < count; i++) {
      total = total + sums[i];
    }
    return total;
  }

  private static int segments(Tensor x) {
    return (x.size() + Rows.SEGMENT - 1) / Rows.SEGMENT;
  }

  private void segmentsPart(int part) {
    int count = segments(x);
    segments(scratch[part], share(count, part), share(count, part + 1));
  }

  private void segments(Rows rows, int first, int last) {
    float[] data = floats(x);
    for (int i = first; i < last; i++) {
      int from = i * Rows.SEGMENT;
      int n = Math.min(Rows.SEGMENT, x.size() - from);
      int at = x.offset() + from;
      sums[i] = squares ? rows.sumOfProducts(n, data, at, data, at) : rows.sum(n, data, at);
    }
  }

  /**
   * Cross-entropy from logits without weights or smoothing, and its gradient, row by row; the
   * logarithms of all rows together.
   */
  void crossEntropyWithGrad(
      CrossEntropy spec,
      Tensor scores,
      Indices targets,
      Tensor dLoss,
      Tensor rowLosses,
      Tensor loss,
      Tensor denominator,
      Tensor dScores) {
    x = scores;
    dx = dScores;
    dy = dLoss;
    this.targets = targets;
    this.spec = spec;
    int count = targets.length();
    losses = scratch[0].terms(count);
    sums = scratch[0].column(count);
    boolean mean = spec.reduction() == Reduction.MEAN;
    divisor = mean ? counted() : 1f;
    each(crossEntropy);
    VectorLoops.LOG.run(count, sums, 0, sums, 0);
    for (int r = 0; r < count; r++) {
      losses[r] = target(r) == spec.ignoreIndex() ? 0f : -(losses[r] - sums[r]);
      floats(rowLosses)[at(rowLosses, r)] = losses[r];
    }
    float sum = scratch[0].sum(count, losses, 0);
    floats(denominator)[denominator.offset()] = divisor;
    floats(loss)[loss.offset()] = mean ? sum / divisor : sum;
    this.targets = null;
  }

  private int target(int r) {
    return HostBuffer.ints(targets)[targets.offset() + r];
  }

  private int counted() {
    int counted = 0;
    for (int r = 0; r < targets.length(); r++) {
      counted += target(r) == spec.ignoreIndex() ? 0 : 1;
    }
    return counted;
  }

  /** One row's gradient; its target's shifted score and sum of exponentials are its loss. */
  private void crossEntropyRow(Rows rows, int r) {
    int n = x.cols();
    int target = target(r);
    float[] d = floats(dx);
    int d0 = at(dx, r);
    if (target == spec.ignoreIndex()) {
      Arrays.fill(d, d0, d0 + n, 0f);
      return;
    }
    int perRow = spec.reduction() == Reduction.NONE ? dy.rowStride() : 0;
    float g = floats(dy)[dy.offset() + r * perRow];
    float scaled = spec.reduction() == Reduction.MEAN ? g / divisor : g;
    float[] scores = floats(x);
    int xo = at(x, r);
    float max = rows.max(n, scores, xo);
    losses[r] = scores[xo + target] - max;
    VectorLoops.SHIFTED_EXP.run(n, scores, xo, max, d, d0);
    float sum = rows.sum(n, d, d0);
    float own = scaled * (d[d0 + target] / sum - 1f);
    Spans.divideScale(n, d, d0, sum, scaled, d, d0);
    d[d0 + target] = own;
    sums[r] = sum;
  }

  private static int at(Tensor t, int r) {
    return t.offset() + r * t.rowStride();
  }
}
