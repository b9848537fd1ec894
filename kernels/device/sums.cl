// SPDX-License-Identifier: Apache-2.0

// Sums in the orders of docs/numerics.md, "Sums have one order": the row reduction, which rows.cl
// and cross_entropy.cl use too, column sums, sums over whole tensors, and norms.
//
// Whole tensors are summed by one group for each segment of 1024 elements, and the segments by one
// work-item in a second launch.

#define CHUNK 256

// The largest number of columns that a group of sum_rows has in work.
#define SUM_COLUMNS 64

// out = (beta * old) + sum, or just sum with beta 0, where old is not read and is often out itself;
// sum is that of a chunk, none says it had no terms.
DEVICE_FN void add_chunk(
    float beta, GLOBAL const float* old, GLOBAL float* out, float sum, int none) {
  float chunk = sum + 0.0f; // a product that underflows leaves -0
  if (beta == 0.0f) {
    *out = chunk;
  } else {
    float scaled = beta * *old;
    *out = none ? scaled : scaled + chunk;
  }
}

// out[r] = the sum of row r. One group takes one row after the other.
KERNEL void sum_columns(
    GLOBAL const float* x, int x0, int xr, int xc, // [rows, cols]
    GLOBAL float* out, int out0, int outr, int outc, // [rows, 1]
    int rows, int cols) {
  LOCAL float lanes[LANES];
  for (int r = GROUP0; r < rows; r += GROUPS0) {
    float sum;
    ROW_SUM(sum, cols, AT(x, r, i))
    if (LOCAL0 == 0) {
      AT(out, r, 0) = sum;
    }
  }
}

// out = (beta * out) + the sum over the rows, in chunks of 256 rows; with beta 0 out is not read.
// One group takes 64 columns at a time; a work-item has columns of its own, so nothing is shared.
KERNEL void sum_rows(
    GLOBAL const float* x, int x0, int xr, int xc, // [rows, cols]
    float beta,
    GLOBAL float* out, int out0, int outr, int outc, // [1, cols]
    int rows, int cols) {
  LOCAL float sums[SUM_COLUMNS];
  for (int block = GROUP0 * SUM_COLUMNS; block < cols; block += GROUPS0 * SUM_COLUMNS) {
    int width = cols - block < SUM_COLUMNS ? cols - block : SUM_COLUMNS;
    for (int from = 0; from == 0 || from < rows; from += CHUNK) {
      int to = rows - from < CHUNK ? rows : from + CHUNK;
      for (int c = LOCAL0; c < width; c += GROUP_SIZE0) {
        sums[c] = 0.0f;
      }
      for (int r = from; r < to; r++) {
        INDEPENDENT
        for (int c = LOCAL0; c < width; c += GROUP_SIZE0) {
          sums[c] = sums[c] + AT(x, r, block + c);
        }
      }
      for (int c = LOCAL0; c < width; c += GROUP_SIZE0) {
        GLOBAL float* to = &AT(out, 0, block + c);
        add_chunk(from == 0 ? beta : 1.0f, to, to, sums[c], rows == 0);
      }
    }
  }
}

// Number of segments of a tensor.
DEVICE_FN int segments_of(int count) { return count / SEGMENT + (count % SEGMENT != 0 ? 1 : 0); }

// Element i of a tensor in row-major order; where the rows follow each other evenly, without
// dividing.
#define EVEN_ROWS(x, rows, cols) ((rows) <= 1 || x##r == (cols) * x##c)
#define ELEMENT(x, i) (even ? x[x##0 + (i) * x##c] : AT(x, (i) / cols, (i) % cols))

// partial[s] = the sum of elements 1024 s to 1024 s + 1023. One group takes one segment after the
// other.
KERNEL void sum_segments(
    GLOBAL const float* x, int x0, int xr, int xc, // [rows, cols]
    GLOBAL float* partial, int partial0, int partialr, int partialc, // [1, segments]
    int rows, int cols) {
  LOCAL float lanes[LANES];
  int count = rows * cols;
  int even = EVEN_ROWS(x, rows, cols);
  for (int s = GROUP0; s < segments_of(count); s += GROUPS0) {
    int from = s * SEGMENT;
    int to = count - from < SEGMENT ? count : from + SEGMENT;
    float sum;
    SEGMENT_SUM(sum, from, to, ELEMENT(x, i))
    if (LOCAL0 == 0) {
      AT(partial, 0, s) = sum;
    }
  }
}

// out = (the sum of the segments) / divisor. One work-item does it all.
KERNEL void sum_finish(
    GLOBAL const float* partial, int partial0, int partialr, int partialc, // [1, segments]
    int segments, float divisor,
    GLOBAL float* out, int out0, int outr, int outc // [1, 1]
    ) {
  if (GLOBAL_ID0 == 0) {
    float sum = segments == 0 ? 0.0f : AT(partial, 0, 0);
    for (int s = 1; s < segments; s++) {
      sum = sum + AT(partial, 0, s);
    }
    AT(out, 0, 0) = sum / divisor;
  }
}

// Scales the squares of the second sum of a norm, which is taken if the first overflows.
#define NORM_DOWN 0x1p-80f
#define NORM_UP 0x1p80f
#define SQUARE(value) ((value) * (value))
#define NORM_SUMS(VALUE)                                                         \
  SEGMENT_SUM(plain, from, to, SQUARE(VALUE))                                    \
  SEGMENT_SUM(scaled, from, to, SQUARE((VALUE) * NORM_DOWN))

// For each of up to eight tensors, one after the other: partial = the number of segments, then the
// sums of g * g and of (g * 2^-80) * (g * 2^-80) of each segment. One group takes one segment after
// the other.
KERNEL void norm_segments(
    GLOBAL float* partial, int partial0, int partialr, int partialc, // [1, sum of 1 + 2 * segments]
    int tensors, // of the eight; the others are not read
    GLOBAL const float* x_0, int x0_0, int xr_0, int xc_0, // [rows_0, cols_0]
    int rows_0, int cols_0,
    GLOBAL const float* x_1, int x0_1, int xr_1, int xc_1, // [rows_1, cols_1]
    int rows_1, int cols_1,
    GLOBAL const float* x_2, int x0_2, int xr_2, int xc_2, // [rows_2, cols_2]
    int rows_2, int cols_2,
    GLOBAL const float* x_3, int x0_3, int xr_3, int xc_3, // [rows_3, cols_3]
    int rows_3, int cols_3,
    GLOBAL const float* x_4, int x0_4, int xr_4, int xc_4, // [rows_4, cols_4]
    int rows_4, int cols_4,
    GLOBAL const float* x_5, int x0_5, int xr_5, int xc_5, // [rows_5, cols_5]
    int rows_5, int cols_5,
    GLOBAL const float* x_6, int x0_6, int xr_6, int xc_6, // [rows_6, cols_6]
    int rows_6, int cols_6,
    GLOBAL const float* x_7, int x0_7, int xr_7, int xc_7, // [rows_7, cols_7]
    int rows_7, int cols_7) {
  LOCAL float lanes[LANES];
  int at = 0;
  int turn = GROUP0; // segments until it is this group's turn
  ROLLED
  for (int slot = 0; slot < tensors; slot++) {
    GLOBAL const float* x = OF_SLOT(x);
    int x0 = OF_SLOT(x0);
    int xr = OF_SLOT(xr);
    int xc = OF_SLOT(xc);
    int rows = OF_SLOT(rows);
    int cols = OF_SLOT(cols);
    int count = rows * cols;
    int segments = segments_of(count);
    int even = EVEN_ROWS(x, rows, cols);
    for (; turn < segments; turn += GROUPS0) {
      int from = turn * SEGMENT;
      int to = count - from < SEGMENT ? count : from + SEGMENT;
      float plain;
      float scaled;
      if (ALONE_AND(even && xc == 1)) {
        NORM_SUMS(x[x0 + i])
      } else {
        NORM_SUMS(ELEMENT(x, i))
      }
      if (LOCAL0 == 0) {
        AT(partial, 0, at + 1 + 2 * turn) = plain;
        AT(partial, 0, at + 2 + 2 * turn) = scaled;
      }
    }
    turn -= segments;
    if (GLOBAL_ID0 == 0) {
      AT(partial, 0, at) = (float) segments;
    }
    at += 1 + 2 * segments;
  }
}

// out = the norm of several tensors, from what norm_segments wrote for each, one after the other.
// One work-item does it all.
KERNEL void norm_finish(
    GLOBAL const float* partial, int partial0, int partialr, int partialc, // [1, all of them]
    int tensors,
    GLOBAL float* out, int out0, int outr, int outc // [1, 1]
    ) {
  if (GLOBAL_ID0 == 0) {
    float plain = 0.0f;
    float scaled = 0.0f;
    int at = 0;
    for (int t = 0; t < tensors; t++) {
      int segments = (int) AT(partial, 0, at);
      float plain_sum = 0.0f;
      float scaled_sum = 0.0f;
      for (int s = 0; s < segments; s++) {
        float p = AT(partial, 0, at + 1 + 2 * s);
        float q = AT(partial, 0, at + 2 + 2 * s);
        plain_sum = s == 0 ? p : plain_sum + p;
        scaled_sum = s == 0 ? q : scaled_sum + q;
      }
      plain = plain + plain_sum;
      scaled = scaled + scaled_sum;
      at += 1 + 2 * segments;
    }
    float norm = SQUARE_ROOT(plain);
    AT(out, 0, 0) = norm < FLOAT_INFINITY ? norm : SQUARE_ROOT(scaled) * NORM_UP;
  }
}

// coefficient = what gradients of this norm are multiplied by to have at most max_norm. One
// work-item.
KERNEL void clip_coefficient(
    GLOBAL const float* norm, int norm0, int normr, int normc, // [1, 1]
    float max_norm,
    GLOBAL float* coefficient, int coefficient0, int coefficientr, int coefficientc // [1, 1]
    ) {
  if (GLOBAL_ID0 == 0) {
    float ratio = max_norm / (AT(norm, 0, 0) + 1e-6f);
    AT(coefficient, 0, 0) = ratio > 1.0f ? 1.0f : ratio;
  }
}
