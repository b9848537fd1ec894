// SPDX-License-Identifier: Apache-2.0

// What everything else is written with: how an element is found, and the transcendental functions.
//
// The functions are those of docs/numerics.md and of the Java class Functions, under the same names
// and with the same operations in the same order, so that they give the same bits. They assume what
// the probe (probe.cl) checks: fma, division and square root rounded correctly, subnormals kept,
// nothing contracted. Integers are unsigned where they may wrap.

// Element (row, col) of a tensor that was passed as (x, x0, xr, xc): buffer, offset, row stride and
// column stride, in elements.
#define AT(x, row, col) x[x##0 + (row) * x##r + (col) * x##c]

// Kernels that take several tensors alike take up to eight, and tell them apart by a number.
#define SLOTS 8

// x_0 to x_7, by the number in slot.
#define OF_SLOT(x)                                                               \
  (slot == 0 ? x##_0 : slot == 1 ? x##_1 : slot == 2 ? x##_2 : slot == 3 ? x##_3 \
      : slot == 4 ? x##_4 : slot == 5 ? x##_5 : slot == 6 ? x##_6 : x##_7)

#define FLOAT_INFINITY AS_FLOAT(0x7f800000u)
#define FLOAT_NAN AS_FLOAT(0x7fc00000u)

#define SIGN_BIT 0x80000000u
#define LOG2_E 0x1.715476p+0f
#define LN2 0x1.62e430p-1f
// ln 2 to 17 bits, whose product with any exponent is exact, and the rest.
#define LN2_HIGH 0x1.62e400p-1f
#define LN2_LOW 0x1.7f7d1cp-20f
// 1.5 * 2^23: the sum with a float below 2^22 is rounded to an integer n, which stands in its low
// bits. With 126, 127 or 254 added n comes out biased, ready to be shifted into an exponent field.
#define ROUND 12582912.0f
#define ROUND_BITS 0x4b400000u
#define SHIFT_HALF (ROUND + 126.0f)
#define SHIFT_ONE (ROUND + 127.0f)
#define SHIFT (ROUND + 254.0f)
#define TWO_BIASES (254u << 23)
#define FOUR_BITS 0x40800000u
#define THREE_QUARTERS 0x3f400000u
#define SMALLEST_NORMAL 0x1p-126f

DEVICE_FN float magnitude(float x) { return AS_FLOAT(AS_UINT(x) & ~SIGN_BIT); }

// y, whose sign is clear or that of x, with the sign of x.
DEVICE_FN float with_sign(float y, float x) {
  return AS_FLOAT(AS_UINT(y) | (AS_UINT(x) & SIGN_BIT));
}

// The larger of two; NaN if either is, and +0 is larger than -0.
DEVICE_FN float larger(float a, float b) {
  float m = a > b ? a : b;
  m = a == b ? AS_FLOAT(AS_UINT(a) & AS_UINT(b)) : m;
  return a != a ? a : m;
}

// x limited to [-limit, limit]; NaN stays.
DEVICE_FN float clamp_to(float x, float limit) {
  float c = x > limit ? limit : x;
  return c < -limit ? -limit : c;
}

// 2^n from z, a sum with SHIFT_ONE; half of it from SHIFT_HALF.
DEVICE_FN float power(float z) { return AS_FLOAT(AS_UINT(z) << 23); }

// x - n ln 2.
DEVICE_FN float remainder_ln2(float x, float n) { return fma(n, -LN2_LOW, fma(n, -LN2_HIGH, x)); }

// e^r, |r| <= ln(2)/2.
DEVICE_FN float exp_polynomial(float r) {
  float p = fma(0x1.6ae3f4p-10f, r, 0x1.1240b2p-7f);
  p = fma(p, r, 0x1.555844p-5f);
  p = fma(p, r, 0x1.555488p-3f);
  p = fma(p, r, 0x1.fffffcp-2f);
  p = fma(p, r, 1.0f);
  return fma(p, r, 1.0f);
}

// 2^r, |r| <= 1/2.
DEVICE_FN float exp2_polynomial(float r) {
  float p = fma(0x1.4bd664p-13f, r, 0x1.5fbd1ap-10f);
  p = fma(p, r, 0x1.3b21cap-7f);
  p = fma(p, r, 0x1.c6ada8p-5f);
  p = fma(p, r, 0x1.ebfbe6p-3f);
  p = fma(p, r, 0x1.62e432p-1f);
  return fma(p, r, 1.0f);
}

// e^x for |x| at most 110, or NaN. The power is applied as two factors, each a normal number.
DEVICE_FN float exp_in_range(float x) {
  float z = fma(x, LOG2_E, SHIFT);
  float p = exp_polynomial(remainder_ln2(x, z - SHIFT));
  unsigned int half_power = AS_UINT(z) >> 1 << 23;
  return (p * AS_FLOAT(half_power)) * AS_FLOAT((AS_UINT(z) << 23) - half_power);
}

// numerator / (1 + 2^n p), z a sum of n with SHIFT; both sides are scaled so that neither
// overflows.
DEVICE_FN float over_one_plus(float numerator, float p, float z) {
  unsigned int half_power = AS_UINT(z) >> 1 << 23;
  float up = AS_FLOAT((AS_UINT(z) << 23) - half_power);
  float down = AS_FLOAT(TWO_BIASES - half_power);
  return (numerator * down) / fma(p, up, down);
}

// k as a float, less (round - ROUND).
DEVICE_FN float exponent(int k, float round) {
  return AS_FLOAT(ROUND_BITS + (unsigned int) k) - round;
}

// k ln 2 + log(1 + f), -0.25 <= f < 0.5.
DEVICE_FN float log_of(float k, float f) {
  float p = fma(-0x1.783930p-5f, f, 0x1.b136ccp-4f);
  p = fma(p, f, -0x1.0e66eep-3f);
  p = fma(p, f, 0x1.287298p-3f);
  p = fma(p, f, -0x1.54d820p-3f);
  p = fma(p, f, 0x1.996756p-3f);
  p = fma(p, f, -0x1.000082p-2f);
  p = fma(p, f, 0x1.5555acp-2f);
  p = fma(p, f, -0.5f);
  float product = k * LN2_HIGH;
  float sum = product + f;
  float sum_low = f - (sum - product);
  return sum + fma(f * f, p, fma(k, LN2_LOW, sum_low));
}

// erfc(a / sqrt 2) / 2 for 0 <= a <= 11.
DEVICE_FN float normal_tail(float a) {
  float w = fma(-0x1.3c3174p-26f, a, 0x1.4fd4c0p-21f);
  w = fma(w, a, -0x1.291f96p-17f);
  w = fma(w, a, 0x1.163a92p-14f);
  w = fma(w, a, -0x1.077c7cp-12f);
  w = fma(w, a, -0x1.96372cp-15f);
  w = fma(w, a, 0x1.ca8be6p-8f);
  w = fma(w, a, -0x1.add708p-5f);
  w = fma(w, a, -0x1.d63bbep-2f);
  w = fma(w, a, -0x1.26aed2p+0f);
  float z = fma(w, a, SHIFT_HALF);
  return exp2_polynomial(fma(w, a, -(z - SHIFT_HALF))) * power(z);
}

DEVICE_FN float unroll_exp(float x) { return exp_in_range(clamp_to(x, 104.0f)); }

DEVICE_FN float unroll_expm1(float x) {
  float c = x > 89.0f ? 89.0f : x;
  c = c < -18.0f ? -18.0f : c;
  float z = fma(c, LOG2_E, SHIFT_HALF);
  float n = z - SHIFT_HALF;
  float high = fma(n, -LN2_HIGH, c);
  float r = fma(n, -LN2_LOW, high);
  float r_low = fma(n, -LN2_LOW, high - r);
  float p = fma(0x1.392e64p-13f, r, 0x1.6d2e80p-10f);
  p = fma(p, r, 0x1.11568cp-7f);
  p = fma(p, r, 0x1.555502p-5f);
  p = fma(p, r, 0x1.55552cp-3f);
  p = fma(p, r, 0.5f);
  float t = fma(p, r * r, r_low);
  // 2^n (r + t + (1 - 2^-n)): the last sum is carried in two parts, for it cancels near n = 1
  unsigned int scale = AS_UINT(z) << 23;
  float inverse = AS_FLOAT(TWO_BIASES - scale);
  float one = fma(-0.5f, inverse, 1.0f);
  float one_low = fma(-0.5f, inverse, 1.0f - one);
  float sum = one + r;
  float sum_low = ((one - sum) + r) + one_low;
  float y = sum + (sum_low + t);
  return with_sign((y + y) * AS_FLOAT(scale), x);
}

DEVICE_FN float unroll_log(float x) {
  int tiny = x < SMALLEST_NORMAL;
  unsigned int bits = AS_UINT(tiny ? x * 0x1p23f : x);
  int k = (int) (bits - THREE_QUARTERS) >> 23;
  float f = AS_FLOAT(bits - ((unsigned int) k << 23)) - 1.0f;
  float y = log_of(exponent(k, tiny ? ROUND + 23.0f : ROUND), f);
  y = x < FLOAT_INFINITY ? y : x;
  y = x > 0.0f ? y : FLOAT_NAN;
  return x == 0.0f ? -FLOAT_INFINITY : y;
}

DEVICE_FN float unroll_log1p(float x) {
  int k = (int) (AS_UINT(1.0f + x) - THREE_QUARTERS) >> 23;
  float scale = AS_FLOAT(FOUR_BITS - ((unsigned int) k << 23));
  float f = fma(scale, x, scale - 4.0f) * 0.25f;
  float y = log_of(exponent(k, ROUND), f);
  y = x < FLOAT_INFINITY ? y : x;
  y = x > -1.0f ? y : FLOAT_NAN;
  y = x == -1.0f ? -FLOAT_INFINITY : y;
  return x == 0.0f ? x : y;
}

DEVICE_FN float unroll_tanh(float x) {
  float a = magnitude(x);
  a = a > 10.0f ? 10.0f : a;
  float b = a + a;
  float z = fma(b, LOG2_E, SHIFT_ONE);
  float e = exp_polynomial(fma(z - SHIFT_ONE, -LN2, b));
  float large = 1.0f - 2.0f / fma(e, power(z), 1.0f);
  float q = a * a;
  float p = fma(-0x1.696958p-8f, q, 0x1.4f5d3ep-6f);
  p = fma(p, q, -0x1.b7cfb2p-5f);
  p = fma(p, q, 0x1.1103f0p-3f);
  p = fma(p, q, -0x1.555524p-2f);
  float small = fma(p * q, a, a);
  return with_sign(a < 0.65f ? small : large, x);
}

DEVICE_FN float unroll_sigmoid(float x) {
  float t = -clamp_to(x, 104.0f);
  float z = fma(t, LOG2_E, SHIFT);
  return over_one_plus(1.0f, exp_polynomial(remainder_ln2(t, z - SHIFT)), z);
}

DEVICE_FN float unroll_silu(float x) {
  float c = clamp_to(x, 110.0f);
  float t = -c;
  float z = fma(t, LOG2_E, SHIFT);
  float p = exp_polynomial(remainder_ln2(t, z - SHIFT));
  return x > 110.0f ? x : over_one_plus(c, p, z);
}

DEVICE_FN float unroll_siluGrad(float x) {
  float a = magnitude(x);
  a = a > 110.0f ? 110.0f : a;
  float e = exp_in_range(-a);
  float s = 1.0f / (1.0f + e);
  float g = (e * s) * fma(-a, s, 1.0f);
  return x > 0.0f ? 1.0f - g : g;
}

DEVICE_FN float unroll_softplus(float x) {
  float t = -magnitude(x);
  t = t < -104.0f ? -104.0f : t;
  float e = exp_in_range(t);
  float p = fma(-0x1.af4cc0p-9f, e, 0x1.4918f8p-6f);
  p = fma(p, e, -0x1.d6b13ap-5f);
  p = fma(p, e, 0x1.b4ae34p-4f);
  p = fma(p, e, -0x1.3a4362p-3f);
  p = fma(p, e, 0x1.934b54p-3f);
  p = fma(p, e, -0x1.ff23e6p-3f);
  p = fma(p, e, 0x1.554dd0p-2f);
  p = fma(p, e, -0x1.ffffd2p-2f);
  // not x > 0 ? x : 0, which compilers make a max of; NaN comes out of the other term anyway
  return (x <= 0.0f ? 0.0f : x) + fma(e * e, p, e);
}

DEVICE_FN float unroll_geluErf(float x) {
  float a = magnitude(x);
  int beyond = a > 11.0f;
  a = beyond ? 11.0f : a;
  float tail = beyond ? 0.0f : normal_tail(a);
  return fma(-a, tail, x > 0.0f ? x : with_sign(0.0f, x));
}

DEVICE_FN float unroll_geluErfGrad(float x) {
  float a = magnitude(x);
  int beyond = a > 11.0f;
  a = beyond ? 11.0f : a;
  float density = exp_in_range((-0.5f * a) * a) * 0x1.988454p-2f;
  float g = beyond ? 0.0f : fma(-a, density, normal_tail(a));
  return x > 0.0f ? 1.0f - g : g;
}

DEVICE_FN float unroll_geluTanh(float x) {
  float c = clamp_to(x, 11.0f);
  float w = fma(c * c, -0x1.a5a7d0p-4f, -0x1.26aec2p+1f);
  float z = fma(c, w, SHIFT);
  float r = fma(c, -0x1.bce75ap-27f, fma(c, w, -(z - SHIFT)));
  return x > 11.0f ? x : over_one_plus(c, exp2_polynomial(r), z);
}

DEVICE_FN float unroll_geluTanhGrad(float x) {
  float a = magnitude(x);
  int beyond = a > 10.0f;
  a = beyond ? 10.0f : a;
  float q = a * a;
  float e = exp_in_range(-(a * fma(q, 0x1.2444f2p-4f, 0x1.988454p+0f)));
  float s = 1.0f / (1.0f + e);
  float slope = fma(q, 0x1.b6676cp-3f, 0x1.988454p+0f);
  float g = (e * s) * fma(-(a * s), slope, 1.0f);
  g = beyond ? 0.0f : g;
  return x > 0.0f ? 1.0f - g : g;
}
