// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

/** Softmax and log-softmax of rows, with their gradients; each output may be one of the inputs. */
final class ScalarSoftmax {
  private ScalarSoftmax() {}

  /** y [R, C] = softmax of the rows of x [R, C]. */
  static void softmax(Mat x, Mat y) {
    float[] e = new float[x.cols];
    for (int r = 0; r < x.rows; r++) {
      exponentials(x, r, ScalarSums.maxOfRow(x, r), e);
      float sum = ScalarSums.ofRow(x.cols, c -> e[c]);
      for (int c = 0; c < x.cols; c++) {
        y.data[y.at(r, c)] = e[c] / sum;
      }
    }
  }

  /** dx = y * (dy - sum of dy * y). */
  static void softmaxGrad(Mat y, Mat dy, Mat dx) {
    for (int r = 0; r < y.rows; r++) {
      int row = r;
      float sum = ScalarSums.ofRow(y.cols, c -> dy.data[dy.at(row, c)] * y.data[y.at(row, c)]);
      for (int c = 0; c < y.cols; c++) {
        dx.data[dx.at(r, c)] = y.data[y.at(r, c)] * (dy.data[dy.at(r, c)] - sum);
      }
    }
  }

  /** y [R, C] = log-softmax of the rows of x [R, C]. */
  static void logSoftmax(Mat x, Mat y) {
    float[] e = new float[x.cols];
    for (int r = 0; r < x.rows; r++) {
      float max = ScalarSums.maxOfRow(x, r);
      exponentials(x, r, max, e);
      float log = Functions.log(ScalarSums.ofRow(x.cols, c -> e[c]));
      for (int c = 0; c < x.cols; c++) {
        y.data[y.at(r, c)] = (x.data[x.at(r, c)] - max) - log;
      }
    }
  }

  /** dx = dy - exp(y) * sum of dy. */
  static void logSoftmaxGrad(Mat y, Mat dy, Mat dx) {
    for (int r = 0; r < y.rows; r++) {
      float sum = ScalarSums.ofRow(dy, r);
      for (int c = 0; c < y.cols; c++) {
        dx.data[dx.at(r, c)] = dy.data[dy.at(r, c)] - (Functions.exp(y.data[y.at(r, c)]) * sum);
      }
    }
  }

  /** e[c] = exp(x[r, c] - max). */
  static void exponentials(Mat x, int r, float max, float[] e) {
    for (int c = 0; c < x.cols; c++) {
      e[c] = Functions.exp(x.data[x.at(r, c)] - max);
    }
  }
}
