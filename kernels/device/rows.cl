// SPDX-License-Identifier: Apache-2.0

// Operations on rows: maxima, softmax, log-softmax, layer normalisation, and their gradients.
//
// One work-group takes one row after the other and may have any size (see lanes.cl). Outputs are
// exactly an input or apart from all inputs: each work-item writes an element only when the group
// is done with it, and reads nothing that another one wrote, except in local memory.

// The sum of exp(x - max) over row r [cols] of x. Uses lanes [32].
DEVICE_FN float sum_of_exponentials(
    GLOBAL const float* x, int x0, int xr, int xc, int r, int cols, float max,
    LOCAL_ARG float* lanes) {
  float sum;
  ROW_SUM(sum, cols, unroll_exp(AT(x, r, i) - max))
  return sum;
}

// Runs BODY for each column c of a row of this work-item.
#define EACH_COLUMN(BODY)                                                        \
  INDEPENDENT                                                                    \
  for (int c = LOCAL0; c < cols; c += GROUP_SIZE0) {                             \
    BODY                                                                         \
  }

// out[r] = the largest element of row r.
KERNEL void max_columns(
    GLOBAL const float* x, int x0, int xr, int xc, // [rows, cols]
    GLOBAL float* out, int out0, int outr, int outc, // [rows, 1]
    int rows, int cols) {
  LOCAL float lanes[LANES];
  for (int r = GROUP0; r < rows; r += GROUPS0) {
    float max = row_max(x, x0, xr, xc, r, cols, lanes);
    if (LOCAL0 == 0) {
      AT(out, r, 0) = max;
    }
  }
}

// y = exp(x - max) / sum, row by row.
KERNEL void softmax(
    GLOBAL const float* x, int x0, int xr, int xc, // [rows, cols]
    GLOBAL float* y, int y0, int yr, int yc, // [rows, cols]
    int rows, int cols) {
  LOCAL float lanes[LANES];
  for (int r = GROUP0; r < rows; r += GROUPS0) {
    float max = row_max(x, x0, xr, xc, r, cols, lanes);
    float sum = sum_of_exponentials(x, x0, xr, xc, r, cols, max, lanes);
    EACH_COLUMN(AT(y, r, c) = unroll_exp(AT(x, r, c) - max) / sum;)
  }
}

// dx = y * (dy - the sum of dy * y), row by row.
KERNEL void softmax_grad(
    GLOBAL const float* y, int y0, int yr, int yc, // [rows, cols]
    GLOBAL const float* dy, int dy0, int dyr, int dyc, // [rows, cols]
    GLOBAL float* dx, int dx0, int dxr, int dxc, // [rows, cols]
    int rows, int cols) {
  LOCAL float lanes[LANES];
  for (int r = GROUP0; r < rows; r += GROUPS0) {
    float sum;
    ROW_SUM(sum, cols, AT(dy, r, i) * AT(y, r, i))
    EACH_COLUMN(AT(dx, r, c) = AT(y, r, c) * (AT(dy, r, c) - sum);)
  }
}

// y = (x - max) - log(sum), row by row.
KERNEL void log_softmax(
    GLOBAL const float* x, int x0, int xr, int xc, // [rows, cols]
    GLOBAL float* y, int y0, int yr, int yc, // [rows, cols]
    int rows, int cols) {
  LOCAL float lanes[LANES];
  for (int r = GROUP0; r < rows; r += GROUPS0) {
    float max = row_max(x, x0, xr, xc, r, cols, lanes);
    float log_sum = unroll_log(sum_of_exponentials(x, x0, xr, xc, r, cols, max, lanes));
    EACH_COLUMN(AT(y, r, c) = (AT(x, r, c) - max) - log_sum;)
  }
}

// dx = dy - exp(y) * the sum of dy, row by row.
KERNEL void log_softmax_grad(
    GLOBAL const float* y, int y0, int yr, int yc, // [rows, cols]
    GLOBAL const float* dy, int dy0, int dyr, int dyc, // [rows, cols]
    GLOBAL float* dx, int dx0, int dxr, int dxc, // [rows, cols]
    int rows, int cols) {
  LOCAL float lanes[LANES];
  for (int r = GROUP0; r < rows; r += GROUPS0) {
    float sum;
    ROW_SUM(sum, cols, AT(dy, r, i))
    EACH_COLUMN(AT(dx, r, c) = AT(dy, r, c) - (unroll_exp(AT(y, r, c)) * sum);)
  }
}

DEVICE_FN float square_of(float d) {
  return d * d;
}

// y = (x - mean) * rstd with rstd = 1 / sqrt(variance + eps), row by row.
KERNEL void layer_norm(
    float eps,
    GLOBAL const float* x, int x0, int xr, int xc, // [rows, cols]
    GLOBAL float* y, int y0, int yr, int yc, // [rows, cols]
    GLOBAL float* rstd, int rstd0, int rstdr, int rstdc, // [rows, 1]
    int rows, int cols) {
  LOCAL float lanes[LANES];
  for (int r = GROUP0; r < rows; r += GROUPS0) {
    float sum;
    ROW_SUM(sum, cols, AT(x, r, i))
    float mean = sum / (float)cols;
    float squares;
    ROW_SUM(squares, cols, square_of(AT(x, r, i) - mean))
    float factor = 1.0f / SQUARE_ROOT(squares / (float)cols + eps);
    EACH_COLUMN(AT(y, r, c) = (AT(x, r, c) - mean) * factor;)
    if (LOCAL0 == 0) {
      AT(rstd, r, 0) = factor;
    }
  }
}

// dx = rstd * ((dy - mean of dy) - (y * mean of dy * y)), row by row.
KERNEL void layer_norm_grad(
    GLOBAL const float* y, int y0, int yr, int yc, // [rows, cols]
    GLOBAL const float* rstd, int rstd0, int rstdr, int rstdc, // [rows, 1]
    GLOBAL const float* dy, int dy0, int dyr, int dyc, // [rows, cols]
    GLOBAL float* dx, int dx0, int dxr, int dxc, // [rows, cols]
    int rows, int cols) {
  LOCAL float lanes[LANES];
  for (int r = GROUP0; r < rows; r += GROUPS0) {
    float sum;
    ROW_SUM(sum, cols, AT(dy, r, i))
    float mean = sum / (float)cols;
    float products;
    ROW_SUM(products, cols, AT(dy, r, i) * AT(y, r, i))
    float along = products / (float)cols;
    float factor = AT(rstd, r, 0);
    EACH_COLUMN(
        AT(dx, r, c) = factor * ((AT(dy, r, c) - mean) - (AT(y, r, c) * along));)
  }
}
