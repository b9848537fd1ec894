// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import jdk.incubator.vector.FloatVector;

/** Copies blocks of strided matrices into the layouts that the micro-kernels read. */
final class Packing {
  private static final int L = Lanes.F.length();
  private static final int PANEL = MicroKernels.PANEL;
  private static final int GROUP = MicroKernels.TILE_ROWS;

  /**
   * Columns of a group are copied by whole vectors; what is too much is overwritten by the next.
   */
  private static final int GROUP_COPY = (GROUP + L - 1) / L * L;

  private static final int PITCH = MicroKernels.ROW_PITCH;

  private Packing() {}

  /**
   * Copies b[k0 .. k0+kc, col .. col+cols] into panels [kc][PANEL], one after the other. What
   * stands beyond the last column is undefined: sums made of it are never stored.
   */
  static void panels(Mat b, int k0, int kc, int col, int cols, float[] out, int to) {
    for (int j = 0; j < cols; j += PANEL) {
      panel(b, b.at(k0, col + j), kc, Math.min(PANEL, cols - j), out, to + j * kc);
    }
  }

  private static void panel(Mat b, int from, int kc, int width, float[] out, int to) {
    if (b.colStride == 1 && width == PANEL) {
      copyPanel(b.data, from, b.rowStride, kc, out, to);
      return;
    }
    int x = 0;
    for (; x + 8 <= width; x += 8) {
      interleave8(b.data, from + x * b.colStride, b.colStride, b.rowStride, kc, out, to + x);
    }
    for (; x < width; x++) {
      for (int k = 0; k < kc; k++) {
        out[to + k * PANEL + x] = b.data[from + x * b.colStride + k * b.rowStride];
      }
    }
  }

  private static void copyPanel(float[] b, int from, int ldb, int kc, float[] out, int to) {
    for (int k = 0; k < kc; k++) {
      int source = from + k * ldb;
      int target = to + k * PANEL;
      FloatVector.fromArray(Lanes.F, b, source).intoArray(out, target);
      FloatVector.fromArray(Lanes.F, b, source + L).intoArray(out, target + L);
    }
  }

  private static void interleave8(
      float[] b, int from, int colStride, int rowStride, int kc, float[] out, int to) {
    int s1 = from + colStride;
    int s2 = s1 + colStride;
    int s3 = s2 + colStride;
    int s4 = s3 + colStride;
    int s5 = s4 + colStride;
    int s6 = s5 + colStride;
    int s7 = s6 + colStride;
    for (int k = 0; k < kc; k++) {
      int q = to + k * PANEL;
      int z = k * rowStride;
      out[q] = b[from + z];
      out[q + 1] = b[s1 + z];
      out[q + 2] = b[s2 + z];
      out[q + 3] = b[s3 + z];
      out[q + 4] = b[s4 + z];
      out[q + 5] = b[s5 + z];
      out[q + 6] = b[s6 + z];
      out[q + 7] = b[s7 + z];
    }
  }

  /** Copies a[row .. row+rows, k0 .. k0+kc] into rows that stand ROW_PITCH apart. */
  static void rows(Mat a, int row, int rows, int k0, int kc, float[] out, int to) {
    int from = a.at(row, k0);
    if (a.colStride == 1) {
      for (int r = 0; r < rows; r++) {
        System.arraycopy(a.data, from + r * a.rowStride, out, to + r * PITCH, kc);
      }
      return;
    }
    int r = 0;
    for (; r + 8 <= rows; r += 8) {
      split8(a.data, from + r * a.rowStride, a.rowStride, a.colStride, kc, out, to + r * PITCH);
    }
    for (; r < rows; r++) {
      for (int k = 0; k < kc; k++) {
        out[to + r * PITCH + k] = a.data[from + r * a.rowStride + k * a.colStride];
      }
    }
  }

  private static void split8(
      float[] a, int from, int rowStride, int colStride, int kc, float[] out, int to) {
    int s1 = from + rowStride;
    int s2 = s1 + rowStride;
    int s3 = s2 + rowStride;
    int s4 = s3 + rowStride;
    int s5 = s4 + rowStride;
    int s6 = s5 + rowStride;
    int s7 = s6 + rowStride;
    for (int k = 0; k < kc; k++) {
      int q = to + k;
      int z = k * colStride;
      out[q] = a[from + z];
      out[q + PITCH] = a[s1 + z];
      out[q + 2 * PITCH] = a[s2 + z];
      out[q + 3 * PITCH] = a[s3 + z];
      out[q + 4 * PITCH] = a[s4 + z];
      out[q + 5 * PITCH] = a[s5 + z];
      out[q + 6 * PITCH] = a[s6 + z];
      out[q + 7 * PITCH] = a[s7 + z];
    }
  }

  /** How many of the rows can be copied by {@link #groups}, which reads beyond the last one. */
  static int wholeGroups(Mat a, int row, int rows, int k0, int kc) {
    int inside = a.data.length - a.at(row, k0 + kc - 1) - (GROUP_COPY - GROUP);
    return Math.max(0, Math.min(rows, inside)) / GROUP * GROUP;
  }

  /**
   * Copies a[row .. row+rows, k0 .. k0+kc], whose columns are contiguous, into interleaved groups
   * of a tile's rows; rows comes from {@link #wholeGroups}, and a group stands where its first row
   * would in {@link #rows}.
   */
  static void groups(Mat a, int row, int rows, int k0, int kc, float[] out) {
    for (int k = 0; k < kc; k++) {
      toGroups(a.data, a.at(row, k0 + k), rows, out, k * GROUP);
    }
  }

  /** One column of a, in the order of memory: the processor then fetches ahead. */
  private static void toGroups(float[] a, int from, int rows, float[] out, int to) {
    for (int r = 0; r < rows; r += GROUP) {
      for (int l = 0; l < GROUP_COPY; l += L) {
        FloatVector.fromArray(Lanes.F, a, from + r + l).intoArray(out, to + r * PITCH + l);
      }
    }
  }
}
