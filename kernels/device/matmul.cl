// SPDX-License-Identifier: Apache-2.0

// out = beta * c + a b, for any strides. An element runs over k in chunks of 256: a chunk starts
// at +0 and takes s = fma(a, b, s) for ascending k; the first is added to beta * c, the further ones
// one after the other (docs/numerics.md). out is apart from a and b; c is exactly out, or apart from
// it, and then its strides may be 0. With beta 0 c is not read.
//
// matmul_naive is what is meant; all others give the same bits: matmul_local.cl for GPUs,
// cuda/matmul_tiles.cu for CUDA, opencl/matmul_registers.cl for CPU devices.

// One work-item computes element (GLOBAL_ID1, GLOBAL_ID0); any grid that covers [m, n].
KERNEL void matmul_naive(
    GLOBAL const float* a, int a0, int ar, int ac, // [m, k]
    GLOBAL const float* b, int b0, int br, int bc, // [k, n]
    float beta,
    GLOBAL const float* c, int c0, int cr, int cc, // [m, n]
    GLOBAL float* out, int out0, int outr, int outc, // [m, n]
    int m, int n, int k) {
  int row = GLOBAL_ID1;
  int col = GLOBAL_ID0;
  if (row < m && col < n) {
    for (int from = 0; from == 0 || from < k; from += CHUNK) {
      int to = k - from < CHUNK ? k : from + CHUNK;
      float s = 0.0f;
      for (int i = from; i < to; i++) {
        s = fma(AT(a, row, i), AT(b, i, col), s);
      }
      GLOBAL float* element = &AT(out, row, col);
      if (from == 0) {
        add_chunk(beta, &AT(c, row, col), element, s, k == 0);
      } else {
        add_chunk(1.0f, element, element, s, 0);
      }
    }
  }
}
