// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

/**
 * The constants of {@link Functions} and {@link VectorFunctions}. The coefficients are minimax fits
 * (Remez exchange; rounded to float one at a time, lowest power first, the others fitted again).
 *
 * <p>Adding one of the rounding constants to a float below 2^22 rounds it to an integer n, which
 * then stands in the low bits of the sum together with a bias that turns it into an exponent field.
 */
final class Coefficients {
  static final float LOG2_E = 0x1.715476p+0f;
  static final float LN2 = 0x1.62e430p-1f;

  /** ln 2 to 17 bits: its product with any exponent is exact. */
  static final float LN2_HIGH = 0x1.62e400p-1f;

  static final float LN2_LOW = 0x1.7f7d1cp-20f;

  /** 1.5 * 2^23: the sum with a small float has unit spacing. */
  static final float ROUND = 12582912f;

  /** Rounding constant whose low bits hold n + 126: bits << 23 is 2^(n - 1). */
  static final float SHIFT_HALF = ROUND + 126;

  /** Rounding constant whose low bits hold n + 127: bits << 23 is 2^n. */
  static final float SHIFT_ONE = ROUND + 127;

  /** Rounding constant whose low bits hold n + 254: bits >>> 1 << 23 is 2^(n >> 1). */
  static final float SHIFT = ROUND + 254;

  /** Twice the exponent bias, as an exponent field: minus the bits of 2^k gives 2^-k. */
  static final int TWO_BIASES = 254 << 23;

  static final int SIGN = 0x80000000;

  /** Bits of {@link #ROUND}; adding an integer k to them gives the bits of ROUND + k. */
  static final int ROUND_BITS = 0x4b400000;

  /** Bits of 4. */
  static final int FOUR_BITS = 0x40800000;

  /** Bits of 0.75. Significands are taken from [0.75, 1.5), so that log1p's 1 + f is exact. */
  static final int THREE_QUARTERS = 0x3f400000;

  /** Beyond this e^x is 0 or infinite; sigmoid 0 or 1. */
  static final float EXP_LIMIT = 104f;

  /** Below its negative silu rounds to -0. */
  static final float SILU_LIMIT = 110f;

  static final float GELU_ERF_LIMIT = 11f;
  static final float GELU_TANH_LIMIT = 11f;
  static final float GELU_TANH_GRAD_LIMIT = 10f;
  static final float TANH_LIMIT = 10f;
  static final float TANH_SPLIT = 0.65f;
  static final float ERF_LIMIT = 4f;
  static final float ERF_SPLIT = 0.9f;
  static final float EXPM1_LOW = -18f;
  static final float EXPM1_HIGH = 89f;

  // e^r = 1 + r + E2 r^2 + ... + E6 r^6, |r| <= ln(2)/2, relative error 2^-28.2
  static final float E2 = 0x1.fffffcp-2f;
  static final float E3 = 0x1.555488p-3f;
  static final float E4 = 0x1.555844p-5f;
  static final float E5 = 0x1.1240b2p-7f;
  static final float E6 = 0x1.6ae3f4p-10f;

  // 2^r = 1 + D1 r + ... + D6 r^6, |r| <= 1/2, relative error 2^-28
  static final float D1 = 0x1.62e432p-1f;
  static final float D2 = 0x1.ebfbe6p-3f;
  static final float D3 = 0x1.c6ada8p-5f;
  static final float D4 = 0x1.3b21cap-7f;
  static final float D5 = 0x1.5fbd1ap-10f;
  static final float D6 = 0x1.4bd664p-13f;

  // e^r - 1 = r + r^2 (0.5 + M1 r + ... + M5 r^5), |r| <= ln(2)/2, relative error 2^-28.1
  static final float M1 = 0x1.55552cp-3f;
  static final float M2 = 0x1.555502p-5f;
  static final float M3 = 0x1.11568cp-7f;
  static final float M4 = 0x1.6d2e80p-10f;
  static final float M5 = 0x1.392e64p-13f;

  // log(1 + f) = f + f^2 (-0.5 + L1 f + ... + L8 f^8), -0.25 <= f < 0.5, relative error 2^-27.5
  static final float L1 = 0x1.5555acp-2f;
  static final float L2 = -0x1.000082p-2f;
  static final float L3 = 0x1.996756p-3f;
  static final float L4 = -0x1.54d820p-3f;
  static final float L5 = 0x1.287298p-3f;
  static final float L6 = -0x1.0e66eep-3f;
  static final float L7 = 0x1.b136ccp-4f;
  static final float L8 = -0x1.783930p-5f;

  // log(1 + e) = e + e^2 (S0 + S1 e + ... + S8 e^8), 0 <= e <= 1, relative error 2^-27.5
  static final float S0 = -0x1.ffffd2p-2f;
  static final float S1 = 0x1.554dd0p-2f;
  static final float S2 = -0x1.ff23e6p-3f;
  static final float S3 = 0x1.934b54p-3f;
  static final float S4 = -0x1.3a4362p-3f;
  static final float S5 = 0x1.b4ae34p-4f;
  static final float S6 = -0x1.d6b13ap-5f;
  static final float S7 = 0x1.4918f8p-6f;
  static final float S8 = -0x1.af4cc0p-9f;

  // tanh(a) = a + a q (T0 + T1 q + ... + T4 q^4), q = a^2, a <= 0.65, relative error 2^-27.1
  static final float T0 = -0x1.555524p-2f;
  static final float T1 = 0x1.1103f0p-3f;
  static final float T2 = -0x1.b7cfb2p-5f;
  static final float T3 = 0x1.4f5d3ep-6f;
  static final float T4 = -0x1.696958p-8f;

  // erf(a) = a + a (F0 + F1 q + ... + F5 q^5), q = a^2, a <= 0.9, relative error 2^-26
  static final float F0 = 0x1.06eba6p-3f;
  static final float F1 = -0x1.8126ecp-2f;
  static final float F2 = 0x1.ce1b86p-4f;
  static final float F3 = -0x1.b69b96p-6f;
  static final float F4 = 0x1.479c9ep-8f;
  static final float F5 = -0x1.3ba9cep-11f;

  // log2(erfc(a)) = C0 + C1 a + ... + C6 a^6, 0.9 <= a <= 3.95, error of erfc 2^-29.2
  static final float C0 = -0x1.0c8768p-12f;
  static final float C1 = -0x1.a082fcp+0f;
  static final float C2 = -0x1.d6920ap-1f;
  static final float C3 = -0x1.33649ep-3f;
  static final float C4 = 0x1.07489ap-5f;
  static final float C5 = -0x1.20e796p-8f;
  static final float C6 = 0x1.2a4b82p-12f;

  // log2(erfc(a / sqrt 2)) = a (W0 + W1 a + ... + W9 a^9): twice the lower normal tail.
  // Relative error 2^-25.8 for a <= 1, below 0.1 % for a <= 8; beyond, too small.
  static final float W0 = -0x1.26aed2p+0f;
  static final float W1 = -0x1.d63bbep-2f;
  static final float W2 = -0x1.add708p-5f;
  static final float W3 = 0x1.ca8be6p-8f;
  static final float W4 = -0x1.96372cp-15f;
  static final float W5 = -0x1.077c7cp-12f;
  static final float W6 = 0x1.163a92p-14f;
  static final float W7 = -0x1.291f96p-17f;
  static final float W8 = 0x1.4fd4c0p-21f;
  static final float W9 = -0x1.3c3174p-26f;

  /** 1 / sqrt(2 pi). */
  static final float NORMAL_DENSITY = 0x1.988454p-2f;

  // -2 sqrt(2/pi) (1 + 0.044715 x^2) / ln 2 = G1 + G1_LOW + G3 x^2
  static final float G1 = -0x1.26aec2p+1f;
  static final float G1_LOW = -0x1.bce75ap-27f;
  static final float G3 = -0x1.a5a7d0p-4f;

  // 2 sqrt(2/pi) (x + 0.044715 x^3) = K1 x + K3 x^3, and its derivative K1 + K3_TIMES_3 x^2
  static final float K1 = 0x1.988454p+0f;
  static final float K3 = 0x1.2444f2p-4f;
  static final float K3_TIMES_3 = 0x1.b6676cp-3f;

  private Coefficients() {}
}
