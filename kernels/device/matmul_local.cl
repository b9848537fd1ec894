// SPDX-License-Identifier: Apache-2.0

// The matrix product in tiles of one size, for GPUs: the same bits as matmul_naive (matmul.cl). CUDA
// has cuda/matmul_tiles.cu instead.
//
// A group of 16 x 16 work-items computes a tile of 64 x 64 elements, each of them 4 x 4 of these, 16
// apart. Slices of 16 columns of a and 16 rows of b pass through local memory. Needs exactly that
// group size, and a grid that covers [m, n].
#define TILE 64
#define TILE_SIDE 16
#define TILE_STEP 16
#define PER_ITEM 4

KERNEL void matmul_local(
    GLOBAL const float* a, int a0, int ar, int ac, // [m, k]
    GLOBAL const float* b, int b0, int br, int bc, // [k, n]
    float beta,
    GLOBAL const float* c, int c0, int cr, int cc, // [m, n]
    GLOBAL float* out, int out0, int outr, int outc, // [m, n]
    int m, int n, int k) {
  LOCAL float a_tile[TILE_STEP * (TILE + 1)]; // [16, 64], rows one longer against bank conflicts
  LOCAL float b_tile[TILE_STEP * (TILE + 1)]; // [16, 64]
  int x = LOCAL0;
  int y = LOCAL1;
  int item = y * TILE_SIDE + x;
  int top = GROUP1 * TILE;
  int left = GROUP0 * TILE;
  // Neighbouring work-items load neighbouring elements, along whichever axis has stride 1.
  int a_fast = ac == 1;
  int b_fast = br == 1 && bc != 1;
  for (int from = 0; from == 0 || from < k; from += CHUNK) {
    int to = k - from < CHUNK ? k : from + CHUNK;
    float s[PER_ITEM][PER_ITEM];
    for (int i = 0; i < PER_ITEM; i++) {
      for (int j = 0; j < PER_ITEM; j++) {
        s[i][j] = 0.0f;
      }
    }
    for (int step = from; step < to; step += TILE_STEP) {
      for (int e = item; e < TILE * TILE_STEP; e += TILE_SIDE * TILE_SIDE) {
        int depth = a_fast ? e % TILE_STEP : e / TILE;
        int row = a_fast ? e / TILE_STEP : e % TILE;
        int there = step + depth < to && top + row < m;
        a_tile[depth * (TILE + 1) + row] = there ? AT(a, top + row, step + depth) : 0.0f;
        depth = b_fast ? e % TILE_STEP : e / TILE;
        int col = b_fast ? e / TILE_STEP : e % TILE;
        there = step + depth < to && left + col < n;
        b_tile[depth * (TILE + 1) + col] = there ? AT(b, step + depth, left + col) : 0.0f;
      }
      BARRIER;
      int depths = to - step < TILE_STEP ? to - step : TILE_STEP;
      for (int depth = 0; depth < depths; depth++) {
        for (int i = 0; i < PER_ITEM; i++) {
          float left_factor = a_tile[depth * (TILE + 1) + i * TILE_SIDE + y];
          for (int j = 0; j < PER_ITEM; j++) {
            s[i][j] = fma(left_factor, b_tile[depth * (TILE + 1) + j * TILE_SIDE + x], s[i][j]);
          }
        }
      }
      BARRIER;
    }
    for (int i = 0; i < PER_ITEM; i++) {
      for (int j = 0; j < PER_ITEM; j++) {
        int row = top + i * TILE_SIDE + y;
        int col = left + j * TILE_SIDE + x;
        if (row < m && col < n) {
          GLOBAL float* element = &AT(out, row, col);
          if (from == 0) {
            add_chunk(beta, &AT(c, row, col), element, s[i][j], k == 0);
          } else {
            add_chunk(1.0f, element, element, s[i][j], 0);
          }
        }
      }
    }
  }
}
