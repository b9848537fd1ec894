// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

/** Normalised rows and their gradient; each output may be one of the inputs. */
final class ScalarLayerNorm {
  private ScalarLayerNorm() {}

  /** y [R, C] = (x - mean) * rstd, rstd [R, 1] = 1 / sqrt(variance + eps). */
  static void forward(float eps, Mat x, Mat y, Mat rstd) {
    for (int r = 0; r < x.rows; r++) {
      int row = r;
      float mean = ScalarSums.ofRow(x, r) / x.cols;
      float variance = ScalarSums.ofRow(x.cols, c -> square(x.data[x.at(row, c)] - mean)) / x.cols;
      float factor = 1f / ScalarMath.sqrt(variance + eps);
      for (int c = 0; c < x.cols; c++) {
        y.data[y.at(r, c)] = (x.data[x.at(r, c)] - mean) * factor;
      }
      rstd.data[rstd.at(r, 0)] = factor;
    }
  }

  /** dx = rstd * ((dy - mean of dy) - (y * mean of dy * y)). */
  static void gradient(Mat y, Mat rstd, Mat dy, Mat dx) {
    for (int r = 0; r < y.rows; r++) {
      int row = r;
      float mean = ScalarSums.ofRow(dy, r) / y.cols;
      float along =
          ScalarSums.ofRow(y.cols, c -> dy.data[dy.at(row, c)] * y.data[y.at(row, c)]) / y.cols;
      float factor = rstd.data[rstd.at(r, 0)];
      for (int c = 0; c < y.cols; c++) {
        float centred = (dy.data[dy.at(r, c)] - mean) - (y.data[y.at(r, c)] * along);
        dx.data[dx.at(r, c)] = factor * centred;
      }
    }
  }

  private static float square(float d) {
    return d * d;
  }
}
