// SPDX-License-Identifier: Apache-2.0

// out = beta * c + a b for CPU devices that run OpenCL: the same bits as matmul_naive
// (matmul.cl), with tiles of 8 rows by 32 columns in vector registers, no local memory and no
// barriers.
//
// b is read in panels of 32 columns. It may be packed into them by matmul_pack, for many products;
// else each work-item packs what it needs, 256 rows of a panel (32 KB) at a time, which stay in the
// first-level cache while its tiles pass; for few rows of a it reads b where it lies. a may be
// packed by matmul_pack_rows into tiles of 8 rows, which pays where its rows are not contiguous.
// In matmul_registers a work-item, alone in its group, takes one panel after the other of dimension
// 1; of the row tiles it has one block for each group of dimension 0. Any grid of groups of one is
// right.

#define PANEL 32
#define TILE_ROWS 8

// The elements of two vectors in turns: the first half of them, and the second.
#define TURNS_LOW(a, b) (float16) (a.s0, b.s0, a.s1, b.s1, a.s2, b.s2, a.s3, b.s3, \
    a.s4, b.s4, a.s5, b.s5, a.s6, b.s6, a.s7, b.s7)
#define TURNS_HIGH(a, b) (float16) (a.s8, b.s8, a.s9, b.s9, a.sa, b.sa, a.sb, b.sb, \
    a.sc, b.sc, a.sd, b.sd, a.se, b.se, a.sf, b.sf)

// to[32 * i + j] = from[i + stride * j] for i and j below 16. Each round rotates the eight bits of
// an element's row and column by one; four rounds exchange row and column.
DEVICE_FN void transpose_block(GLOBAL const float* from, int stride, GLOBAL float* to) {
  float16 rows[16];
  #pragma unroll
  for (int j = 0; j < 16; j++) {
    rows[j] = vload16(0, from + j * stride);
  }
  #pragma unroll
  for (int round = 0; round < 4; round++) {
    float16 turned[16];
    #pragma unroll
    for (int p = 0; p < 8; p++) {
      turned[2 * p] = TURNS_LOW(rows[p], rows[p + 8]);
      turned[2 * p + 1] = TURNS_HIGH(rows[p], rows[p + 8]);
    }
    #pragma unroll
    for (int j = 0; j < 16; j++) {
      rows[j] = turned[j];
    }
  }
  #pragma unroll
  for (int i = 0; i < 16; i++) {
    vstore16(rows[i], 0, to + i * PANEL);
  }
}

// to [count, 32] = as many rows of a panel of b, which may have fewer columns: the rest is +0.
DEVICE_FN void pack_panel(
    GLOBAL const float* b, int br, int bc, int width, GLOBAL float* to, int count) {
  int i = 0;
  if (bc == 1 && width == PANEL) {
    for (; i < count; i++) {
      vstore16(vload16(0, b + i * br), 0, to + i * PANEL);
      vstore16(vload16(1, b + i * br), 1, to + i * PANEL);
    }
  } else if (br == 1 && width == PANEL) {
    for (; i + 16 <= count; i += 16) {
      transpose_block(b + i, bc, to + i * PANEL);
      transpose_block(b + i + 16 * bc, bc, to + i * PANEL + 16);
    }
  }
  for (; i < count; i++) {
    for (int j = 0; j < PANEL; j++) {
      to[i * PANEL + j] = j < width ? b[i * br + j * bc] : 0.0f;
    }
  }
}

// packed = b in panels of 32 columns, the last filled up with +0. Work-items share the rows of b
// (dimension 0, in contiguous blocks) and the panels (dimension 1).
KERNEL void matmul_pack(
    GLOBAL const float* b, int b0, int br, int bc, // [k, n]
    GLOBAL float* packed, int packed0, int packedr, int packedc, // [panels, k, 32], dense
    int k, int n) {
  int block = (k - 1) / GLOBAL_SIZE0 + 1;
  int begin = GLOBAL_ID0 * block;
  int count = k - begin < block ? k - begin : block;
  for (int panel = GLOBAL_ID1; panel * PANEL < n; panel += GLOBAL_SIZE1) {
    int left = panel * PANEL;
    int width = n - left < PANEL ? n - left : PANEL;
    GLOBAL float* to = packed + packed0 + (panel * k + begin) * PANEL;
    pack_panel(&AT(b, begin, left), br, bc, width, to, count);
  }
}

// So many columns of a pass all tiles while they are in the first-level cache.
#define PACK_COLUMNS 32

// packed = a in tiles of 8 rows, the last filled up with +0: strides 1 and 8 inside a tile.
// Work-items share the columns of a (dimension 0, in contiguous blocks) and the tiles (dimension 1,
// likewise, so that a column is read in order).
KERNEL void matmul_pack_rows(
    GLOBAL const float* a, int a0, int ar, int ac, // [m, k]
    GLOBAL float* packed, int packed0, int packedr, int packedc, // [tiles, k, 8], dense
    int m, int k) {
  int block = (k - 1) / GLOBAL_SIZE0 + 1;
  int begin = GLOBAL_ID0 * block;
  int last = k - begin < block ? k : begin + block;
  int tiles = (m - 1) / TILE_ROWS + 1;
  int share = (tiles - 1) / GLOBAL_SIZE1 + 1;
  int first_tile = GLOBAL_ID1 * share;
  int end_tile = tiles - first_tile < share ? tiles : first_tile + share;
  for (int from = begin; from < last; from += PACK_COLUMNS) {
    int end = last - from < PACK_COLUMNS ? last : from + PACK_COLUMNS;
    for (int tile = first_tile; tile < end_tile; tile++) {
      int top = tile * TILE_ROWS;
      int height = m - top < TILE_ROWS ? m - top : TILE_ROWS;
      GLOBAL float* to = packed + packed0 + tile * k * TILE_ROWS;
      if (ar == 1 && height == TILE_ROWS) {
        for (int i = from; i < end; i++) {
          vstore8(vload8(0, &AT(a, top, i)), 0, to + i * TILE_ROWS);
        }
      } else {
        for (int i = from; i < end; i++) {
          for (int j = 0; j < TILE_ROWS; j++) {
            to[i * TILE_ROWS + j] = j < height ? AT(a, top + j, i) : 0.0f;
          }
        }
      }
    }
  }
}

// One row of a tile into out [width, stride], as add_chunk does it.
DEVICE_FN void put_row(
    float beta, GLOBAL const float* old, int old_stride, GLOBAL float* out, int stride, int width,
    float16 low, float16 high, int none) {
  int contiguous = stride == 1 && (old_stride == 1 || beta == 0.0f);
  if (contiguous && width == PANEL && !none) {
    low = low + 0.0f; // a product that underflows leaves -0
    high = high + 0.0f;
    if (beta != 0.0f) {
      low = (beta * vload16(0, old)) + low;
      high = (beta * vload16(1, old)) + high;
    }
    vstore16(low, 0, out);
    vstore16(high, 1, out);
  } else {
    float sums[PANEL];
    vstore16(low, 0, sums);
    vstore16(high, 1, sums);
    for (int j = 0; j < width; j++) {
      add_chunk(beta, old + j * old_stride, out + j * stride, sums[j], none);
    }
  }
}

// Rows that a tile does not have are computed as copies of its first, and not stored.
#define BEGIN_ROW(i) \
  float16 low##i = 0.0f; \
  float16 high##i = 0.0f; \
  int row##i = i < height ? i * ar : 0;
#define MULTIPLY_ROW(i) \
  low##i = fma((float16) (left[row##i]), b_low, low##i); \
  high##i = fma((float16) (left[row##i]), b_high, high##i);
#define PUT_ROW(i) \
  if (i < height) put_row(factor, old + i * oldr, oldc, to + i * outr, outc, width, \
      low##i, high##i, k == 0);

#define TWO_ROWS(DO) DO(0) DO(1)
#define FOUR_ROWS(DO) TWO_ROWS(DO) DO(2) DO(3)
#define EIGHT_ROWS(DO) FOUR_ROWS(DO) DO(4) DO(5) DO(6) DO(7)

// The chunk of a tile with as many rows.
#define TILE_CHUNK(ROWS) \
  { \
    ROWS(BEGIN_ROW) \
    for (int i = 0; i < count; i++) { \
      float16 b_low = vload16(0, right); \
      float16 b_high = vload16(1, right); \
      ROWS(MULTIPLY_ROW) \
      left += ac; \
      right += right_stride; \
    } \
    ROWS(PUT_ROW) \
  }

// One chunk of the first rows of out [rows, width]: out = factor * old + a [rows, count] b.
DEVICE_FN void multiply_chunk(
    GLOBAL const float* a, int ar, int ac, int tile_stride,
    GLOBAL const float* b, int right_stride, int count, // [count, 32]
    float factor, GLOBAL const float* c, int oldr, int oldc,
    GLOBAL float* out, int outr, int outc, int rows, int width, int k) {
  for (int top = 0; top < rows; top += TILE_ROWS) {
    int height = rows - top;
    GLOBAL const float* left = a + top / TILE_ROWS * tile_stride;
    GLOBAL const float* right = b;
    GLOBAL float* to = out + top * outr;
    GLOBAL const float* old = c + top * oldr;
    if (height > 4) {
      TILE_CHUNK(EIGHT_ROWS)
    } else if (height > 2) {
      TILE_CHUNK(FOUR_ROWS)
    } else {
      TILE_CHUNK(TWO_ROWS)
    }
  }
}

// Panels that a single row of a takes at a time: enough sums that none waits for the one before.
#define ROW_PANELS 4

// The same for one row and ROW_PANELS full panels.
DEVICE_FN void multiply_row(
    GLOBAL const float* a, int ac, // [1, count]
    GLOBAL const float* b, int right_stride, int panel_stride, int count, // [panels, count, 32]
    float factor, GLOBAL const float* old, int oldc,
    GLOBAL float* out, int outc, int k) { // [1, 128]
  float16 low[ROW_PANELS];
  float16 high[ROW_PANELS];
  #pragma unroll
  for (int p = 0; p < ROW_PANELS; p++) {
    low[p] = 0.0f;
    high[p] = 0.0f;
  }
  for (int i = 0; i < count; i++) {
    float16 left = a[i * ac];
    #pragma unroll
    for (int p = 0; p < ROW_PANELS; p++) {
      low[p] = fma(left, vload16(0, b + p * panel_stride), low[p]);
      high[p] = fma(left, vload16(1, b + p * panel_stride), high[p]);
    }
    b += right_stride;
  }
  #pragma unroll
  for (int p = 0; p < ROW_PANELS; p++) {
    put_row(factor, old + p * PANEL * oldc, oldc, out + p * PANEL * outc, outc, PANEL,
        low[p], high[p], k == 0);
  }
}

// The elements of two vectors in turns within each quarter: the first half of it, and the second.
// Written so that PoCL's compiler makes one instruction of each, and of a quarter's load another.
DEVICE_FN float16 quarters_low(float16 a, float16 b) {
  float16 turns;
  turns.even = a.s014589cd;
  turns.odd = b.s014589cd;
  return turns;
}

DEVICE_FN float16 quarters_high(float16 a, float16 b) {
  float16 turns;
  turns.even = a.s2367abef;
  turns.odd = b.s2367abef;
  return turns;
}

// Four elements of each of the rows i, i + 4, i + 8 and i + 12.
#define QUARTERS(from, i, stride) \
  (float16) ((float8) (vload4(0, from + (i) * stride), vload4(0, from + ((i) + 4) * stride)), \
      (float8) (vload4(0, from + ((i) + 8) * stride), vload4(0, from + ((i) + 12) * stride)))

// sum = sum + a [1, 4] b for b [4, 16] that lies transposed, its rows' elements bc apart: blocks of
// 4 x 4 are turned in the quarters of four vectors. A macro, for PoCL does not inline so long a
// function.
#define MULTIPLY_TURNED(sum, a, ac, b, bc) \
  { \
    float16 row0 = QUARTERS(b, 0, bc); \
    float16 row1 = QUARTERS(b, 1, bc); \
    float16 row2 = QUARTERS(b, 2, bc); \
    float16 row3 = QUARTERS(b, 3, bc); \
    float16 even = quarters_low(row0, row2); \
    float16 odd = quarters_low(row1, row3); \
    sum = fma((float16) ((a)[0]), quarters_low(even, odd), sum); \
    sum = fma((float16) ((a)[ac]), quarters_high(even, odd), sum); \
    even = quarters_high(row0, row2); \
    odd = quarters_high(row1, row3); \
    sum = fma((float16) ((a)[2 * ac]), quarters_low(even, odd), sum); \
    sum = fma((float16) ((a)[3 * ac]), quarters_high(even, odd), sum); \
  }

// So many elements of a row of the transposed b are a line of the cache.
#define LINE 16

// One chunk of a row of out [1, 32], for b that lies transposed.
DEVICE_FN void multiply_row_turned(
    GLOBAL const float* a, int ac, // [1, count]
    GLOBAL const float* b, int bc, int count, // [count, 32], its rows' elements bc apart
    float factor, GLOBAL const float* old, int oldc,
    GLOBAL float* out, int outc, int k) { // [1, 32]
  float16 low = 0.0f;
  float16 high = 0.0f;
  int i = 0;
  for (; i + LINE <= count; i += LINE) {
    #pragma unroll
    for (int j = i; j < i + LINE; j += 4) {
      MULTIPLY_TURNED(low, a + j * ac, ac, b + j, bc)
    }
    #pragma unroll
    for (int j = i; j < i + LINE; j += 4) {
      MULTIPLY_TURNED(high, a + j * ac, ac, b + j + 16 * bc, bc)
    }
  }
  if (i < count) {
    float sums[PANEL];
    vstore16(low, 0, sums);
    vstore16(high, 1, sums);
    for (; i < count; i++) {
      for (int j = 0; j < PANEL; j++) {
        sums[j] = fma(a[i * ac], b[i + j * bc], sums[j]);
      }
    }
    low = vload16(0, sums);
    high = vload16(1, sums);
  }
  put_row(factor, old, oldc, out, outc, PANEL, low, high, k == 0);
}

// Where panels of b come from: they are packed, packed here, or read where b lies, if bc is 1.
#define PACKED 0
#define PACKS 1
#define IN_PLACE 2

KERNEL void matmul_registers(
    GLOBAL const float* a, int a0, int ar, int ac, // [m, k], or [tiles, k, 8] with strides 1 and 8
    int tile_stride, // from one row tile of a to the next: 8 * ar, packed 8 * k
    GLOBAL const float* b, int b0, int br, int bc, // [k, n], or a panel of [panels, k, 32]
    int panel_stride, // from one panel of b to the next: 32 * bc, packed 32 * k
    int source, // PACKED, PACKS or IN_PLACE
    GLOBAL float* chunks, int chunks0, int chunksr, int chunksc, // [groups, 256, 32], dense
    float beta,
    GLOBAL const float* c, int c0, int cr, int cc, // [m, n]
    GLOBAL float* out, int out0, int outr, int outc, // [m, n]
    int m, int n, int k) {
  int tiles = (m - 1) / TILE_ROWS + 1;
  int block = ((tiles - 1) / GROUPS0 + 1) * TILE_ROWS;
  int top = GROUP0 * block;
  int rows = m - top < block ? m - top : block;
  int wide = rows == 1 && source != PACKS ? n / (ROW_PANELS * PANEL) : 0;
  for (int four = GLOBAL_ID1; four < wide; four += GLOBAL_SIZE1) {
    int left = four * ROW_PANELS * PANEL;
    for (int from = 0; from == 0 || from < k; from += CHUNK) {
      int first = from == 0;
      multiply_row(&AT(a, 0, from) + top / TILE_ROWS * tile_stride, ac,
          b + b0 + four * ROW_PANELS * panel_stride + from * br, br, panel_stride,
          k - from < CHUNK ? k - from : CHUNK, first ? beta : 1.0f,
          first ? &AT(c, top, left) : &AT(out, top, left), first ? cc : outc,
          &AT(out, top, left), outc, k);
    }
  }
  GLOBAL float* chunk = chunks + chunks0 + (GROUP1 * GROUPS0 + GROUP0) * CHUNK * PANEL;
  for (int panel = wide * ROW_PANELS + GLOBAL_ID1; panel * PANEL < n && rows > 0;
      panel += GLOBAL_SIZE1) {
    int left = panel * PANEL;
    int width = n - left < PANEL ? n - left : PANEL;
    int turns = source == PACKS && rows == 1 && br == 1 && width == PANEL;
    int packs = source == PACKS || (source == IN_PLACE && width < PANEL);
    for (int from = 0; from == 0 || from < k; from += CHUNK) {
      int count = k - from < CHUNK ? k - from : CHUNK;
      GLOBAL const float* right = b + b0 + panel * panel_stride + from * br;
      GLOBAL const float* left_rows = a + a0 + top / TILE_ROWS * tile_stride + from * ac;
      GLOBAL const float* old = from == 0 ? &AT(c, top, left) : &AT(out, top, left);
      float factor = from == 0 ? beta : 1.0f;
      int oldr = from == 0 ? cr : outr;
      int oldc = from == 0 ? cc : outc;
      if (turns) {
        multiply_row_turned(left_rows, ac, right, bc, count, factor, old, oldc,
            &AT(out, top, left), outc, k);
      } else {
        if (packs) {
          pack_panel(right, br, bc, width, chunk, count);
          right = chunk;
        }
        multiply_chunk(left_rows, ar, ac, tile_stride, right, packs ? PANEL : br, count, factor,
            old, oldr, oldc, &AT(out, top, left), outr, outc, rows, width, k);
      }
    }
  }
}
