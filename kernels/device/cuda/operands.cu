// SPDX-License-Identifier: Apache-2.0

// EACH_OF by quads of 128 bits: operands.cl for CUDA. Where all operands are contiguous in columns
// and aligned to 16 bytes, a work-item reads four columns of each, runs BODY for them, and writes
// the results. BODY is that of operands.cl: around it the names of an operand mean the four
// elements in registers, with strides and offset that make AT(x, r, c) find them. What is left at
// the end of a row, and operands that lie otherwise, are taken element by element. Which of the two
// depends on the arguments of the launch alone.

#define EACH_OF(OPERANDS, BODY)                                                  \
  {                                                                              \
    int block = (((cols - 1) / GROUPS0 + 1) + 3) / 4 * 4;                        \
    int begin = GROUP0 * block;                                                  \
    int end = cols - begin < block ? cols : begin + block;                       \
    int whole = begin < end && WIDE_##OPERANDS ? end / 4 * 4 : begin;            \
    _Pragma("unroll 1")                                                          \
    for (int r = GLOBAL_ID1; r < rows; r += GLOBAL_SIZE1) {                      \
      _Pragma("unroll 1")                                                        \
      for (int first = begin + 4 * LOCAL0; first < whole; first += 4 * GROUP_SIZE0) { \
        LOAD_##OPERANDS                                                          \
        {                                                                        \
          NAME_##OPERANDS                                                        \
          _Pragma("unroll")                                                      \
          for (int c = first; c < first + 4; c++) {                              \
            BODY                                                                 \
          }                                                                      \
        }                                                                        \
        STORE_##OPERANDS                                                         \
      }                                                                          \
      _Pragma("unroll 1")                                                        \
      for (int c = whole + LOCAL0; c < end; c += GROUP_SIZE0) {                  \
        BODY                                                                     \
      }                                                                          \
    }                                                                            \
  }

// Whether quads of the operand can be moved at once.
#define WIDE_ALL1(A) (WIDE_##A)
#define WIDE_ALL2(A, B) (WIDE_##A && WIDE_##B)
#define WIDE_ALL3(A, B, C) (WIDE_##A && WIDE_##B && WIDE_##C)
#define WIDE_ALL4(A, B, C, D) (WIDE_##A && WIDE_##B && WIDE_##C && WIDE_##D)
#define WIDE_IN(x) quads_at(x + x##0, x##r, x##c, rows)
#define WIDE_OUT(x) WIDE_IN(x)
#define WIDE_BOTH(x) WIDE_IN(x)

DEVICE_FN bool quads_at(const float* start, int row_stride, int col_stride, int rows) {
  return col_stride == 1 && (rows <= 1 || row_stride % 4 == 0)
      && (reinterpret_cast<unsigned long long>(start) & 15u) == 0;
}

// The four elements of each operand.
#define LOAD_ALL1(A) LOAD_##A
#define LOAD_ALL2(A, B) LOAD_##A LOAD_##B
#define LOAD_ALL3(A, B, C) LOAD_##A LOAD_##B LOAD_##C
#define LOAD_ALL4(A, B, C, D) LOAD_##A LOAD_##B LOAD_##C LOAD_##D
#define LOAD_IN(x)                                                               \
  float x##_quad[4];                                                             \
  read_quad(&AT(x, r, first), x##_quad);
#define LOAD_OUT(x) float x##_quad[4];
#define LOAD_BOTH(x) LOAD_IN(x)

DEVICE_FN void read_quad(const float* from, float (&quad)[4]) {
  float4 values = *reinterpret_cast<const float4*>(from);
  quad[0] = values.x;
  quad[1] = values.y;
  quad[2] = values.z;
  quad[3] = values.w;
}

#define NAME_ALL1(A) NAME_##A
#define NAME_ALL2(A, B) NAME_##A NAME_##B
#define NAME_ALL3(A, B, C) NAME_##A NAME_##B NAME_##C
#define NAME_ALL4(A, B, C, D) NAME_##A NAME_##B NAME_##C NAME_##D
#define NAME_IN(x)                                                               \
  float* x = x##_quad;                                                           \
  int x##0 = -first;                                                             \
  int x##r = 0;                                                                  \
  int x##c = 1;
#define NAME_OUT(x) NAME_IN(x)
#define NAME_BOTH(x) NAME_IN(x)

#define STORE_ALL1(A) STORE_##A
#define STORE_ALL2(A, B) STORE_##A STORE_##B
#define STORE_ALL3(A, B, C) STORE_##A STORE_##B STORE_##C
#define STORE_ALL4(A, B, C, D) STORE_##A STORE_##B STORE_##C STORE_##D
#define STORE_IN(x)
#define STORE_OUT(x)                                                             \
  *reinterpret_cast<float4*>(&AT(x, r, first)) =                                 \
      make_float4(x##_quad[0], x##_quad[1], x##_quad[2], x##_quad[3]);
#define STORE_BOTH(x) STORE_OUT(x)
