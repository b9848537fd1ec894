// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Philox;

/** Random orthogonal matrices: normal numbers, orthogonalised by Gram and Schmidt, in double. */
final class Orthogonal {
  private Orthogonal() {}

  /** Fills a matrix of the given rows and columns. */
  static void fill(int[] shape, double gain, float[] values, long seed, int stream) {
    boolean byRows = shape[0] <= shape[1];
    double[][] vectors = new double[Math.min(shape[0], shape[1])][Math.max(shape[0], shape[1])];
    for (int i = 0; i < vectors.length; i++) {
      for (int k = 0; k < vectors[i].length; k++) {
        vectors[i][k] = Philox.normal(seed, stream, 0, i * vectors[i].length + k);
      }
      // Twice, since the first pass leaves what rounding left.
      removeAll(vectors, i);
      removeAll(vectors, i);
    }
    for (int r = 0; r < shape[0]; r++) {
      for (int c = 0; c < shape[1]; c++) {
        values[r * shape[1] + c] = (float) (gain * (byRows ? vectors[r][c] : vectors[c][r]));
      }
    }
  }

  /** Takes the vectors before number i out of it, and makes it one long. */
  private static void removeAll(double[][] vectors, int i) {
    double[] v = vectors[i];
    for (int j = 0; j < i; j++) {
      double along = dot(v, vectors[j]);
      for (int k = 0; k < v.length; k++) {
        v[k] -= along * vectors[j][k];
      }
    }
    double length = StrictMath.sqrt(dot(v, v));
    for (int k = 0; k < v.length; k++) {
      v[k] /= length;
    }
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int k = 0; k < a.length; k++) {
      sum += a[k] * b[k];
    }
    return sum;
  }
}
