// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import dev.unroll.Activation;
import dev.unroll.Arithmetic;
import dev.unroll.ElementLoss;
import dev.unroll.Unary;
import dev.unroll.cpu.Elementwise.Function1;
import dev.unroll.cpu.Elementwise.Function2;
import dev.unroll.cpu.Elementwise.Function3;

/**
 * The element-wise formulas of docs/numerics.md: every operation is rounded on its own, in the
 * order written. Where a comparison decides, the branch that NaN takes is part of the definition.
 */
final class ScalarMath {
  /** The smallest logarithm in a binary cross-entropy. */
  private static final float LOWEST_LOG = -100f;

  /** The smallest denominator in the gradient of a binary cross-entropy. */
  private static final float LOWEST_VARIANCE = 1e-12f;

  /** Beyond it mish is 0 or x in float. */
  private static final float MISH_FAR = 104f;

  private ScalarMath() {}

  /** a op b. */
  static Function2 binary(Arithmetic op) {
    return switch (op) {
      case ADD -> (a, b) -> a + b;
      case SUB -> (a, b) -> a - b;
      case MUL -> (a, b) -> a * b;
      case DIV -> (a, b) -> a / b;
    };
  }

  /** f(x). */
  static Function1 map(Unary f) {
    return switch (f.kind()) {
      case EXP -> Functions::exp;
      case EXPM1 -> Functions::expm1;
      case LOG -> Functions::log;
      case LOG1P -> Functions::log1p;
      case SQRT -> ScalarMath::sqrt;
      case RECIPROCAL -> x -> 1f / x;
      case ABS -> Math::abs;
      case CLAMP -> x -> x < f.low() ? f.low() : x > f.high() ? f.high() : x;
    };
  }

  /** f(x). */
  static Function1 activation(Activation f) {
    float alpha = f.alpha();
    float beta = f.beta();
    return switch (f.kind()) {
      case IDENTITY -> x -> x;
      case SIGMOID -> Functions::sigmoid;
      case TANH -> Functions::tanh;
      case RELU -> ScalarMath::relu;
      case LEAKY_RELU -> x -> x > 0f ? x : alpha * x;
      case ELU -> x -> x > 0f ? x : alpha * Functions.expm1(x);
      case GELU_ERF -> Functions::geluErf;
      case GELU_TANH -> Functions::geluTanh;
      case SILU -> Functions::silu;
      case SOFTPLUS -> x -> softplus(alpha, beta, x);
      case HARD_SIGMOID -> x -> hardSigmoid((alpha * x) + beta);
      case MISH -> ScalarMath::mish;
    };
  }

  /** dx from v and dy; v is x or y = f(x), whichever the activation says it needs. */
  static Function2 activationGrad(Activation f) {
    float alpha = f.alpha();
    float beta = f.beta();
    return switch (f.kind()) {
      case IDENTITY -> (v, dy) -> dy;
      case SIGMOID -> (y, dy) -> dy * (y * (1f - y));
      case TANH -> (y, dy) -> dy * (1f - (y * y));
      case RELU -> (y, dy) -> y <= 0f ? 0f : dy;
      case LEAKY_RELU -> (x, dy) -> x > 0f ? dy : alpha * dy;
      case ELU -> (x, dy) -> x > 0f ? dy : dy * (alpha * Functions.exp(x));
      case GELU_ERF -> (x, dy) -> dy * Functions.geluErfGrad(x);
      case GELU_TANH -> (x, dy) -> dy * Functions.geluTanhGrad(x);
      case SILU -> (x, dy) -> dy * Functions.siluGrad(x);
      case SOFTPLUS -> (x, dy) -> alpha * x > beta ? dy : dy * Functions.sigmoid(alpha * x);
      case HARD_SIGMOID -> (x, dy) -> inside((alpha * x) + beta) ? dy * alpha : 0f;
      case MISH -> (x, dy) -> dy * mishGrad(x);
    };
  }

  /** loss(x, t). */
  static Function2 loss(ElementLoss loss) {
    return switch (loss.kind()) {
      case SQUARED -> (x, t) -> square(x - t);
      case BINARY_CROSS_ENTROPY -> ScalarMath::binaryCrossEntropy;
      case BINARY_CROSS_ENTROPY_WITH_LOGITS ->
          (x, t) -> (relu(x) - (x * t)) + Functions.log1p(Functions.exp(-Math.abs(x)));
      case HUBER -> (x, t) -> huber(loss.delta(), x - t);
    };
  }

  /** dx from x, t and g, the gradient of the loss. */
  static Function3 lossGrad(ElementLoss loss) {
    return switch (loss.kind()) {
      case SQUARED -> (x, t, g) -> g * (2f * (x - t));
      case BINARY_CROSS_ENTROPY -> (p, t, g) -> g * ((p - t) / variance(p));
      case BINARY_CROSS_ENTROPY_WITH_LOGITS -> (x, t, g) -> g * (Functions.sigmoid(x) - t);
      case HUBER -> (x, t, g) -> g * clip(loss.delta(), x - t);
    };
  }

  /** Correctly rounded: a double has more than twice the bits of a float. */
  static float sqrt(float x) {
    return (float) Math.sqrt(x);
  }

  private static float relu(float x) {
    return x <= 0f ? 0f : x;
  }

  private static float softplus(float sharpness, float threshold, float x) {
    float t = sharpness * x;
    return t > threshold ? x : Functions.softplus(t) / sharpness;
  }

  private static float hardSigmoid(float v) {
    return v < 0f ? 0f : v > 1f ? 1f : v;
  }

  private static boolean inside(float v) {
    return v > 0f && v < 1f;
  }

  private static float mish(float x) {
    float c = x < -MISH_FAR ? -MISH_FAR : x;
    return c * Functions.tanh(Functions.softplus(c));
  }

  private static float mishGrad(float x) {
    float c = x > MISH_FAR ? MISH_FAR : x < -MISH_FAR ? -MISH_FAR : x;
    float t = Functions.tanh(Functions.softplus(c));
    return t + (c * ((1f - (t * t)) * Functions.sigmoid(c)));
  }

  private static float square(float d) {
    return d * d;
  }

  private static float binaryCrossEntropy(float p, float t) {
    float logP = boundedLog(Functions.log(p));
    float logQ = boundedLog(Functions.log1p(-p));
    return -((t * logP) + ((1f - t) * logQ));
  }

  private static float boundedLog(float log) {
    return log < LOWEST_LOG ? LOWEST_LOG : log;
  }

  private static float variance(float p) {
    float v = p * (1f - p);
    return v < LOWEST_VARIANCE ? LOWEST_VARIANCE : v;
  }

  private static float huber(float delta, float d) {
    float a = Math.abs(d);
    return a <= delta ? 0.5f * (d * d) : delta * (a - (0.5f * delta));
  }

  private static float clip(float delta, float d) {
    return d > delta ? delta : d < -delta ? -delta : d;
  }
}
