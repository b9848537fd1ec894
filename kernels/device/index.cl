// SPDX-License-Identifier: Apache-2.0

// Rows by number: lookup in a table, and its gradient. Numbers are from -1, which stands for no
// row, to the number of rows of the table - 1; the host has checked them.

// out[r] = table[numbers[r]], or +0 for -1. Grid as in elementwise.cl.
KERNEL ELEMENTWISE void gather(
    GLOBAL const float* table, int table0, int tabler, int tablec, // [any, cols]
    GLOBAL const int* numbers, int numbers0, // [rows]
    GLOBAL float* out, int out0, int outr, int outc, // [rows, cols]
    int rows, int cols) {
  EACH_ELEMENT(DENSE2(table, out),
    int row = numbers[numbers0 + r];
    AT(out, r, c) = row < 0 ? 0.0f : AT(table, row, c);)
}

// dtable[numbers[i]] += dout[i] for ascending i, the form for GPUs: one work-group takes one row of
// the table after the other and looks for its number at all positions; a work-item has columns of
// its own.
KERNEL void scatter_add(
    GLOBAL const float* dout, int dout0, int doutr, int doutc, // [positions, cols]
    GLOBAL const int* numbers, int numbers0, // [positions]
    GLOBAL float* dtable, int dtable0, int dtabler, int dtablec, // [rows, cols]
    int positions, int rows, int cols) {
  for (int r = GROUP0; r < rows; r += GROUPS0) {
    for (int c = LOCAL0; c < cols; c += GROUP_SIZE0) {
      float sum = AT(dtable, r, c);
      for (int i = 0; i < positions; i++) {
        if (numbers[numbers0 + i] == r) {
          sum = sum + AT(dout, i, c);
        }
      }
      AT(dtable, r, c) = sum;
    }
  }
}

// The same, the form for few work-items: the columns are cut into one block for each work-group,
// which goes through all positions; work-items take turns in the block.
KERNEL void scatter_add_columns(
    GLOBAL const float* dout, int dout0, int doutr, int doutc, // [positions, cols]
    GLOBAL const int* numbers, int numbers0, // [positions]
    GLOBAL float* dtable, int dtable0, int dtabler, int dtablec, // [any, cols]
    int positions, int cols) {
  int block = (cols - 1) / GROUPS0 + 1;
  int begin = GROUP0 * block;
  int end = cols - begin < block ? cols : begin + block;
  for (int i = 0; i < positions; i++) {
    int row = numbers[numbers0 + i];
    if (row >= 0) {
      INDEPENDENT
      for (int c = begin + LOCAL0; c < end; c += GROUP_SIZE0) {
        AT(dtable, row, c) = AT(dtable, row, c) + AT(dout, i, c);
      }
    }
  }
}
