// SPDX-License-Identifier: Apache-2.0

// The row reduction of docs/numerics.md, and the maximum of a row.
//
// One work-group owns the row. Work-item i adds up lanes i, i + group size, ... of the 32, in local
// memory; then the lanes are folded by halves. The group may have any size: 32 suits GPUs, 1 suits
// CPU devices, where the loop over the lanes becomes vector code. In place of this file there may be
// one that keeps the lanes in registers.

#define LANES 32
#define SEGMENT 1024

// Lane 0 of lanes [32] after folding by halves.
DEVICE_FN float fold_lanes(LOCAL_ARG float* lanes) {
  BARRIER;
  for (int half_lanes = LANES / 2; half_lanes > 0; half_lanes /= 2) {
    for (int l = LOCAL0; l < half_lanes; l += GROUP_SIZE0) {
      lanes[l] = lanes[l] + lanes[l + half_lanes];
    }
    BARRIER;
  }
  float sum = lanes[0];
  BARRIER;
  return sum;
}

// SUM = the sum of the expression TERM in i, for i from FROM to TO - 1: at most one segment. All
// work-items of the group get it. Uses lanes [32] in local memory.
#define SEGMENT_SUM(SUM, FROM, TO, TERM)                                         \
  {                                                                              \
    int whole = (FROM) + ((TO) - (FROM)) / LANES * LANES;                        \
    int rest = (TO) - whole;                                                     \
    for (int l = LOCAL0; l < LANES; l += GROUP_SIZE0) {                          \
      lanes[l] = 0.0f;                                                           \
    }                                                                            \
    for (int first = (FROM); first < whole; first += LANES) {                    \
      INDEPENDENT                                                                \
      for (int l = LOCAL0; l < LANES; l += GROUP_SIZE0) {                        \
        int i = first + l;                                                       \
        lanes[l] = lanes[l] + (TERM);                                            \
      }                                                                          \
    }                                                                            \
    for (int l = LOCAL0; l < rest; l += GROUP_SIZE0) {                           \
      int i = whole + l;                                                         \
      lanes[l] = lanes[l] + (TERM);                                              \
    }                                                                            \
    SUM = fold_lanes(lanes);                                                     \
  }

// SUM = the row reduction of TERM for i from 0 to COUNT - 1; +0 if there are none.
#define ROW_SUM(SUM, COUNT, TERM)                                                \
  {                                                                              \
    SUM = 0.0f;                                                                  \
    for (int from = 0; from < (COUNT); from += SEGMENT) {                        \
      int to = (COUNT) - from < SEGMENT ? (COUNT) : from + SEGMENT;              \
      float part;                                                                \
      SEGMENT_SUM(part, from, to, TERM)                                          \
      SUM = from == 0 ? part : SUM + part;                                       \
    }                                                                            \
  }

// The largest element of row r [cols] of x; -infinity if cols is 0. Uses lanes [32].
DEVICE_FN float row_max(
    GLOBAL const float* x, int x0, int xr, int xc, int r, int cols, LOCAL_ARG float* lanes) {
  for (int l = LOCAL0; l < LANES; l += GROUP_SIZE0) {
    lanes[l] = -FLOAT_INFINITY;
  }
  for (int first = 0; first < cols; first += LANES) {
    int width = cols - first < LANES ? cols - first : LANES;
    INDEPENDENT
    for (int l = LOCAL0; l < width; l += GROUP_SIZE0) {
      lanes[l] = larger(lanes[l], AT(x, r, first + l));
    }
  }
  BARRIER;
  float max = lanes[0];
  for (int l = 1; l < LANES; l++) {
    max = larger(max, lanes[l]);
  }
  BARRIER;
  return max;
}
