// SPDX-License-Identifier: Apache-2.0

package dev.unroll.check;

/** A row-major matrix of doubles: what the oracle computes with. */
final class Mat {
  /** Computes one element. */
  @FunctionalInterface
  interface Cell {
    double at(int r, int c);
  }

  final int rows;
  final int cols;
  final double[] values;

  Mat(int rows, int cols) {
    this.rows = rows;
    this.cols = cols;
    this.values = new double[rows * cols];
  }

  static Mat of(int rows, int cols, Cell cell) {
    Mat made = new Mat(rows, cols);
    for (int r = 0; r < rows; r++) {
      for (int c = 0; c < cols; c++) {
        made.set(r, c, cell.at(r, c));
      }
    }
    return made;
  }

  static Mat scalar(double value) {
    return of(1, 1, (r, c) -> value);
  }

  double at(int r, int c) {
    return values[r * cols + c];
  }

  void set(int r, int c, double value) {
    values[r * cols + c] = value;
  }

  void add(int r, int c, double value) {
    values[r * cols + c] += value;
  }

  Mat copy() {
    return of(rows, cols, this::at);
  }

  /** A copy of some rows. */
  Mat rows(int from, int count) {
    return of(count, cols, (r, c) -> at(from + r, c));
  }

  /** A copy of some columns. */
  Mat cols(int from, int count) {
    return of(rows, count, (r, c) -> at(r, from + c));
  }

  /** Writes a block of rows. */
  void setRows(int from, Mat block) {
    System.arraycopy(block.values, 0, values, from * cols, block.values.length);
  }

  /** Writes a block of columns. */
  void setCols(int from, Mat block) {
    for (int r = 0; r < rows; r++) {
      System.arraycopy(block.values, r * block.cols, values, r * cols + from, block.cols);
    }
  }

  /** this x b. */
  Mat times(Mat b) {
    return of(rows, b.cols, (r, c) -> dot(r, b, c));
  }

  Mat transposed() {
    return of(cols, rows, (r, c) -> at(c, r));
  }

  private double dot(int r, Mat b, int c) {
    double sum = 0;
    for (int k = 0; k < cols; k++) {
      sum += at(r, k) * b.at(k, c);
    }
    return sum;
  }

  /** Largest absolute value of the finite elements, 0 if there is none. */
  double largest() {
    double largest = 0;
    for (double v : values) {
      if (Double.isFinite(v)) {
        largest = Math.max(largest, Math.abs(v));
      }
    }
    return largest;
  }
}
