// SPDX-License-Identifier: Apache-2.0

package dev.unroll.check;

import dev.unroll.Activation;
import dev.unroll.Arithmetic;
import dev.unroll.ElementLoss;
import dev.unroll.Unary;

/** Element-wise functions and their derivatives in double. */
final class ElementOracle {
  /** Beyond this every smooth activation is its asymptote in double. */
  private static final double FAR = 1e4;

  private ElementOracle() {}

  static double binary(Arithmetic op, double a, double b) {
    return switch (op) {
      case ADD -> a + b;
      case SUB -> a - b;
      case MUL -> a * b;
      case DIV -> a / b;
    };
  }

  static double unary(Unary f, double x) {
    return switch (f.kind()) {
      case EXP -> StrictMath.exp(x);
      case EXPM1 -> StrictMath.expm1(x);
      case LOG -> StrictMath.log(x);
      case LOG1P -> StrictMath.log1p(x);
      case SQRT -> StrictMath.sqrt(x);
      case RECIPROCAL -> 1 / x;
      case ABS -> Math.abs(x);
      case CLAMP -> clamp(x, f.low(), f.high());
    };
  }

  static double clamp(double x, double low, double high) {
    if (x < low) {
      return low;
    }
    return x > high ? high : x;
  }

  /** f(x). */
  static double value(Activation f, double x) {
    return switch (f.kind()) {
      case IDENTITY -> x;
      case SIGMOID -> sigmoid(x);
      case TANH -> StrictMath.tanh(x);
      case RELU -> x <= 0 ? 0 : x;
      case LEAKY_RELU -> x > 0 ? x : f.alpha() * x;
      case ELU -> x > 0 ? x : f.alpha() * StrictMath.expm1(x);
      case GELU_ERF -> Math.abs(x) > FAR ? rectified(x) : x * normalCdf(x);
      case GELU_TANH -> Math.abs(x) > FAR ? rectified(x) : x * sigmoid(2 * geluArgument(x));
      case SILU -> Math.abs(x) > FAR ? rectified(x) : x * sigmoid(x);
      case SOFTPLUS -> softplus(f.alpha(), f.beta(), x);
      case HARD_SIGMOID -> clamp(f.alpha() * x + f.beta(), 0, 1);
      case MISH -> Math.abs(x) > FAR ? rectified(x) : x * StrictMath.tanh(softplus(1, FAR, x));
    };
  }

  /** f'(x), computed from y = f(x) where the contract says so. */
  static double slope(Activation f, double x, double y) {
    return switch (f.kind()) {
      case IDENTITY -> 1;
      case SIGMOID -> y * (1 - y);
      case TANH -> 1 - y * y;
      case RELU -> y <= 0 ? 0 : 1;
      case LEAKY_RELU -> x > 0 ? 1 : f.alpha();
      case ELU -> x > 0 ? 1 : f.alpha() * StrictMath.exp(x);
      case GELU_ERF -> Math.abs(x) > FAR ? step(x) : normalCdf(x) + x * normalDensity(x);
      case GELU_TANH -> Math.abs(x) > FAR ? step(x) : geluTanhSlope(x);
      case SILU -> Math.abs(x) > FAR ? step(x) : sigmoid(x) * (1 + x * sigmoid(-x));
      case SOFTPLUS -> f.alpha() * x > f.beta() ? 1 : sigmoid(f.alpha() * x);
      case HARD_SIGMOID -> hardSigmoidSlope(f, x);
      case MISH -> Math.abs(x) > FAR ? step(x) : mishSlope(x);
    };
  }

  /** Loss of one element. */
  static double loss(ElementLoss loss, double x, double t) {
    double d = x - t;
    return switch (loss.kind()) {
      case SQUARED -> d * d;
      case BINARY_CROSS_ENTROPY -> -(t * boundedLog(x) + (1 - t) * boundedLog(1 - x));
      case BINARY_CROSS_ENTROPY_WITH_LOGITS ->
          Math.max(x, 0) - x * t + StrictMath.log1p(StrictMath.exp(-Math.abs(x)));
      case HUBER ->
          Math.abs(d) <= loss.delta()
              ? d * d / 2
              : loss.delta() * (Math.abs(d) - (double) loss.delta() / 2);
    };
  }

  /** Derivative of the loss of one element with respect to x. */
  static double lossSlope(ElementLoss loss, double x, double t) {
    double d = x - t;
    return switch (loss.kind()) {
      case SQUARED -> 2 * d;
      case BINARY_CROSS_ENTROPY -> d / Math.max(x * (1 - x), 1e-12);
      case BINARY_CROSS_ENTROPY_WITH_LOGITS -> sigmoid(x) - t;
      case HUBER -> clamp(d, -(double) loss.delta(), loss.delta());
    };
  }

  static double sigmoid(double x) {
    return 1 / (1 + StrictMath.exp(-x));
  }

  /** Distribution function of the standard normal. */
  static double normalCdf(double x) {
    double z = Math.abs(x) * StrictMath.sqrt(0.5);
    double tail = z < 2 ? (1 - erfSeries(z)) / 2 : erfcFraction(z) / 2;
    return x > 0 ? 1 - tail : tail;
  }

  /** erf z = 2/sqrt(pi) e^(-z^2) sum of 2^n z^(2n+1) / (2n+1)!! (Abramowitz and Stegun, 7.1.6). */
  private static double erfSeries(double z) {
    double term = z;
    double sum = 0;
    for (int n = 1; term > sum * 1e-18; n++) {
      sum += term;
      term *= 2 * z * z / (2 * n + 1);
    }
    return 2 / StrictMath.sqrt(Math.PI) * StrictMath.exp(-z * z) * sum;
  }

  /** erfc z by its continued fraction, from the end (Abramowitz and Stegun, 7.1.14). */
  private static double erfcFraction(double z) {
    double f = z;
    for (int k = 150; k >= 1; k--) {
      f = z + k / 2.0 / f;
    }
    return StrictMath.exp(-z * z) / (StrictMath.sqrt(Math.PI) * f);
  }

  private static double normalDensity(double x) {
    return StrictMath.exp(-x * x / 2) / StrictMath.sqrt(2 * Math.PI);
  }

  private static double geluArgument(double x) {
    return StrictMath.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x);
  }

  private static double geluTanhSlope(double x) {
    double u = 2 * geluArgument(x);
    double slope = 2 * StrictMath.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x * x);
    return sigmoid(u) + x * sigmoid(u) * sigmoid(-u) * slope;
  }

  private static double softplus(double beta, double threshold, double x) {
    double u = beta * x;
    if (u > threshold) {
      return x;
    }
    return (Math.max(u, 0) + StrictMath.log1p(StrictMath.exp(-Math.abs(u)))) / beta;
  }

  private static double mishSlope(double x) {
    double tanh = StrictMath.tanh(softplus(1, FAR, x));
    return tanh + x * (1 - tanh * tanh) * sigmoid(x);
  }

  private static double hardSigmoidSlope(Activation f, double x) {
    double y = f.alpha() * x + f.beta();
    return y > 0 && y < 1 ? f.alpha() : 0;
  }

  private static double boundedLog(double p) {
    return Math.max(StrictMath.log(p), -100);
  }

  private static double rectified(double x) {
    return x > 0 ? x : 0;
  }

  private static double step(double x) {
    return x > 0 ? 1 : 0;
  }
}
