// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import static dev.unroll.cpu.Coefficients.*;

/**
 * The transcendental functions of EXACT precision, one element at a time.
 *
 * <p>Every method is a fixed sequence of {@code fma}, {@code + - * /}, comparisons and bit
 * operations, each rounded on its own. {@link VectorFunctions}, and device code that repeats the
 * sequence, give the same bits. {@link FunctionCheck} measures the errors; those over all 2^32
 * inputs are in {@code docs/functions.md}.
 *
 * <p>A power 2^n is applied as two factors where n can leave the range of normal exponents, so that
 * subnormal results are rounded once.
 */
final class Functions {
  private Functions() {}

  /** e^x. */
  static float exp(float x) {
    return expInRange(clamp(x, EXP_LIMIT));
  }

  /** e^x - 1. */
  static float expm1(float x) {
    float c = x > EXPM1_HIGH ? EXPM1_HIGH : x;
    c = c < EXPM1_LOW ? EXPM1_LOW : c;
    float z = Math.fma(c, LOG2_E, SHIFT_HALF);
    float n = z - SHIFT_HALF;
    float high = Math.fma(n, -LN2_HIGH, c);
    float r = Math.fma(n, -LN2_LOW, high);
    float rLow = Math.fma(n, -LN2_LOW, high - r);
    float p = Math.fma(M5, r, M4);
    p = Math.fma(p, r, M3);
    p = Math.fma(p, r, M2);
    p = Math.fma(p, r, M1);
    p = Math.fma(p, r, 0.5f);
    float t = Math.fma(p, r * r, rLow);
    // 2^n (r + t + (1 - 2^-n)): the last sum is carried in two parts, for it cancels near n = 1
    int scaleBits = Float.floatToRawIntBits(z) << 23;
    float inverse = Float.intBitsToFloat(TWO_BIASES - scaleBits);
    float one = Math.fma(-0.5f, inverse, 1f);
    float oneLow = Math.fma(-0.5f, inverse, 1f - one);
    float sum = one + r;
    float sumLow = ((one - sum) + r) + oneLow;
    float y = sum + (sumLow + t);
    return withSign((y + y) * Float.intBitsToFloat(scaleBits), x);
  }

  /** Natural logarithm; -infinity at 0, NaN below. */
  static float log(float x) {
    boolean tiny = x < Float.MIN_NORMAL;
    int bits = Float.floatToRawIntBits(tiny ? x * 0x1p23f : x);
    int k = (bits - THREE_QUARTERS) >> 23;
    float f = Float.intBitsToFloat(bits - (k << 23)) - 1f;
    float y = logOf(exponent(k, tiny ? ROUND + 23 : ROUND), f);
    y = x < Float.POSITIVE_INFINITY ? y : x;
    y = x > 0f ? y : Float.NaN;
    return x == 0f ? Float.NEGATIVE_INFINITY : y;
  }

  /** log(1 + x); -infinity at -1, NaN below. */
  static float log1p(float x) {
    int k = (Float.floatToRawIntBits(1f + x) - THREE_QUARTERS) >> 23;
    float scale = Float.intBitsToFloat(FOUR_BITS - (k << 23));
    float f = Math.fma(scale, x, scale - 4f) * 0.25f;
    float y = logOf(exponent(k, ROUND), f);
    y = x < Float.POSITIVE_INFINITY ? y : x;
    y = x > -1f ? y : Float.NaN;
    y = x == -1f ? Float.NEGATIVE_INFINITY : y;
    return x == 0f ? x : y;
  }

  /** Hyperbolic tangent. */
  static float tanh(float x) {
    float a = Math.abs(x);
    a = a > TANH_LIMIT ? TANH_LIMIT : a;
    float b = a + a;
    float z = Math.fma(b, LOG2_E, SHIFT_ONE);
    float e = expPolynomial(Math.fma(z - SHIFT_ONE, -LN2, b));
    float large = 1f - 2f / Math.fma(e, power(z), 1f);
    float q = a * a;
    float p = Math.fma(T4, q, T3);
    p = Math.fma(p, q, T2);
    p = Math.fma(p, q, T1);
    p = Math.fma(p, q, T0);
    float small = Math.fma(p * q, a, a);
    return withSign(a < TANH_SPLIT ? small : large, x);
  }

  /** Error function. */
  static float erf(float x) {
    float a = Math.abs(x);
    a = a > ERF_LIMIT ? ERF_LIMIT : a;
    float v = Math.fma(C6, a, C5);
    v = Math.fma(v, a, C4);
    v = Math.fma(v, a, C3);
    v = Math.fma(v, a, C2);
    v = Math.fma(v, a, C1);
    v = Math.fma(v, a, C0);
    float z = v + SHIFT_ONE;
    float large = 1f - exp2Polynomial(v - (z - SHIFT_ONE)) * power(z);
    float q = a * a;
    float p = Math.fma(F5, q, F4);
    p = Math.fma(p, q, F3);
    p = Math.fma(p, q, F2);
    p = Math.fma(p, q, F1);
    p = Math.fma(p, q, F0);
    return withSign(a < ERF_SPLIT ? Math.fma(p, a, a) : large, x);
  }

  /** 1 / (1 + e^-x); also the derivative of softplus. */
  static float sigmoid(float x) {
    float t = -clamp(x, EXP_LIMIT);
    float z = Math.fma(t, LOG2_E, SHIFT);
    float p = expPolynomial(remainder(t, z - SHIFT));
    return overOnePlus(1f, p, z);
  }

  /** x sigmoid(x). */
  static float silu(float x) {
    float c = clamp(x, SILU_LIMIT);
    float t = -c;
    float z = Math.fma(t, LOG2_E, SHIFT);
    float p = expPolynomial(remainder(t, z - SHIFT));
    return x > SILU_LIMIT ? x : overOnePlus(c, p, z);
  }

  /** Derivative of {@link #silu}. */
  static float siluGrad(float x) {
    float a = Math.abs(x);
    a = a > SILU_LIMIT ? SILU_LIMIT : a;
    float e = expInRange(-a);
    float s = 1f / (1f + e);
    float g = (e * s) * Math.fma(-a, s, 1f);
    return x > 0f ? 1f - g : g;
  }

  /** log(1 + e^x). */
  static float softplus(float x) {
    float t = -Math.abs(x);
    t = t < -EXP_LIMIT ? -EXP_LIMIT : t;
    float e = expInRange(t);
    float p = Math.fma(S8, e, S7);
    p = Math.fma(p, e, S6);
    p = Math.fma(p, e, S5);
    p = Math.fma(p, e, S4);
    p = Math.fma(p, e, S3);
    p = Math.fma(p, e, S2);
    p = Math.fma(p, e, S1);
    p = Math.fma(p, e, S0);
    return (x > 0f ? x : 0f) + Math.fma(e * e, p, e);
  }

  /** x P(x), P the normal distribution function: x (1 + erf(x / sqrt 2)) / 2; -0 below -11. */
  static float geluErf(float x) {
    float a = Math.abs(x);
    boolean beyond = a > GELU_ERF_LIMIT;
    a = beyond ? GELU_ERF_LIMIT : a;
    float tail = beyond ? 0f : normalTail(a);
    return Math.fma(-a, tail, x > 0f ? x : withSign(0f, x));
  }

  /** Derivative of {@link #geluErf}; exactly 0 below -11 and 1 above 11. */
  static float geluErfGrad(float x) {
    float a = Math.abs(x);
    boolean beyond = a > GELU_ERF_LIMIT;
    a = beyond ? GELU_ERF_LIMIT : a;
    float density = expInRange((-0.5f * a) * a) * NORMAL_DENSITY;
    float g = beyond ? 0f : Math.fma(-a, density, normalTail(a));
    return x > 0f ? 1f - g : g;
  }

  /** x (1 + tanh(u)) / 2 = x / (1 + e^-2u) with u = sqrt(2/pi) (x + 0.044715 x^3). */
  static float geluTanh(float x) {
    float c = clamp(x, GELU_TANH_LIMIT);
    float w = Math.fma(c * c, G3, G1);
    float z = Math.fma(c, w, SHIFT);
    float r = Math.fma(c, G1_LOW, Math.fma(c, w, -(z - SHIFT)));
    float p = exp2Polynomial(r);
    return x > GELU_TANH_LIMIT ? x : overOnePlus(c, p, z);
  }

  /** Derivative of {@link #geluTanh}; exactly 0 below -10 and 1 above 10. */
  static float geluTanhGrad(float x) {
    float a = Math.abs(x);
    boolean beyond = a > GELU_TANH_GRAD_LIMIT;
    a = beyond ? GELU_TANH_GRAD_LIMIT : a;
    float q = a * a;
    float e = expInRange(-(a * Math.fma(q, K3, K1)));
    float s = 1f / (1f + e);
    float slope = Math.fma(q, K3_TIMES_3, K1);
    float g = (e * s) * Math.fma(-(a * s), slope, 1f);
    g = beyond ? 0f : g;
    return x > 0f ? 1f - g : g;
  }

  /** e^x for |x| at most 110, or NaN. */
  private static float expInRange(float x) {
    float z = Math.fma(x, LOG2_E, SHIFT);
    float p = expPolynomial(remainder(x, z - SHIFT));
    int bits = Float.floatToRawIntBits(z);
    int half = bits >>> 1 << 23;
    return p * Float.intBitsToFloat(half) * Float.intBitsToFloat((bits << 23) - half);
  }

  /** x - n ln 2. */
  private static float remainder(float x, float n) {
    return Math.fma(n, -LN2_LOW, Math.fma(n, -LN2_HIGH, x));
  }

  private static float expPolynomial(float r) {
    float p = Math.fma(E6, r, E5);
    p = Math.fma(p, r, E4);
    p = Math.fma(p, r, E3);
    p = Math.fma(p, r, E2);
    p = Math.fma(p, r, 1f);
    return Math.fma(p, r, 1f);
  }

  private static float exp2Polynomial(float r) {
    float p = Math.fma(D6, r, D5);
    p = Math.fma(p, r, D4);
    p = Math.fma(p, r, D3);
    p = Math.fma(p, r, D2);
    p = Math.fma(p, r, D1);
    return Math.fma(p, r, 1f);
  }

  /** erfc(a / sqrt 2) / 2 for 0 <= a <= 11. */
  private static float normalTail(float a) {
    float w = Math.fma(W9, a, W8);
    w = Math.fma(w, a, W7);
    w = Math.fma(w, a, W6);
    w = Math.fma(w, a, W5);
    w = Math.fma(w, a, W4);
    w = Math.fma(w, a, W3);
    w = Math.fma(w, a, W2);
    w = Math.fma(w, a, W1);
    w = Math.fma(w, a, W0);
    float z = Math.fma(w, a, SHIFT_HALF);
    return exp2Polynomial(Math.fma(w, a, -(z - SHIFT_HALF))) * power(z);
  }

  /** k ln 2 + log(1 + f), the leading sum carried in two parts. */
  private static float logOf(float k, float f) {
    float p = Math.fma(L8, f, L7);
    p = Math.fma(p, f, L6);
    p = Math.fma(p, f, L5);
    p = Math.fma(p, f, L4);
    p = Math.fma(p, f, L3);
    p = Math.fma(p, f, L2);
    p = Math.fma(p, f, L1);
    p = Math.fma(p, f, -0.5f);
    float product = k * LN2_HIGH;
    float sum = product + f;
    float sumLow = f - (sum - product);
    return sum + Math.fma(f * f, p, Math.fma(k, LN2_LOW, sumLow));
  }

  /** The integer k as a float, less (round - {@link Coefficients#ROUND}). */
  private static float exponent(int k, float round) {
    return Float.intBitsToFloat(ROUND_BITS + k) - round;
  }

  /** 2^n from a sum with {@link Coefficients#SHIFT_ONE}, half of it from SHIFT_HALF. */
  private static float power(float z) {
    return Float.intBitsToFloat(Float.floatToRawIntBits(z) << 23);
  }

  /**
   * numerator / (1 + 2^n p), n being the integer in z, a sum with {@link Coefficients#SHIFT}. Both
   * sides are scaled by 2^-(n >> 1), so that neither overflows.
   */
  private static float overOnePlus(float numerator, float p, float z) {
    int bits = Float.floatToRawIntBits(z);
    int half = bits >>> 1 << 23;
    float up = Float.intBitsToFloat((bits << 23) - half);
    float down = Float.intBitsToFloat(TWO_BIASES - half);
    return (numerator * down) / Math.fma(p, up, down);
  }

  /** x limited to [-limit, limit]; NaN stays. */
  private static float clamp(float x, float limit) {
    float c = x > limit ? limit : x;
    return c < -limit ? -limit : c;
  }

  /** y, which has its sign bit clear, or equals x in sign, with the sign bit of x set. */
  private static float withSign(float y, float x) {
    return Float.intBitsToFloat(Float.floatToRawIntBits(y) | (Float.floatToRawIntBits(x) & SIGN));
  }
}
