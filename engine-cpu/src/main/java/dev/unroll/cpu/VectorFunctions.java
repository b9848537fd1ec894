// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import static dev.unroll.cpu.Coefficients.*;
import static dev.unroll.cpu.Lanes.F;
import static dev.unroll.cpu.Lanes.I;
import static jdk.incubator.vector.FloatVector.broadcast;
import static jdk.incubator.vector.IntVector.broadcast;
import static jdk.incubator.vector.VectorOperators.ASHR;
import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.LT;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;

/**
 * {@link Functions} on vectors of {@link Lanes#F}: the same operations in the same order, hence the
 * same bits; selections become blends.
 *
 * <p>Call one function per compiled method. One or two of them bring a compilation to C2's limit
 * NodeCountInliningCutoff; a call that is then not inlined boxes its vectors and costs ten times as
 * much or more. {@link VectorLoops} shows how to keep loops apart.
 */
final class VectorFunctions {
  private VectorFunctions() {}

  /** e^x. */
  static FloatVector exp(FloatVector x) {
    return expInRange(clamp(x, EXP_LIMIT));
  }

  /** e^x - 1. */
  static FloatVector expm1(FloatVector x) {
    FloatVector c = above(x, EXPM1_HIGH);
    c = c.blend(broadcast(F, EXPM1_LOW), c.compare(LT, broadcast(F, EXPM1_LOW)));
    FloatVector z = c.fma(broadcast(F, LOG2_E), broadcast(F, SHIFT_HALF));
    FloatVector n = z.sub(broadcast(F, SHIFT_HALF));
    FloatVector high = n.fma(broadcast(F, -LN2_HIGH), c);
    FloatVector r = n.fma(broadcast(F, -LN2_LOW), high);
    FloatVector t = expm1Polynomial(r).fma(r.mul(r), n.fma(broadcast(F, -LN2_LOW), high.sub(r)));
    IntVector scale = z.reinterpretAsInts().lanewise(LSHL, 23);
    FloatVector inverse = broadcast(I, TWO_BIASES).sub(scale).reinterpretAsFloats();
    FloatVector one = inverse.fma(broadcast(F, -0.5f), broadcast(F, 1f));
    FloatVector oneLow = inverse.fma(broadcast(F, -0.5f), broadcast(F, 1f).sub(one));
    FloatVector sum = one.add(r);
    FloatVector sumLow = one.sub(sum).add(r).add(oneLow);
    FloatVector y = sum.add(sumLow.add(t));
    return withSign(y.add(y).mul(scale.reinterpretAsFloats()), x);
  }

  /** Natural logarithm; -infinity at 0, NaN below. */
  static FloatVector log(FloatVector x) {
    VectorMask<Float> tiny = x.compare(LT, broadcast(F, Float.MIN_NORMAL));
    IntVector bits = x.blend(x.mul(broadcast(F, 0x1p23f)), tiny).reinterpretAsInts();
    IntVector k = exponentBits(bits);
    FloatVector f = bits.sub(k.lanewise(LSHL, 23)).reinterpretAsFloats().sub(broadcast(F, 1f));
    FloatVector y =
        logOf(exponent(k, broadcast(F, ROUND).blend(broadcast(F, ROUND + 23), tiny)), f);
    y = x.blend(y, x.compare(LT, broadcast(F, Float.POSITIVE_INFINITY)));
    y = broadcast(F, Float.NaN).blend(y, x.compare(GT, broadcast(F, 0f)));
    return y.blend(broadcast(F, Float.NEGATIVE_INFINITY), x.compare(EQ, broadcast(F, 0f)));
  }

  /** log(1 + x); -infinity at -1, NaN below. */
  static FloatVector log1p(FloatVector x) {
    IntVector k = exponentBits(broadcast(F, 1f).add(x).reinterpretAsInts());
    FloatVector scale = broadcast(I, FOUR_BITS).sub(k.lanewise(LSHL, 23)).reinterpretAsFloats();
    FloatVector f = scale.fma(x, scale.sub(broadcast(F, 4f))).mul(broadcast(F, 0.25f));
    FloatVector y = logOf(exponent(k, broadcast(F, ROUND)), f);
    y = x.blend(y, x.compare(LT, broadcast(F, Float.POSITIVE_INFINITY)));
    y = broadcast(F, Float.NaN).blend(y, x.compare(GT, broadcast(F, -1f)));
    y = y.blend(broadcast(F, Float.NEGATIVE_INFINITY), x.compare(EQ, broadcast(F, -1f)));
    return y.blend(x, x.compare(EQ, broadcast(F, 0f)));
  }

  /** Hyperbolic tangent. */
  static FloatVector tanh(FloatVector x) {
    FloatVector a = above(x.abs(), TANH_LIMIT);
    FloatVector b = a.add(a);
    FloatVector z = b.fma(broadcast(F, LOG2_E), broadcast(F, SHIFT_ONE));
    FloatVector e = expPolynomial(z.sub(broadcast(F, SHIFT_ONE)).fma(broadcast(F, -LN2), b));
    FloatVector large =
        broadcast(F, 1f).sub(broadcast(F, 2f).div(e.fma(power(z), broadcast(F, 1f))));
    FloatVector q = a.mul(a);
    FloatVector p = broadcast(F, T4).fma(q, broadcast(F, T3));
    p = p.fma(q, broadcast(F, T2));
    p = p.fma(q, broadcast(F, T1));
    p = p.fma(q, broadcast(F, T0));
    FloatVector small = p.mul(q).fma(a, a);
    return withSign(large.blend(small, a.compare(LT, broadcast(F, TANH_SPLIT))), x);
  }

  /** Error function. */
  static FloatVector erf(FloatVector x) {
    FloatVector a = above(x.abs(), ERF_LIMIT);
    FloatVector v = logErfc(a);
    FloatVector z = v.add(broadcast(F, SHIFT_ONE));
    FloatVector e = exp2Polynomial(v.sub(z.sub(broadcast(F, SHIFT_ONE))));
    FloatVector large = broadcast(F, 1f).sub(e.mul(power(z)));
    FloatVector q = a.mul(a);
    FloatVector p = broadcast(F, F5).fma(q, broadcast(F, F4));
    p = p.fma(q, broadcast(F, F3));
    p = p.fma(q, broadcast(F, F2));
    p = p.fma(q, broadcast(F, F1));
    p = p.fma(q, broadcast(F, F0));
    return withSign(large.blend(p.fma(a, a), a.compare(LT, broadcast(F, ERF_SPLIT))), x);
  }

  /** 1 / (1 + e^-x); also the derivative of softplus. */
  static FloatVector sigmoid(FloatVector x) {
    FloatVector t = clamp(x, EXP_LIMIT).neg();
    FloatVector z = t.fma(broadcast(F, LOG2_E), broadcast(F, SHIFT));
    FloatVector p = expPolynomial(remainder(t, z.sub(broadcast(F, SHIFT))));
    return overOnePlus(broadcast(F, 1f), p, z);
  }

  /** x sigmoid(x). */
  static FloatVector silu(FloatVector x) {
    FloatVector c = clamp(x, SILU_LIMIT);
    FloatVector t = c.neg();
    FloatVector z = t.fma(broadcast(F, LOG2_E), broadcast(F, SHIFT));
    FloatVector p = expPolynomial(remainder(t, z.sub(broadcast(F, SHIFT))));
    return overOnePlus(c, p, z).blend(x, x.compare(GT, broadcast(F, SILU_LIMIT)));
  }

  /** Derivative of {@link #silu}. */
  static FloatVector siluGrad(FloatVector x) {
    FloatVector a = above(x.abs(), SILU_LIMIT);
    FloatVector e = expInRange(a.neg());
    FloatVector s = broadcast(F, 1f).div(broadcast(F, 1f).add(e));
    FloatVector g = e.mul(s).mul(a.neg().fma(s, broadcast(F, 1f)));
    return g.blend(broadcast(F, 1f).sub(g), x.compare(GT, broadcast(F, 0f)));
  }

  /** log(1 + e^x). */
  static FloatVector softplus(FloatVector x) {
    FloatVector t = x.abs().neg();
    t = t.blend(broadcast(F, -EXP_LIMIT), t.compare(LT, broadcast(F, -EXP_LIMIT)));
    FloatVector e = expInRange(t);
    FloatVector p = broadcast(F, S8).fma(e, broadcast(F, S7));
    p = p.fma(e, broadcast(F, S6));
    p = p.fma(e, broadcast(F, S5));
    p = p.fma(e, broadcast(F, S4));
    p = p.fma(e, broadcast(F, S3));
    p = p.fma(e, broadcast(F, S2));
    p = p.fma(e, broadcast(F, S1));
    p = p.fma(e, broadcast(F, S0));
    FloatVector positive = broadcast(F, 0f).blend(x, x.compare(GT, broadcast(F, 0f)));
    return positive.add(e.mul(e).fma(p, e));
  }

  /** x P(x), P the normal distribution function; -0 below -11. */
  static FloatVector geluErf(FloatVector x) {
    FloatVector a = x.abs();
    VectorMask<Float> beyond = a.compare(GT, broadcast(F, GELU_ERF_LIMIT));
    a = a.blend(broadcast(F, GELU_ERF_LIMIT), beyond);
    FloatVector tail = normalTail(a).blend(broadcast(F, 0f), beyond);
    FloatVector positive = withSign(broadcast(F, 0f), x).blend(x, x.compare(GT, broadcast(F, 0f)));
    return a.neg().fma(tail, positive);
  }

  /** Derivative of {@link #geluErf}; exactly 0 below -11 and 1 above 11. */
  static FloatVector geluErfGrad(FloatVector x) {
    FloatVector a = x.abs();
    VectorMask<Float> beyond = a.compare(GT, broadcast(F, GELU_ERF_LIMIT));
    a = a.blend(broadcast(F, GELU_ERF_LIMIT), beyond);
    FloatVector tail = normalTail(a);
    FloatVector e = expInRange(a.mul(broadcast(F, -0.5f)).mul(a));
    FloatVector g = a.neg().fma(e.mul(broadcast(F, NORMAL_DENSITY)), tail);
    g = g.blend(broadcast(F, 0f), beyond);
    return g.blend(broadcast(F, 1f).sub(g), x.compare(GT, broadcast(F, 0f)));
  }

  /** x / (1 + e^-2u) with u = sqrt(2/pi) (x + 0.044715 x^3). */
  static FloatVector geluTanh(FloatVector x) {
    FloatVector c = clamp(x, GELU_TANH_LIMIT);
    FloatVector w = c.mul(c).fma(broadcast(F, G3), broadcast(F, G1));
    FloatVector z = c.fma(w, broadcast(F, SHIFT));
    FloatVector r = c.fma(broadcast(F, G1_LOW), c.fma(w, z.sub(broadcast(F, SHIFT)).neg()));
    FloatVector p = exp2Polynomial(r);
    return overOnePlus(c, p, z).blend(x, x.compare(GT, broadcast(F, GELU_TANH_LIMIT)));
  }

  /** Derivative of {@link #geluTanh}; exactly 0 below -10 and 1 above 10. */
  static FloatVector geluTanhGrad(FloatVector x) {
    FloatVector a = x.abs();
    VectorMask<Float> beyond = a.compare(GT, broadcast(F, GELU_TANH_GRAD_LIMIT));
    a = a.blend(broadcast(F, GELU_TANH_GRAD_LIMIT), beyond);
    FloatVector q = a.mul(a);
    FloatVector e = expInRange(a.mul(q.fma(broadcast(F, K3), broadcast(F, K1))).neg());
    FloatVector s = broadcast(F, 1f).div(broadcast(F, 1f).add(e));
    FloatVector slope = q.fma(broadcast(F, K3_TIMES_3), broadcast(F, K1));
    FloatVector g = e.mul(s).mul(a.mul(s).neg().fma(slope, broadcast(F, 1f)));
    g = g.blend(broadcast(F, 0f), beyond);
    return g.blend(broadcast(F, 1f).sub(g), x.compare(GT, broadcast(F, 0f)));
  }

  private static FloatVector expInRange(FloatVector x) {
    FloatVector z = x.fma(broadcast(F, LOG2_E), broadcast(F, SHIFT));
    FloatVector p = expPolynomial(remainder(x, z.sub(broadcast(F, SHIFT))));
    IntVector bits = z.reinterpretAsInts();
    IntVector half = bits.lanewise(LSHR, 1).lanewise(LSHL, 23);
    FloatVector rest = bits.lanewise(LSHL, 23).sub(half).reinterpretAsFloats();
    return p.mul(half.reinterpretAsFloats()).mul(rest);
  }

  private static FloatVector remainder(FloatVector x, FloatVector n) {
    return n.fma(broadcast(F, -LN2_LOW), n.fma(broadcast(F, -LN2_HIGH), x));
  }

  private static FloatVector expPolynomial(FloatVector r) {
    FloatVector p = broadcast(F, E6).fma(r, broadcast(F, E5));
    p = p.fma(r, broadcast(F, E4));
    p = p.fma(r, broadcast(F, E3));
    p = p.fma(r, broadcast(F, E2));
    p = p.fma(r, broadcast(F, 1f));
    return p.fma(r, broadcast(F, 1f));
  }

  private static FloatVector exp2Polynomial(FloatVector r) {
    FloatVector p = broadcast(F, D6).fma(r, broadcast(F, D5));
    p = p.fma(r, broadcast(F, D4));
    p = p.fma(r, broadcast(F, D3));
    p = p.fma(r, broadcast(F, D2));
    p = p.fma(r, broadcast(F, D1));
    return p.fma(r, broadcast(F, 1f));
  }

  private static FloatVector expm1Polynomial(FloatVector r) {
    FloatVector p = broadcast(F, M5).fma(r, broadcast(F, M4));
    p = p.fma(r, broadcast(F, M3));
    p = p.fma(r, broadcast(F, M2));
    p = p.fma(r, broadcast(F, M1));
    return p.fma(r, broadcast(F, 0.5f));
  }

  private static FloatVector logErfc(FloatVector a) {
    FloatVector v = broadcast(F, C6).fma(a, broadcast(F, C5));
    v = v.fma(a, broadcast(F, C4));
    v = v.fma(a, broadcast(F, C3));
    v = v.fma(a, broadcast(F, C2));
    v = v.fma(a, broadcast(F, C1));
    return v.fma(a, broadcast(F, C0));
  }

  private static FloatVector normalTail(FloatVector a) {
    FloatVector w = broadcast(F, W9).fma(a, broadcast(F, W8));
    w = w.fma(a, broadcast(F, W7));
    w = w.fma(a, broadcast(F, W6));
    w = w.fma(a, broadcast(F, W5));
    w = w.fma(a, broadcast(F, W4));
    w = w.fma(a, broadcast(F, W3));
    w = w.fma(a, broadcast(F, W2));
    w = w.fma(a, broadcast(F, W1));
    w = w.fma(a, broadcast(F, W0));
    FloatVector z = w.fma(a, broadcast(F, SHIFT_HALF));
    FloatVector r = w.fma(a, z.sub(broadcast(F, SHIFT_HALF)).neg());
    return exp2Polynomial(r).mul(power(z));
  }

  private static FloatVector logOf(FloatVector k, FloatVector f) {
    FloatVector p = broadcast(F, L8).fma(f, broadcast(F, L7));
    p = p.fma(f, broadcast(F, L6));
    p = p.fma(f, broadcast(F, L5));
    p = p.fma(f, broadcast(F, L4));
    p = p.fma(f, broadcast(F, L3));
    p = p.fma(f, broadcast(F, L2));
    p = p.fma(f, broadcast(F, L1));
    p = p.fma(f, broadcast(F, -0.5f));
    FloatVector product = k.mul(broadcast(F, LN2_HIGH));
    FloatVector sum = product.add(f);
    FloatVector sumLow = f.sub(sum.sub(product));
    return sum.add(f.mul(f).fma(p, k.fma(broadcast(F, LN2_LOW), sumLow)));
  }

  private static IntVector exponentBits(IntVector bits) {
    return bits.sub(broadcast(I, THREE_QUARTERS)).lanewise(ASHR, 23);
  }

  private static FloatVector exponent(IntVector k, FloatVector round) {
    return k.add(broadcast(I, ROUND_BITS)).reinterpretAsFloats().sub(round);
  }

  private static FloatVector power(FloatVector z) {
    return z.reinterpretAsInts().lanewise(LSHL, 23).reinterpretAsFloats();
  }

  /** numerator / (1 + 2^n p), n the integer in z. */
  private static FloatVector overOnePlus(FloatVector numerator, FloatVector p, FloatVector z) {
    IntVector bits = z.reinterpretAsInts();
    IntVector half = bits.lanewise(LSHR, 1).lanewise(LSHL, 23);
    FloatVector up = bits.lanewise(LSHL, 23).sub(half).reinterpretAsFloats();
    FloatVector down = broadcast(I, TWO_BIASES).sub(half).reinterpretAsFloats();
    return numerator.mul(down).div(p.fma(up, down));
  }

  private static FloatVector clamp(FloatVector x, float limit) {
    FloatVector c = above(x, limit);
    return c.blend(broadcast(F, -limit), c.compare(LT, broadcast(F, -limit)));
  }

  /** x, or the limit where x is above it; NaN stays. */
  private static FloatVector above(FloatVector x, float limit) {
    return x.blend(broadcast(F, limit), x.compare(GT, broadcast(F, limit)));
  }

  private static FloatVector withSign(FloatVector y, FloatVector x) {
    IntVector sign = x.reinterpretAsInts().and(broadcast(I, SIGN));
    return y.reinterpretAsInts().or(sign).reinterpretAsFloats();
  }
}
