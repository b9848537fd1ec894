// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

/**
 * Sums of one row of A with columns of B in scalar code. The order of a sum leaves one chain per
 * column, and with B stored column by column a vector of columns would have to be gathered; eight
 * scalar chains side by side take no longer and hide the latency of fma.
 */
final class ScalarKernels {
  private ScalarKernels() {}

  /** out[j] = sum over k of a[k] * b[k, j] for 8 columns j, one chunk. */
  static void dot8(
      int kc, float[] a, int ao, float[] b, int bo, int rowStride, int colStride, float[] out) {
    int b1 = bo + colStride;
    int b2 = b1 + colStride;
    int b3 = b2 + colStride;
    int b4 = b3 + colStride;
    int b5 = b4 + colStride;
    int b6 = b5 + colStride;
    int b7 = b6 + colStride;
    float s0 = 0f;
    float s1 = 0f;
    float s2 = 0f;
    float s3 = 0f;
    float s4 = 0f;
    float s5 = 0f;
    float s6 = 0f;
    float s7 = 0f;
    for (int k = 0; k < kc; k++) {
      float x = a[ao + k];
      int z = k * rowStride;
      s0 = Math.fma(x, b[bo + z], s0);
      s1 = Math.fma(x, b[b1 + z], s1);
      s2 = Math.fma(x, b[b2 + z], s2);
      s3 = Math.fma(x, b[b3 + z], s3);
      s4 = Math.fma(x, b[b4 + z], s4);
      s5 = Math.fma(x, b[b5 + z], s5);
      s6 = Math.fma(x, b[b6 + z], s6);
      s7 = Math.fma(x, b[b7 + z], s7);
    }
    out[0] = s0 + 0f; // + 0f: a sum is never -0
    out[1] = s1 + 0f;
    out[2] = s2 + 0f;
    out[3] = s3 + 0f;
    out[4] = s4 + 0f;
    out[5] = s5 + 0f;
    out[6] = s6 + 0f;
    out[7] = s7 + 0f;
  }

  /** out[0] = sum over k of a[k] * b[k] for one column, one chunk. */
  static void dot1(int kc, float[] a, int ao, float[] b, int bo, int rowStride, float[] out) {
    float s = 0f;
    for (int k = 0; k < kc; k++) {
      s = Math.fma(a[ao + k], b[bo + k * rowStride], s);
    }
    out[0] = s + 0f;
  }

  /**
   * c = old + four turned rows of the tile: row i, pitch apart, becomes column i of c. What stands
   * for column j of the tile starts at j * ldo in old and j * ldc in c.
   */
  static void turn4(
      int cols,
      float[] tile,
      int from,
      int pitch,
      float[] old,
      int oo,
      int ldo,
      float[] c,
      int co,
      int ldc) {
    for (int j = 0; j < cols; j++) {
      int o = oo + j * ldo;
      int t = co + j * ldc;
      int s = from + j;
      c[t] = old[o] + tile[s];
      c[t + 1] = old[o + 1] + tile[s + pitch];
      c[t + 2] = old[o + 2] + tile[s + 2 * pitch];
      c[t + 3] = old[o + 3] + tile[s + 3 * pitch];
    }
  }
}
