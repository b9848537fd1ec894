// SPDX-License-Identifier: Apache-2.0

// The element-wise operations.
//
// Any grid will do. The rows are dealt out to dimension 1; the columns of a row are cut into one
// block for each work-group of dimension 0, and the work-items of a group take turns in its block.
// Local size 1 gives each work-item one contiguous block, which suits CPU devices, 256 suits GPUs.
// Assumes that outputs are exactly an input or apart from all inputs, and cols plus the number of
// groups below 2^31.

// Runs BODY for each element (r, c) of this work-item. For a group of one the same loop stands
// there once more, with steps of 1 and strides of 1 (DENSE): CPU devices can make vector code only
// of that.
#define EACH_ELEMENT(DENSE, BODY)                                                \
  {                                                                              \
    int block = (cols - 1) / GROUPS0 + 1;                                        \
    int begin = GROUP0 * block;                                                  \
    int end = cols - begin < block ? cols : begin + block;                       \
    if (ALONE_AND(DENSE)) {                                                      \
      ELEMENT_LOOP(begin, 1, BODY)                                               \
    } else {                                                                     \
      ELEMENT_LOOP(begin + LOCAL0, GROUP_SIZE0, BODY)                            \
    }                                                                            \
  }

#define ELEMENT_LOOP(FIRST, STEP, BODY)                                          \
  for (int r = GLOBAL_ID1; r < rows; r += GLOBAL_SIZE1) {                        \
    INDEPENDENT                                                                  \
    for (int c = FIRST; c < end; c += STEP) {                                    \
      BODY                                                                       \
    }                                                                            \
  }

// Whether the columns of one, two, ... tensors lie next to each other.
#define DENSE1(x) (x##c == 1)
#define DENSE2(x, y) (DENSE1(x) && DENSE1(y))
#define DENSE3(x, y, z) (DENSE2(x, y) && DENSE1(z))
#define DENSE4(x, y, z, w) (DENSE2(x, y) && DENSE2(z, w))

KERNEL ELEMENTWISE void fill(float value,
    GLOBAL float* out, int out0, int outr, int outc, // [rows, cols]
    int rows, int cols) {
  EACH_OF(ALL1(OUT(out)), AT(out, r, c) = value;)
}

// y = (alpha * x) + (beta * y); with beta 0 y is not read.
KERNEL ELEMENTWISE void axpby(float alpha,
    GLOBAL const float* x, int x0, int xr, int xc, // [rows, cols]
    float beta,
    GLOBAL float* y, int y0, int yr, int yc, // [rows, cols]
    int rows, int cols) {
  if (beta == 0.0f) {
    EACH_OF(ALL2(IN(x), OUT(y)), AT(y, r, c) = alpha * AT(x, r, c);)
  } else {
    EACH_OF(ALL2(IN(x), BOTH(y)),
      AT(y, r, c) = (alpha * AT(x, r, c)) + (beta * AT(y, r, c));)
  }
}

KERNEL ELEMENTWISE void copy(
    GLOBAL const float* x, int x0, int xr, int xc, // [rows, cols]
    GLOBAL float* y, int y0, int yr, int yc, // [rows, cols]
    int rows, int cols) {
  EACH_OF(ALL2(IN(x), OUT(y)), AT(y, r, c) = AT(x, r, c);)
}

// The numbers of the constants of Arithmetic.
#define ARITHMETIC_ADD 0
#define ARITHMETIC_SUB 1
#define ARITHMETIC_MUL 2
#define ARITHMETIC_DIV 3

#define BINARY(OP, VALUE)                                                        \
  case ARITHMETIC_##OP:                                                          \
    EACH_OF(ALL3(IN(a), IN(b), OUT(out)), float left = AT(a, r, c);              \
            float right = AT(b, r, c); AT(out, r, c) = VALUE;)                   \
    break;

KERNEL ELEMENTWISE void binary(int op,
    GLOBAL const float* a, int a0, int ar, int ac, // [rows, cols]
    GLOBAL const float* b, int b0, int br, int bc, // [rows, cols]
    GLOBAL float* out, int out0, int outr, int outc, // [rows, cols]
    int rows, int cols) {
  switch (op) {
    BINARY(ADD, left + right)
    BINARY(SUB, left - right)
    BINARY(MUL, left * right)
    BINARY(DIV, left / right)
  }
}

// The numbers of the constants of Unary.Kind.
#define UNARY_EXP 0
#define UNARY_EXPM1 1
#define UNARY_LOG 2
#define UNARY_LOG1P 3
#define UNARY_SQRT 4
#define UNARY_RECIPROCAL 5
#define UNARY_ABS 6
#define UNARY_CLAMP 7

#define MAP(KIND, VALUE)                                                         \
  case UNARY_##KIND:                                                             \
    EACH_OF(ALL2(IN(x), OUT(y)), float v = AT(x, r, c); AT(y, r, c) = VALUE;)    \
    break;

KERNEL ELEMENTWISE void map(int kind, float low, float high,
    GLOBAL const float* x, int x0, int xr, int xc, // [rows, cols]
    GLOBAL float* y, int y0, int yr, int yc, // [rows, cols]
    int rows, int cols) {
  switch (kind) {
    MAP(EXP, unroll_exp(v))
    MAP(EXPM1, unroll_expm1(v))
    MAP(LOG, unroll_log(v))
    MAP(LOG1P, unroll_log1p(v))
    MAP(SQRT, SQUARE_ROOT(v))
    MAP(RECIPROCAL, 1.0f / v)
    MAP(ABS, magnitude(v))
    MAP(CLAMP, v < low ? low : v > high ? high : v)
  }
}

// The numbers of the constants of Activation.Kind.
#define ACTIVATION_IDENTITY 0
#define ACTIVATION_SIGMOID 1
#define ACTIVATION_TANH 2
#define ACTIVATION_RELU 3
#define ACTIVATION_LEAKY_RELU 4
#define ACTIVATION_ELU 5
#define ACTIVATION_GELU_ERF 6
#define ACTIVATION_GELU_TANH 7
#define ACTIVATION_SILU 8
#define ACTIVATION_SOFTPLUS 9
#define ACTIVATION_HARD_SIGMOID 10
#define ACTIVATION_MISH 11

DEVICE_FN float relu(float x) { return x <= 0.0f ? 0.0f : x; }

DEVICE_FN float softplus_above(float sharpness, float threshold, float x) {
  float t = sharpness * x;
  return t > threshold ? x : unroll_softplus(t) / sharpness;
}

DEVICE_FN float hard_sigmoid(float v) { return v < 0.0f ? 0.0f : v > 1.0f ? 1.0f : v; }

DEVICE_FN int inside(float v) { return v > 0.0f && v < 1.0f; }

// Beyond it mish is 0 or x in float.
#define MISH_FAR 104.0f

DEVICE_FN float mish(float x) {
  float c = x < -MISH_FAR ? -MISH_FAR : x;
  return c * unroll_tanh(unroll_softplus(c));
}

DEVICE_FN float mish_grad(float x) {
  float c = x > MISH_FAR ? MISH_FAR : x < -MISH_FAR ? -MISH_FAR : x;
  float t = unroll_tanh(unroll_softplus(c));
  return t + (c * ((1.0f - (t * t)) * unroll_sigmoid(c)));
}

// The value for the input v, one line for each activation.
#define ACTIVATIONS(LINE)                                                        \
  LINE(IDENTITY, v)                                                              \
  LINE(SIGMOID, unroll_sigmoid(v))                                               \
  LINE(TANH, unroll_tanh(v))                                                     \
  LINE(RELU, relu(v))                                                            \
  LINE(LEAKY_RELU, v > 0.0f ? v : alpha * v)                                     \
  LINE(ELU, v > 0.0f ? v : alpha * unroll_expm1(v))                              \
  LINE(GELU_ERF, unroll_geluErf(v))                                              \
  LINE(GELU_TANH, unroll_geluTanh(v))                                            \
  LINE(SILU, unroll_silu(v))                                                     \
  LINE(SOFTPLUS, softplus_above(alpha, beta, v))                                 \
  LINE(HARD_SIGMOID, hard_sigmoid((alpha * v) + beta))                           \
  LINE(MISH, mish(v))

// The gradient from d, that of the output, and v: the output for SIGMOID, TANH and RELU, else the
// input.
#define ACTIVATION_GRADIENTS(LINE)                                               \
  LINE(IDENTITY, d)                                                              \
  LINE(SIGMOID, d * (v * (1.0f - v)))                                            \
  LINE(TANH, d * (1.0f - (v * v)))                                               \
  LINE(RELU, v <= 0.0f ? 0.0f : d)                                               \
  LINE(LEAKY_RELU, v > 0.0f ? d : alpha * d)                                     \
  LINE(ELU, v > 0.0f ? d : d * (alpha * unroll_exp(v)))                          \
  LINE(GELU_ERF, d * unroll_geluErfGrad(v))                                      \
  LINE(GELU_TANH, d * unroll_geluTanhGrad(v))                                    \
  LINE(SILU, d * unroll_siluGrad(v))                                             \
  LINE(SOFTPLUS, alpha * v > beta ? d : d * unroll_sigmoid(alpha * v))           \
  LINE(HARD_SIGMOID, inside((alpha * v) + beta) ? d * alpha : 0.0f)              \
  LINE(MISH, d * mish_grad(v))

#define ACTIVATE(KIND, VALUE)                                                    \
  case ACTIVATION_##KIND:                                                        \
    EACH_OF(ALL2(IN(x), OUT(y)), float v = AT(x, r, c); AT(y, r, c) = VALUE;)    \
    break;

KERNEL ELEMENTWISE void activate(int kind, float alpha, float beta,
    GLOBAL const float* x, int x0, int xr, int xc, // [rows, cols]
    GLOBAL float* y, int y0, int yr, int yc, // [rows, cols]
    int rows, int cols) {
  switch (kind) {
    ACTIVATIONS(ACTIVATE)
  }
}

#define ACTIVATE_GRAD(KIND, VALUE)                                               \
  case ACTIVATION_##KIND:                                                        \
    EACH_OF(ALL3(IN(x), IN(dy), OUT(dx)), float v = AT(x, r, c);                 \
            float d = AT(dy, r, c); AT(dx, r, c) = VALUE;)                       \
    break;

KERNEL ELEMENTWISE void activate_grad(int kind, float alpha, float beta,
    GLOBAL const float* x, int x0, int xr, int xc, // [rows, cols], input or output, see above
    GLOBAL const float* dy, int dy0, int dyr, int dyc, // [rows, cols]
    GLOBAL float* dx, int dx0, int dxr, int dxc, // [rows, cols]
    int rows, int cols) {
  switch (kind) {
    ACTIVATION_GRADIENTS(ACTIVATE_GRAD)
  }
}
