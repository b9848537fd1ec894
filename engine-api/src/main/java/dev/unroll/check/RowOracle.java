// SPDX-License-Identifier: Apache-2.0

package dev.unroll.check;

import static dev.unroll.check.Judged.U;

import java.util.List;

/** Products, sums, softmax and rows by number in double. */
final class RowOracle {
  private RowOracle() {}

  /** beta * out + a b; the bound counts every rounding of any order of summation. */
  static Judged matmul(Mat a, Mat b, double beta, Mat out) {
    int n = a.cols;
    Mat value = a.times(b);
    Mat sizes = absolute(a).times(absolute(b));
    if (beta != 0) {
      for (int i = 0; i < value.values.length; i++) {
        value.values[i] += beta * out.values[i];
        sizes.values[i] += Math.abs(beta * out.values[i]);
      }
    }
    return Judged.within(value, (r, c) -> (n + 3) * U * Judged.magnitude(sizes.at(r, c)));
  }

  static Judged linear(Mat bias, Mat x, Mat w) {
    return matmul(x, w, 1, Mat.of(x.rows, w.cols, (r, c) -> bias.at(0, c)));
  }

  static Judged sumRows(Mat x, double beta, Mat out) {
    Mat ones = Mat.of(1, x.rows, (r, c) -> 1);
    return matmul(ones, x, beta, out);
  }

  static Judged sumColumns(Mat x) {
    Mat ones = Mat.of(x.cols, 1, (r, c) -> 1);
    return matmul(x, ones, 0, null);
  }

  /** NaN if there is one; -infinity if there are no columns. */
  static Mat maxColumns(Mat x) {
    Mat max = Mat.of(x.rows, 1, (r, c) -> Double.NEGATIVE_INFINITY);
    for (int r = 0; r < x.rows; r++) {
      for (int c = 0; c < x.cols; c++) {
        max.set(r, 0, Math.max(max.at(r, 0), x.at(r, c)));
      }
    }
    return max;
  }

  static Judged sum(Mat x, double divisor) {
    double sum = 0;
    double sizes = 0;
    for (double v : x.values) {
      sum += v;
      sizes += Math.abs(v);
    }
    double bound = (x.values.length + 3) * U * Judged.magnitude(sizes / divisor);
    return Judged.within(Mat.scalar(sum / divisor), (r, c) -> bound);
  }

  static double norm(Mat... xs) {
    double squares = 0;
    for (Mat x : xs) {
      for (double v : x.values) {
        squares += v * v;
      }
    }
    return Math.sqrt(squares);
  }

  /** Softmax of each row. */
  static Mat softmax(Mat x) {
    Mat max = maxColumns(x);
    Mat sum = sumExp(x, max);
    return Mat.of(
        x.rows, x.cols, (r, c) -> StrictMath.exp(x.at(r, c) - max.at(r, 0)) / sum.at(r, 0));
  }

  static Judged judgedSoftmax(Mat x) {
    Mat y = softmax(x);
    Mat max = maxColumns(x);
    return Judged.within(y, (r, c) -> y.at(r, c) * (max.at(r, 0) - x.at(r, c) + x.cols + 16) * U);
  }

  static Mat softmaxGrad(Mat y, Mat dy) {
    Mat dot = dots(y, dy, false);
    return Mat.of(y.rows, y.cols, (r, c) -> y.at(r, c) * (dy.at(r, c) - dot.at(r, 0)));
  }

  static Judged judgedSoftmaxGrad(Mat y, Mat dy) {
    Mat sizes = dots(y, dy, true);
    return Judged.within(
        softmaxGrad(y, dy),
        (r, c) ->
            U * Math.abs(y.at(r, c)) * (4 * Math.abs(dy.at(r, c)) + (y.cols + 8) * sizes.at(r, 0)));
  }

  /** Log-softmax of each row. */
  static Mat logSoftmax(Mat x) {
    Mat max = maxColumns(x);
    Mat sum = sumExp(x, max);
    return Mat.of(
        x.rows, x.cols, (r, c) -> x.at(r, c) - max.at(r, 0) - StrictMath.log(sum.at(r, 0)));
  }

  static Judged judgedLogSoftmax(Mat x) {
    Mat max = maxColumns(x);
    return Judged.within(logSoftmax(x), (r, c) -> logSoftmaxBound(x, max, r, c));
  }

  /** Of the two roundings of x - m, of the sum and of its logarithm. */
  static double logSoftmaxBound(Mat x, Mat max, int r, int c) {
    double distance = max.at(r, 0) - x.at(r, c);
    return U * (2 * Judged.magnitude(distance) + 2 * StrictMath.log(x.cols + 1) + x.cols + 16);
  }

  static Mat logSoftmaxGrad(Mat y, Mat dy) {
    Mat ones = Mat.of(y.rows, y.cols, (r, c) -> 1);
    Mat total = dots(ones, dy, false);
    return Mat.of(
        y.rows, y.cols, (r, c) -> dy.at(r, c) - StrictMath.exp(y.at(r, c)) * total.at(r, 0));
  }

  static Judged judgedLogSoftmaxGrad(Mat y, Mat dy) {
    Mat ones = Mat.of(y.rows, y.cols, (r, c) -> 1);
    Mat sizes = dots(ones, dy, true);
    return Judged.within(
        logSoftmaxGrad(y, dy),
        (r, c) ->
            U
                * (2 * Math.abs(dy.at(r, c))
                    + StrictMath.exp(y.at(r, c)) * (y.cols + 8) * sizes.at(r, 0)));
  }

  /** Rows without their mean, over their deviation, and 1 over the deviation. */
  static List<Judged> layerNorm(Mat x, double eps) {
    Mat mean = means(x, ones(x));
    Mat centred = Mat.of(x.rows, x.cols, (r, c) -> x.at(r, c) - mean.at(r, 0));
    Mat variance = means(centred, centred);
    Mat rstd = Mat.of(x.rows, 1, (r, c) -> 1 / Math.sqrt(variance.at(r, 0) + eps));
    Mat sizes = means(absolute(x), ones(x));
    // A mean is off by some roundings of the sizes; so is each difference to it.
    Mat off = Mat.of(x.rows, 1, (r, c) -> U * (x.cols + 4) * sizes.at(r, 0));
    double own = U * (x.cols + 16);
    return List.of(
        Judged.within(
            Mat.of(x.rows, x.cols, (r, c) -> centred.at(r, c) * rstd.at(r, 0)),
            (r, c) ->
                own * Math.abs(centred.at(r, c) * rstd.at(r, 0))
                    + 4
                        * off.at(r, 0)
                        * rstd.at(r, 0)
                        * (1 + Math.abs(centred.at(r, c)) * rstd.at(r, 0))),
        Judged.within(rstd, (r, c) -> rstd.at(r, 0) * (own + 4 * off.at(r, 0) * rstd.at(r, 0))));
  }

  static Judged layerNormGrad(Mat y, Mat rstd, Mat dy) {
    Mat mean = means(dy, ones(dy));
    Mat along = means(dy, y);
    Mat sizes = means(absolute(dy), ones(dy));
    Mat products = means(absolute(dy), absolute(y));
    int n = y.cols + 8;
    return Judged.within(
        Mat.of(
            y.rows,
            y.cols,
            (r, c) -> rstd.at(r, 0) * (dy.at(r, c) - mean.at(r, 0) - y.at(r, c) * along.at(r, 0))),
        (r, c) ->
            U
                * Math.abs(rstd.at(r, 0))
                * (4 * Math.abs(dy.at(r, c))
                    + n * sizes.at(r, 0)
                    + n * Math.abs(y.at(r, c)) * products.at(r, 0)));
  }

  private static Mat ones(Mat like) {
    return Mat.of(like.rows, like.cols, (r, c) -> 1);
  }

  /** The mean of a * b in each row. */
  private static Mat means(Mat a, Mat b) {
    Mat dots = dots(a, b, false);
    return Mat.of(a.rows, 1, (r, c) -> dots.at(r, 0) / a.cols);
  }

  /** Rows of the table, zeros for -1. */
  static Mat gather(Mat table, int[] rows) {
    return Mat.of(rows.length, table.cols, (r, c) -> rows[r] < 0 ? 0 : table.at(rows[r], c));
  }

  static Judged scatterAdd(Mat dOut, int[] rows, Mat table) {
    Mat value = table.copy();
    Mat sizes = absolute(table);
    for (int i = 0; i < rows.length; i++) {
      for (int c = 0; rows[i] >= 0 && c < dOut.cols; c++) {
        value.add(rows[i], c, dOut.at(i, c));
        sizes.add(rows[i], c, Math.abs(dOut.at(i, c)));
      }
    }
    return Judged.within(value, (r, c) -> (rows.length + 1) * U * Judged.magnitude(sizes.at(r, c)));
  }

  private static Mat absolute(Mat x) {
    return Mat.of(x.rows, x.cols, (r, c) -> Math.abs(x.at(r, c)));
  }

  private static Mat sumExp(Mat x, Mat max) {
    Mat sum = new Mat(x.rows, 1);
    for (int r = 0; r < x.rows; r++) {
      for (int c = 0; c < x.cols; c++) {
        sum.add(r, 0, StrictMath.exp(x.at(r, c) - max.at(r, 0)));
      }
    }
    return sum;
  }

  /** Of each row of a with that of b, or the sum of the absolute products. */
  private static Mat dots(Mat a, Mat b, boolean absolute) {
    Mat sum = new Mat(a.rows, 1);
    for (int r = 0; r < a.rows; r++) {
      for (int c = 0; c < a.cols; c++) {
        double product = a.at(r, c) * b.at(r, c);
        sum.add(r, 0, absolute ? Math.abs(product) : product);
      }
    }
    return sum;
  }
}
