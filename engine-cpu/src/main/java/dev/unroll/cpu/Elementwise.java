// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

/** Loops over all elements of matrices of one shape, any strides. */
final class Elementwise {
  private Elementwise() {}

  /** A function of one float. */
  interface Function1 {
    float of(float a);
  }

  /** A function of two floats. */
  interface Function2 {
    float of(float a, float b);
  }

  /** A function of three floats. */
  interface Function3 {
    float of(float a, float b, float c);
  }

  /** out = f(a). */
  static void each(Function1 f, Mat a, Mat out) {
    for (int r = 0; r < out.rows; r++) {
      for (int c = 0; c < out.cols; c++) {
        out.data[out.at(r, c)] = f.of(a.data[a.at(r, c)]);
      }
    }
  }

  /** out = f(a, b). */
  static void each(Function2 f, Mat a, Mat b, Mat out) {
    for (int r = 0; r < out.rows; r++) {
      for (int c = 0; c < out.cols; c++) {
        out.data[out.at(r, c)] = f.of(a.data[a.at(r, c)], b.data[b.at(r, c)]);
      }
    }
  }

  /** out = f(a, b, d). */
  static void each(Function3 f, Mat a, Mat b, Mat d, Mat out) {
    for (int r = 0; r < out.rows; r++) {
      for (int c = 0; c < out.cols; c++) {
        out.data[out.at(r, c)] = f.of(a.data[a.at(r, c)], b.data[b.at(r, c)], d.data[d.at(r, c)]);
      }
    }
  }
}
