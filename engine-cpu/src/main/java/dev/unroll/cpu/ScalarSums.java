// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import java.util.Arrays;
import java.util.List;

/**
 * Everything that adds up many numbers, in the orders that docs/numerics.md gives under "Sums have
 * one order".
 */
final class ScalarSums {
  /** Terms of a product, or rows of a column sum, that one running sum covers. */
  static final int CHUNK = 256;

  /** Columns that the 32 lanes of a row reduction cover before they are folded. */
  static final int SEGMENT = 1024;

  private static final int LANES = 32;

  /** Keeps the squares of the second sum of a norm below infinity. */
  private static final float DOWN = 0x1p-80f;

  private static final float UP = 0x1p80f;

  private ScalarSums() {}

  /** The terms of a sum, by number. */
  interface Terms {
    float at(int i);
  }

  /** The row reduction: the sum of terms 0 to count - 1. */
  static float ofRow(int count, Terms terms) {
    float sum = 0f;
    for (int from = 0; from < count; from += SEGMENT) {
      sum += ofSegment(from, Math.min(count, from + SEGMENT), terms); // the first is never -0
    }
    return sum;
  }

  private static float ofSegment(int from, int to, Terms terms) {
    float[] lanes = new float[LANES];
    for (int i = from; i < to; i++) {
      lanes[i % LANES] += terms.at(i);
    }
    for (int half = LANES / 2; half > 0; half /= 2) {
      for (int l = 0; l < half; l++) {
        lanes[l] += lanes[l + half];
      }
    }
    return lanes[0];
  }

  /** Sum of row r of x. */
  static float ofRow(Mat x, int r) {
    return ofRow(x.cols, c -> x.data[x.at(r, c)]);
  }

  /** Sum of all elements in row-major order, as one row. */
  static float ofAll(Mat x) {
    return ofRow(x.rows * x.cols, i -> element(x, i));
  }

  /** Largest element of row r; NaN if there is one, +0 above -0, -infinity without columns. */
  static float maxOfRow(Mat x, int r) {
    float max = Float.NEGATIVE_INFINITY;
    for (int c = 0; c < x.cols; c++) {
      max = Math.max(max, x.data[x.at(r, c)]);
    }
    return max;
  }

  /** The 2-norm of all elements of all matrices. */
  static float norm(List<Mat> xs) {
    float plain = 0f;
    float scaled = 0f;
    for (Mat x : xs) {
      plain += ofRow(x.rows * x.cols, i -> square(element(x, i)));
      scaled += ofRow(x.rows * x.cols, i -> square(element(x, i) * DOWN));
    }
    float norm = ScalarMath.sqrt(plain);
    return norm < Float.POSITIVE_INFINITY ? norm : ScalarMath.sqrt(scaled) * UP;
  }

  /** out [1, C] = beta * out + the sum of the rows of x [R, C]. */
  static void ofRows(Mat x, float beta, Mat out) {
    float[] sums = new float[x.cols];
    for (int from = 0; from < x.rows; from += CHUNK) {
      Arrays.fill(sums, 0f);
      for (int r = from; r < Math.min(x.rows, from + CHUNK); r++) {
        for (int c = 0; c < x.cols; c++) {
          sums[c] += x.data[x.at(r, c)];
        }
      }
      addChunk(sums, from == 0 ? beta : 1f, out, 0);
    }
    if (x.rows == 0) {
      addNothing(beta, out);
    }
  }

  /** out [M, N] = beta * out + a [M, K] b [K, N]. */
  static void matmul(Mat a, Mat b, float beta, Mat out) {
    Mat rows = b.colStride == 1 ? b : dense(b); // so that the innermost loop becomes vector code
    float[] sums = new float[b.cols];
    for (int m = 0; m < out.rows; m++) {
      for (int from = 0; from < a.cols; from += CHUNK) {
        Arrays.fill(sums, 0f);
        for (int k = from; k < Math.min(a.cols, from + CHUNK); k++) {
          addProducts(a.data[a.at(m, k)], rows.data, rows.at(k, 0), sums);
        }
        addChunk(sums, from == 0 ? beta : 1f, out, m);
      }
    }
    if (a.cols == 0) {
      addNothing(beta, out);
    }
  }

  private static void addProducts(float a, float[] b, int at, float[] sums) {
    for (int n = 0; n < sums.length; n++) {
      sums[n] = Math.fma(a, b[at + n], sums[n]);
    }
  }

  /** Row m of out = beta * out + sums; with beta 0, out is not read. */
  private static void addChunk(float[] sums, float beta, Mat out, int m) {
    for (int n = 0; n < sums.length; n++) {
      float sum = sums[n] + 0f; // a product that underflows leaves -0
      int at = out.at(m, n);
      out.data[at] = beta == 0f ? sum : (beta * out.data[at]) + sum;
    }
  }

  private static void addNothing(float beta, Mat out) {
    Elementwise.each(y -> beta == 0f ? 0f : beta * y, out, out);
  }

  private static Mat dense(Mat x) {
    Mat copy = new Mat().set(new float[x.rows * x.cols], 0, x.rows, x.cols, x.cols, 1);
    Elementwise.each(v -> v, x, copy);
    return copy;
  }

  private static float element(Mat x, int i) {
    return x.data[x.at(i / x.cols, i % x.cols)];
  }

  private static float square(float x) {
    return x * x;
  }
}
