// SPDX-License-Identifier: Apache-2.0

// lanes.cl for CUDA: the 32 lanes of a segment are the 32 lanes of a warp, and folding them by halves
// is what its shuffles do. Each warp of the group takes a segment at a time, so that wide rows are
// summed side by side; the segments are added in their order. Groups are whole warps, at most 32.
// Uses lanes [32] for what passes between warps. A group of one warp meets at no barrier; what it
// reads and writes in place it does so by the same lane.

#define LANES 32
#define SEGMENT 1024
#define ALL_LANES 0xffffffffu

// The sum of the lanes of a warp, folded by halves.
DEVICE_FN float fold_warp(float lane) {
#pragma unroll
  for (int half_lanes = LANES / 2; half_lanes > 0; half_lanes /= 2) {
    lane = lane + __shfl_down_sync(ALL_LANES, lane, half_lanes);
  }
  return __shfl_sync(ALL_LANES, lane, 0);
}

// SUM = the sum of the expression TERM in i, for i from FROM to TO - 1: at most one segment, the
// same for the whole warp. All lanes get it.
#define SEGMENT_SUM(SUM, FROM, TO, TERM)                                         \
  {                                                                              \
    float lane_sum = 0.0f;                                                       \
    _Pragma("unroll 4")                                                          \
    for (int i = (FROM) + LOCAL0 % LANES; i < (TO); i += LANES) {                \
      lane_sum = lane_sum + (TERM);                                              \
    }                                                                            \
    SUM = fold_warp(lane_sum);                                                   \
  }

// SUM = the row reduction of TERM for i from 0 to COUNT - 1; +0 if there are none.
#define ROW_SUM(SUM, COUNT, TERM)                                                \
  {                                                                              \
    int warps = GROUP_SIZE0 / LANES;                                             \
    SUM = 0.0f;                                                                  \
    for (int round = 0; round < (COUNT); round += warps * SEGMENT) {             \
      int from = round + LOCAL0 / LANES * SEGMENT;                               \
      int to = (COUNT) - from < SEGMENT ? (COUNT) : from + SEGMENT;              \
      float part;                                                                \
      SEGMENT_SUM(part, from, to, TERM)                                          \
      if (warps == 1) {                                                          \
        SUM = round == 0 ? part : SUM + part;                                    \
      } else {                                                                   \
        if (LOCAL0 % LANES == 0) {                                               \
          lanes[LOCAL0 / LANES] = part;                                          \
        }                                                                        \
        BARRIER;                                                                 \
        for (int w = 0; w < warps && round + w * SEGMENT < (COUNT); w++) {       \
          SUM = round + w == 0 ? lanes[w] : SUM + lanes[w];                      \
        }                                                                        \
        BARRIER;                                                                 \
      }                                                                          \
    }                                                                            \
  }

// The largest element of row r [cols] of x; -infinity if cols is 0. Uses lanes [32].
DEVICE_FN float row_max(
    GLOBAL const float* x, int x0, int xr, int xc, int r, int cols, LOCAL_ARG float* lanes) {
  float max = -FLOAT_INFINITY;
  for (int c = LOCAL0; c < cols; c += GROUP_SIZE0) {
    max = larger(max, AT(x, r, c));
  }
#pragma unroll
  for (int half_lanes = LANES / 2; half_lanes > 0; half_lanes /= 2) {
    max = larger(max, __shfl_xor_sync(ALL_LANES, max, half_lanes));
  }
  int warps = GROUP_SIZE0 / LANES;
  if (warps > 1) {
    if (LOCAL0 % LANES == 0) {
      lanes[LOCAL0 / LANES] = max;
    }
    BARRIER;
    max = lanes[0];
    for (int w = 1; w < warps; w++) {
      max = larger(max, lanes[w]);
    }
    BARRIER;
  }
  return max;
}
