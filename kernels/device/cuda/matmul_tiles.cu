// SPDX-License-Identifier: Apache-2.0

// The matrix product in tiles of several sizes: the same bits as matmul_naive (matmul.cl), for any
// strides and offsets.
//
// A group computes one tile of out, each work-item a rectangle of it in registers. Slices of a and
// b pass through two buffers in shared memory: while one is multiplied, the next slice is on its
// way from global memory. At the end of a chunk the sums are added to out, so that one set of
// registers is enough. Operands whose rows or columns are contiguous and aligned to 16 bytes are
// read, and written, in quads of 128 bits; all others, and the edges, element by element.
//
// With split not 0 a group computes one chunk of one tile and writes the sum to its own matrix, the
// chunks' matrices lying split floats apart; matmul_add adds them up in their order.

#define WARP 32
#define QUAD 4
#define MEMBER_FN __device__ __forceinline__

// ROWS x COLS elements of a tile, ITEM_ROWS x ITEM_COLS of a work-item, LANE_ROWS rows of the
// work-items of a warp, DEPTH columns of a and rows of b in a slice.
template <int ROWS_, int COLS_, int ITEM_ROWS_, int ITEM_COLS_, int LANE_ROWS_, int DEPTH_>
struct Tile {
  static constexpr int ROWS = ROWS_;
  static constexpr int COLS = COLS_;
  static constexpr int ITEM_ROWS = ITEM_ROWS_;
  static constexpr int ITEM_COLS = ITEM_COLS_;
  static constexpr int LANE_ROWS = LANE_ROWS_;
  static constexpr int LANE_COLS = WARP / LANE_ROWS_;
  static constexpr int DEPTH = DEPTH_;
  static constexpr int WARPS_ACROSS = COLS / (LANE_COLS * ITEM_COLS);
  static constexpr int ITEMS = ROWS / ITEM_ROWS * (COLS / ITEM_COLS);
  static constexpr int A_SLICE = ROWS * DEPTH + WARP;
  static constexpr int B_SLICE = COLS * DEPTH + WARP;
};

// The value, as a new one to the compiler: what is computed from it is not kept in registers while
// the slices pass.
DEVICE_FN int fresh(int value) {
  asm volatile("" : "+r"(value));
  return value;
}

// One factor. Its sides are the rows of a or the columns of b. Its quads lie along k or along the
// sides; wide says that all of them are there whole and aligned.
struct Factor {
  const float* buffer;
  int offset;
  int side_stride;
  int depth_stride;
  int sides;
  bool along_depth;
  bool wide;
};

DEVICE_FN bool aligned(const float* start, int stride) {
  return (reinterpret_cast<unsigned long long>(start) & 15u) == 0 && stride % QUAD == 0;
}

template <int SIDES>
DEVICE_FN Factor factor(
    const float* buffer, int offset, int side_stride, int depth_stride, int sides, int k) {
  bool along_depth = SIDES < QUAD || depth_stride == 1;
  int quad_stride = along_depth ? depth_stride : side_stride;
  int other_stride = along_depth ? side_stride : depth_stride;
  int length = along_depth ? k : sides;
  bool wide = quad_stride == 1 && length % QUAD == 0 && aligned(buffer + offset, other_stride);
  return {buffer, offset, side_stride, depth_stride, sides, along_depth, wide};
}

// Written out as an instruction, for the compiler would merge a plain store with those of the other
// case, element by element, which meet in banks.
DEVICE_FN void store_quad(float* slice, const float4& quad) {
  asm volatile("st.shared.v4.f32 [%0], {%1, %2, %3, %4};" : :
      "r"(static_cast<unsigned>(__cvta_generic_to_shared(slice))),
      "f"(quad.x), "f"(quad.y), "f"(quad.z), "f"(quad.w) : "memory");
}

// Where an element of a slice lies in shared memory. After each four depths some room is left, so
// that neither the stores, of which those along k are four rows apart, nor the loads meet in a bank.
template <int SIDES, int DEPTH>
DEVICE_FN int position(int depth, int side) {
  return depth * SIDES + side + depth / QUAD * (WARP * QUAD / DEPTH);
}

// One work-item's part of a slice. What lies beyond the depth end is +0. What lies beyond the
// sides is anything, for its products are not stored.
template <int SIDES, int DEPTH, int ITEMS>
struct Staged {
  static constexpr int QUADS = SIDES * DEPTH / QUAD;
  static constexpr int COUNT = (QUADS - 1) / ITEMS + 1;
  static constexpr int DEPTH_QUADS = DEPTH / QUAD;
  static constexpr int SIDE_QUADS = SIDES < QUAD ? 1 : SIDES / QUAD;
  float4 quads[COUNT];

  // Where quad i of a work-item lies in the slice; not at all beyond DEPTH or SIDES.
  DEVICE_FN int side_of(bool along_depth, int item, int i) {
    return along_depth ? item / DEPTH_QUADS + i * (ITEMS / DEPTH_QUADS)
                       : item % SIDE_QUADS * QUAD;
  }

  DEVICE_FN int depth_of(bool along_depth, int item, int i) {
    return along_depth ? item % DEPTH_QUADS * QUAD
                       : item / SIDE_QUADS + i * (ITEMS / SIDE_QUADS);
  }

  DEVICE_FN bool inside(int side, int depth) {
    return QUADS % ITEMS == 0 || (side < SIDES && depth < DEPTH);
  }

  // Sends for the slice from depth first on, if it comes in quads.
  MEMBER_FN void load(const Factor& x, int first_side, int first, int end) {
    if (x.wide) {
      int item = fresh(LOCAL0);
      int last = x.sides - (x.along_depth ? 1 : QUAD);
#pragma unroll
      for (int i = 0; i < COUNT; i++) {
        int side = first_side + side_of(x.along_depth, item, i);
        int depth = first + depth_of(x.along_depth, item, i);
        side = side < last ? side : last;
        quads[i] = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
        if (depth < end) {
          quads[i] = *reinterpret_cast<const float4*>(
              x.buffer + (x.offset + side * x.side_stride + depth * x.depth_stride));
        }
      }
    }
  }

  // Puts the slice into shared memory.
  MEMBER_FN void store(const Factor& x, int first_side, int first, int end, float* slice) {
    if (!x.wide) {
      copy(x, first_side, first, end, slice);
    } else {
      int item = fresh(LOCAL0);
#pragma unroll
      for (int i = 0; i < COUNT; i++) {
        int side = side_of(x.along_depth, item, i);
        int depth = depth_of(x.along_depth, item, i);
        if (inside(side, depth)) {
          int to = position<SIDES, DEPTH>(depth, side);
          if (x.along_depth) {
            slice[to] = quads[i].x;
            slice[to + SIDES] = quads[i].y;
            slice[to + 2 * SIDES] = quads[i].z;
            slice[to + 3 * SIDES] = quads[i].w;
          } else if constexpr (SIDES >= QUAD) {
            store_quad(slice + to, quads[i]);
          }
        }
      }
    }
  }

  // Copies a slice element by element. Neighbours in the warp store to different banks.
  DEVICE_FN void copy(const Factor& x, int first_side, int first, int end, float* slice) {
    int item = fresh(LOCAL0);
#pragma unroll 1
    for (int i = 0; i < COUNT * QUAD; i++) {
      int at = item + i * ITEMS;
      int side = x.along_depth ? side_of(true, item, i / QUAD) : at % SIDES;
      int depth = x.along_depth ? depth_of(true, item, 0) + i % QUAD : at / SIDES;
      if (inside(side, depth)) {
        bool there = first + depth < end && first_side + side < x.sides;
        int from = x.offset + (first_side + side) * x.side_stride
            + (first + depth) * x.depth_stride;
        slice[position<SIDES, DEPTH>(depth, side)] = there ? x.buffer[from] : 0.0f;
      }
    }
  }
};

// Element i of a work-item's COUNT rows or columns: runs of up to four, the lanes of the warp next
// to each other.
template <int COUNT, int LANES_BESIDE>
DEVICE_FN int element(int lane, int i) {
  constexpr int RUN = COUNT < QUAD ? COUNT : QUAD;
  return i / RUN * (LANES_BESIDE * RUN) + lane * RUN + i % RUN;
}

// The factors of a work-item at one depth.
template <int SIDES, int DEPTH, int COUNT, int LANES_BESIDE>
DEVICE_FN void fetch(const float* slice, int depth, int base, int lane, float (&values)[COUNT]) {
#pragma unroll
  for (int i = 0; i < COUNT; i += COUNT < QUAD ? 1 : QUAD) {
    int side = base + element<COUNT, LANES_BESIDE>(lane, i);
    const float* from = slice + position<SIDES, DEPTH>(depth, side);
    if constexpr (COUNT < QUAD) {
      values[i] = *from;
    } else {
      float4 quad = *reinterpret_cast<const float4*>(from);
      values[i] = quad.x;
      values[i + 1] = quad.y;
      values[i + 2] = quad.z;
      values[i + 3] = quad.w;
    }
  }
}

// A matrix that sums are added to.
struct Target {
  const float* buffer;
  int offset;
  int row_stride;
  int col_stride;
  bool wide;
};

DEVICE_FN Target target(const float* buffer, int offset, int row_stride, int col_stride) {
  bool wide = col_stride == 1 && aligned(buffer + offset, row_stride);
  return {buffer, offset, row_stride, col_stride, wide};
}

// Up to four elements of a row of out, as add_chunk does it.
template <int RUN>
DEVICE_FN void put_run(
    float beta, const Target& old, const Target& out, int row, int col, int n,
    const float* sums, bool none) {
  const float* from = old.buffer + (old.offset + row * old.row_stride + col * old.col_stride);
  float* to = const_cast<float*>(out.buffer) + (out.offset + row * out.row_stride + col * out.col_stride);
  if (RUN == QUAD && out.wide && (old.wide || beta == 0.0f) && col + QUAD <= n) {
    float4 quad = make_float4(0.0f, 0.0f, 0.0f, 0.0f);
    if (beta != 0.0f) {
      quad = *reinterpret_cast<const float4*>(from);
    }
    add_chunk(beta, &quad.x, &quad.x, sums[0], none);
    add_chunk(beta, &quad.y, &quad.y, sums[1], none);
    add_chunk(beta, &quad.z, &quad.z, sums[2], none);
    add_chunk(beta, &quad.w, &quad.w, sums[3], none);
    *reinterpret_cast<float4*>(to) = quad;
  } else {
#pragma unroll
    for (int j = 0; j < RUN; j++) {
      if (col + j < n) {
        add_chunk(beta, from + j * old.col_stride, to + j * out.col_stride, sums[j], none);
      }
    }
  }
}

template <class T>
DEVICE_FN void multiply_tile(
    const Factor& a, const Factor& b, float beta, const Target& c, const Target& whole,
    int m, int n, int k, int split, float (&a_slices)[2][T::A_SLICE],
    float (&b_slices)[2][T::B_SLICE]) {
  constexpr int RUN = T::ITEM_COLS < QUAD ? T::ITEM_COLS : QUAD;
  int down = (m - 1) / T::ROWS + 1;
  int part = GROUP1 / down;
  int top = GROUP1 % down * T::ROWS;
  int left = GROUP0 * T::COLS;
  int begin = part * CHUNK;
  int end = split != 0 && k - begin > CHUNK ? begin + CHUNK : k;
  Target out = whole;
  out.offset += part * split;

  int lane = LOCAL0 % WARP;
  int lane_row = lane / T::LANE_COLS;
  int lane_col = lane % T::LANE_COLS;
  int warp = LOCAL0 / WARP;
  int warp_row = warp / T::WARPS_ACROSS * (T::LANE_ROWS * T::ITEM_ROWS);
  int warp_col = warp % T::WARPS_ACROSS * (T::LANE_COLS * T::ITEM_COLS);

  Staged<T::ROWS, T::DEPTH, T::ITEMS> a_staged;
  Staged<T::COLS, T::DEPTH, T::ITEMS> b_staged;
  a_staged.load(a, top, begin, end);
  b_staged.load(b, left, begin, end);
  float s[T::ITEM_ROWS][T::ITEM_COLS] = {};
  int now = 0;
  // Once even without any terms.
  for (int step = begin; step == begin || step < end; step += T::DEPTH) {
    a_staged.store(a, top, step, end, a_slices[now]);
    b_staged.store(b, left, step, end, b_slices[now]);
    BARRIER; // the other buffer is free too: all have done the step before
    int further = step + T::DEPTH;
    a_staged.load(a, top, further, end);
    b_staged.load(b, left, further, end);
#pragma unroll
    for (int depth = 0; depth < T::DEPTH; depth++) {
      float a_values[T::ITEM_ROWS];
      float b_values[T::ITEM_COLS];
      fetch<T::ROWS, T::DEPTH, T::ITEM_ROWS, T::LANE_ROWS>(
          a_slices[now], depth, warp_row, lane_row, a_values);
      fetch<T::COLS, T::DEPTH, T::ITEM_COLS, T::LANE_COLS>(
          b_slices[now], depth, warp_col, lane_col, b_values);
#pragma unroll
      for (int i = 0; i < T::ITEM_ROWS; i++) {
#pragma unroll
        for (int j = 0; j < T::ITEM_COLS; j++) {
          s[i][j] = fma(a_values[i], b_values[j], s[i][j]);
        }
      }
    }
    if (further >= end || further % CHUNK == 0) {
      bool first = further <= begin + CHUNK;
      Target old = {
          first ? c.buffer : out.buffer, first ? c.offset : out.offset, first ? c.row_stride : out.row_stride,
          first ? c.col_stride : out.col_stride, first ? c.wide : out.wide};
      float factor = first ? beta : 1.0f;
      int first_row = fresh(top + warp_row + element<T::ITEM_ROWS, T::LANE_ROWS>(lane_row, 0));
      int first_col = fresh(left + warp_col + element<T::ITEM_COLS, T::LANE_COLS>(lane_col, 0));
#pragma unroll
      for (int i = 0; i < T::ITEM_ROWS; i++) {
        int row = first_row + element<T::ITEM_ROWS, T::LANE_ROWS>(0, i);
        if (row < m) {
#pragma unroll
          for (int j = 0; j < T::ITEM_COLS; j += RUN) {
            int col = first_col + element<T::ITEM_COLS, T::LANE_COLS>(0, j);
            put_run<RUN>(factor, old, out, row, col, n, &s[i][j], k == 0);
          }
        }
#pragma unroll
        for (int j = 0; j < T::ITEM_COLS; j++) {
          s[i][j] = 0.0f;
        }
      }
    }
    now ^= 1;
  }
}

#define MULTIPLY_TILE(ROWS, COLS, ITEM_ROWS, ITEM_COLS, LANE_ROWS, DEPTH)        \
  using T = Tile<ROWS, COLS, ITEM_ROWS, ITEM_COLS, LANE_ROWS, DEPTH>;            \
  LOCAL __align__(16) float a_slices[2][T::A_SLICE];                             \
  LOCAL __align__(16) float b_slices[2][T::B_SLICE];                             \
  multiply_tile<T>(factor<ROWS>(a, a0, ar, ac, m, k), factor<COLS>(b, b0, bc, br, n, k), \
      beta, target(c, c0, cr, cc), target(out, out0, outr, outc), m, n, k, split, \
      a_slices, b_slices);

// Tiles of 128 x 128, for products that fill the device with them. Groups of 256.
KERNEL __launch_bounds__(256, 2) void matmul_tiles_128(
    GLOBAL const float* a, int a0, int ar, int ac, // [m, k]
    GLOBAL const float* b, int b0, int br, int bc, // [k, n]
    float beta,
    GLOBAL const float* c, int c0, int cr, int cc, // [m, n]
    GLOBAL float* out, int out0, int outr, int outc, // [m, n], or [chunks, split]
    int m, int n, int k, int split) {
  MULTIPLY_TILE(128, 128, 8, 8, 4, 8)
}

// Tiles of 64 x 64. Groups of 128.
KERNEL __launch_bounds__(128, 4) void matmul_tiles_64(
    GLOBAL const float* a, int a0, int ar, int ac, // [m, k]
    GLOBAL const float* b, int b0, int br, int bc, // [k, n]
    float beta,
    GLOBAL const float* c, int c0, int cr, int cc, // [m, n]
    GLOBAL float* out, int out0, int outr, int outc, // [m, n], or [chunks, split]
    int m, int n, int k, int split) {
  MULTIPLY_TILE(64, 64, 8, 4, 4, 16)
}

// Tiles of 32 x 64, for small batches. Groups of 128.
KERNEL __launch_bounds__(128, 4) void matmul_tiles_32(
    GLOBAL const float* a, int a0, int ar, int ac, // [m, k]
    GLOBAL const float* b, int b0, int br, int bc, // [k, n]
    float beta,
    GLOBAL const float* c, int c0, int cr, int cc, // [m, n]
    GLOBAL float* out, int out0, int outr, int outc, // [m, n], or [chunks, split]
    int m, int n, int k, int split) {
  MULTIPLY_TILE(32, 64, 4, 4, 4, 16)
}

// Tiles of 8 x 64, for a few rows. Groups of 128.
KERNEL __launch_bounds__(128, 4) void matmul_tiles_8(
    GLOBAL const float* a, int a0, int ar, int ac, // [m, k]
    GLOBAL const float* b, int b0, int br, int bc, // [k, n]
    float beta,
    GLOBAL const float* c, int c0, int cr, int cc, // [m, n]
    GLOBAL float* out, int out0, int outr, int outc, // [m, n], or [chunks, split]
    int m, int n, int k, int split) {
  MULTIPLY_TILE(8, 64, 1, 4, 4, 32)
}

// One row: a vector times a matrix. Groups of 64.
KERNEL __launch_bounds__(64, 8) void matmul_tiles_1(
    GLOBAL const float* a, int a0, int ar, int ac, // [m, k]
    GLOBAL const float* b, int b0, int br, int bc, // [k, n]
    float beta,
    GLOBAL const float* c, int c0, int cr, int cc, // [m, n]
    GLOBAL float* out, int out0, int outr, int outc, // [m, n], or [chunks, split]
    int m, int n, int k, int split) {
  MULTIPLY_TILE(1, 64, 1, 1, 1, 16)
}

// out = beta * old + the chunks' sums, in the order of the chunks. Grid as in elementwise.cl. By quads
// of 128 bits where all operands are contiguous and aligned to 16 bytes.
KERNEL ELEMENTWISE void matmul_add(
    GLOBAL const float* parts, int parts0, int partsr, int partsc, // [chunks, rows * cols]
    int chunks, float beta,
    GLOBAL const float* old, int old0, int oldr, int oldc, // [rows, cols]
    GLOBAL float* out, int out0, int outr, int outc, // [rows, cols]
    int rows, int cols) {
  bool wide = cols % QUAD == 0 && partsc == 1 && aligned(parts + parts0, partsr)
      && target(out, out0, outr, outc).wide && (beta == 0.0f || target(old, old0, oldr, oldc).wide);
  if (wide) {
    cols /= QUAD;
    EACH_ELEMENT(0,
      int first = c * QUAD;
      int at = r * cols * QUAD + first;
      float part[QUAD];
      float sums[QUAD] = {0.0f};
      read_quad(&AT(parts, 0, at), part);
      if (beta != 0.0f) {
        read_quad(&AT(old, r, first), sums);
      }
      for (int i = 0; i < QUAD; i++) {
        add_chunk(beta, &sums[i], &sums[i], part[i], 0);
      }
      for (int chunk = 1; chunk < chunks; chunk++) {
        read_quad(&AT(parts, chunk, at), part);
        for (int i = 0; i < QUAD; i++) {
          sums[i] = sums[i] + part[i];
        }
      }
      *reinterpret_cast<float4*>(&AT(out, r, first)) =
          make_float4(sums[0], sums[1], sums[2], sums[3]);)
  } else {
    EACH_ELEMENT(0,
      int at = r * cols + c;
      float sum;
      add_chunk(beta, &AT(old, r, c), &sum, AT(parts, 0, at), 0);
      for (int chunk = 1; chunk < chunks; chunk++) {
        sum = sum + AT(parts, chunk, at);
      }
      AT(out, r, c) = sum;)
  }
}
