// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import static dev.unroll.cpu.HostBuffer.floats;

import dev.unroll.CrossEntropy;
import dev.unroll.Indices;
import dev.unroll.Reduction;
import dev.unroll.Tensor;
import java.util.Arrays;
import java.util.List;

/** Operations on rows of classes and on whole tensors; rows are contiguous and split by threads. */
final class RowOperations {
  /** Elements below which waking another thread costs more than it saves. */
  private static final int MIN_PARALLEL_ELEMENTS = 1 << 13;

  private static final int CHUNK = 256;

  private final Workers workers;
  private final Rows[] scratch;

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

  private void each(Tensor x, Row row) {
    int threads = workers.count();
    if (threads == 1 || x.size() < MIN_PARALLEL_ELEMENTS) {
      for (int r = 0; r < x.rows(); r++) {
        row.run(scratch[0], r);
      }
      return;
    }
    workers.run(
        part -> {
          int to = (int) ((long) x.rows() * (part + 1) / threads);
          for (int r = (int) ((long) x.rows() * part / threads); r < to; r++) {
            row.run(scratch[part], r);
          }
        });
  }

  void softmax(Tensor x, Tensor y) {
    int n = x.cols();
    each(
        x,
        (rows, r) -> {
          int xo = at(x, r);
          int yo = at(y, r);
          float max = rows.max(n, floats(x), xo);
          VectorLoops.SHIFTED_EXP.run(n, floats(x), xo, max, floats(y), yo);
          Spans.divide(n, floats(y), yo, rows.sum(n, floats(y), yo), floats(y), yo);
        });
  }

  void logSoftmax(Tensor x, Tensor y) {
    int n = x.cols();
    each(
        x,
        (rows, r) -> {
          int xo = at(x, r);
          float max = rows.max(n, floats(x), xo);
          Spans.logShift(
              n,
              floats(x),
              xo,
              max,
              Functions.log(rows.sumOfExp(n, floats(x), xo, max)),
              floats(y),
              at(y, r));
        });
  }

  void layerNorm(float eps, Tensor x, Tensor y, Tensor rstd) {
    int n = x.cols();
    each(
        x,
        (rows, r) -> {
          int yo = at(y, r);
          Spans.shift(n, floats(x), at(x, r), rows.sum(n, floats(x), at(x, r)) / n, floats(y), yo);
          float variance = rows.sumOfProducts(n, floats(y), yo, floats(y), yo) / n;
          float factor = 1f / ScalarMath.sqrt(variance + eps);
          Spans.scale(n, factor, floats(y), yo, floats(y), yo);
          floats(rstd)[at(rstd, r)] = factor;
        });
  }

  void layerNormGrad(Tensor y, Tensor rstd, Tensor dy, Tensor dx) {
    int n = y.cols();
    each(
        y,
        (rows, r) -> {
          int yo = at(y, r);
          int dyo = at(dy, r);
          float mean = rows.sum(n, floats(dy), dyo) / n;
          float along = rows.sumOfProducts(n, floats(dy), dyo, floats(y), yo) / n;
          float factor = floats(rstd)[at(rstd, r)];
          Spans.normGrad(
              n, floats(y), yo, floats(dy), dyo, mean, along, factor, floats(dx), at(dx, r));
        });
  }

  /** out = beta * out + the sum of x over its rows; columns are split by threads. */
  void sumRows(Tensor x, float beta, Tensor out) {
    int cols = x.cols();
    int threads = x.size() < MIN_PARALLEL_ELEMENTS ? 1 : workers.count();
    if (threads == 1) {
      sumRows(x, 0, cols, beta, out, scratch[0].terms(cols));
      return;
    }
    workers.run(
        part -> {
          int from = (int) ((long) cols * part / threads);
          int to = (int) ((long) cols * (part + 1) / threads);
          sumRows(x, from, to, beta, out, scratch[part].terms(to - from));
        });
  }

  private static void sumRows(Tensor x, int from, int to, float beta, Tensor out, float[] sums) {
    float[] o = floats(out);
    int oo = out.offset() + from;
    int n = to - from;
    for (int chunk = 0; chunk < x.rows() || chunk == 0; chunk += CHUNK) {
      Arrays.fill(sums, 0, n, 0f);
      int r = chunk;
      int end = Math.min(x.rows(), chunk + CHUNK);
      for (; r + 4 <= end; r += 4) {
        Spans.addRows4(n, floats(x), at(x, r) + from, x.rowStride(), sums, 0);
      }
      for (; r < end; r++) {
        Spans.add(n, sums, 0, floats(x), at(x, r) + from, sums, 0);
      }
      if (chunk > 0) {
        Spans.add(n, o, oo, sums, 0, o, oo);
      } else if (beta == 0) {
        System.arraycopy(sums, 0, o, oo, n);
      } else {
        Spans.scale(n, beta, o, oo, o, oo);
        Spans.add(n, o, oo, sums, 0, o, oo);
      }
    }
  }

  /** The sum of all elements of a dense tensor. */
  float sum(Tensor x) {
    return bySegments(x.size(), (rows, from, n) -> rows.sum(n, floats(x), x.offset() + from));
  }

  float sumOfSquares(List<Tensor> xs) {
    float total = 0f;
    for (Tensor x : xs) {
      float[] data = floats(x);
      int at = x.offset();
      total =
          total
              + bySegments(
                  x.size(),
                  (rows, from, n) -> rows.sumOfProducts(n, data, at + from, data, at + from));
    }
    return total;
  }

  /** The sum of n elements from one on that lie in one segment. */
  private interface SegmentSum {
    float of(Rows rows, int from, int n);
  }

  /** Sums segments, split by threads, and adds up their sums in ascending order. */
  private float bySegments(int size, SegmentSum segment) {
    int count = (size + Rows.SEGMENT - 1) / Rows.SEGMENT;
    float[] sums = scratch[0].column(count);
    int threads = size < MIN_PARALLEL_ELEMENTS ? 1 : workers.count();
    if (threads == 1) {
      segments(segment, scratch[0], 0, count, size, sums);
    } else {
      workers.run(
          part ->
              segments(
                  segment,
                  scratch[part],
                  (int) ((long) count * part / threads),
                  (int) ((long) count * (part + 1) / threads),
                  size,
                  sums));
    }
    float total = 0f;
    for (int i = 0; i < count; i++) {
      total = total + sums[i];
    }
    return total;
  }

  private static void segments(
      SegmentSum segment, Rows rows, int first, int last, int size, float[] sums) {
    for (int i = first; i < last; i++) {
      int from = i * Rows.SEGMENT;
      sums[i] = segment.of(rows, from, Math.min(Rows.SEGMENT, size - from));
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
    boolean mean = spec.reduction() == Reduction.MEAN;
    int[] ids = HostBuffer.ints(targets);
    int counted = 0;
    for (int i = 0; i < targets.length(); i++) {
      counted += ids[targets.offset() + i] == spec.ignoreIndex() ? 0 : 1;
    }
    float divisor = mean ? counted : 1f;
    int count = targets.length();
    float[] losses = scratch[0].terms(count);
    float[] sums = scratch[0].column(count);
    int perRow = spec.reduction() == Reduction.NONE ? dLoss.rowStride() : 0;
    each(
        scores,
        (rows, r) -> {
          float g = floats(dLoss)[dLoss.offset() + r * perRow];
          int target = ids[targets.offset() + r];
          if (target == spec.ignoreIndex()) {
            Arrays.fill(floats(dScores), at(dScores, r), at(dScores, r) + scores.cols(), 0f);
          } else {
            row(rows, scores, target, mean ? g / divisor : g, dScores, r, losses, sums);
          }
        });
    VectorLoops.LOG.run(count, sums, 0, sums, 0);
    for (int r = 0; r < count; r++) {
      boolean ignored = ids[targets.offset() + r] == spec.ignoreIndex();
      losses[r] = ignored ? 0f : -(losses[r] - sums[r]);
      floats(rowLosses)[at(rowLosses, r)] = losses[r];
    }
    float sum = scratch[0].sum(count, losses, 0);
    floats(denominator)[denominator.offset()] = divisor;
    floats(loss)[loss.offset()] = mean ? sum / divisor : sum;
  }

  /** One row's gradient; its target's shifted score and sum of exponentials are its loss. */
  private static void row(
      Rows rows,
      Tensor scores,
      int target,
      float g,
      Tensor dScores,
      int r,
      float[] shifted,
      float[] sums) {
    int n = scores.cols();
    float[] x = floats(scores);
    float[] d = floats(dScores);
    int xo = at(scores, r);
    int d0 = at(dScores, r);
    float max = rows.max(n, x, xo);
    shifted[r] = x[xo + target] - max;
    VectorLoops.SHIFTED_EXP.run(n, x, xo, max, d, d0);
    float sum = rows.sum(n, d, d0);
    float own = g * (d[d0 + target] / sum - 1f);
    Spans.divideScale(n, d, d0, sum, g, d, d0);
    d[d0 + target] = own;
    sums[r] = sum;
  }

  private static int at(Tensor t, int r) {
    return t.offset() + r * t.rowStride();
  }
}
