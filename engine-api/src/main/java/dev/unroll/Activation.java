// SPDX-License-Identifier: Apache-2.0

package dev.unroll;

/**
 * An activation function with its parameters. Value and derivative of each are defined to the bit
 * in docs/numerics.md, "Activations".
 *
 * @param kind which function
 * @param alpha first parameter: negative slope, alpha, or beta of softplus; unused by others
 * @param beta second parameter: threshold of softplus, beta of hard sigmoid; unused by others
 */
public record Activation(Kind kind, float alpha, float beta) {
  /** The functions there are, and what each derivative is computed from. */
  public enum Kind {
    /** x. */
    IDENTITY(false, false),
    /** 1 / (1 + e^-x). */
    SIGMOID(false, true),
    /** Hyperbolic tangent. */
    TANH(false, true),
    /** x if x is above 0, else 0. */
    RELU(false, true),
    /** x if x is above 0, else alpha * x. */
    LEAKY_RELU(true, false),
    /** x if x is above 0, else alpha * (e^x - 1). */
    ELU(true, false),
    /** x * (1 + erf(x / sqrt 2)) / 2. */
    GELU_ERF(true, false),
    /** x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))) / 2. */
    GELU_TANH(true, false),
    /** x * sigmoid(x), also called swish. */
    SILU(true, false),
    /** ln(1 + e^(alpha x)) / alpha; x where alpha * x is above beta. */
    SOFTPLUS(true, false),
    /** alpha * x + beta, limited to [0, 1]. */
    HARD_SIGMOID(true, false),
    /** x * tanh(ln(1 + e^x)). */
    MISH(true, false);

    private final boolean gradNeedsX;
    private final boolean gradNeedsY;

    Kind(boolean gradNeedsX, boolean gradNeedsY) {
      this.gradNeedsX = gradNeedsX;
      this.gradNeedsY = gradNeedsY;
    }
  }

  /** The identity. */
  public static final Activation IDENTITY = new Activation(Kind.IDENTITY, 0, 0);

  /** The logistic function. */
  public static final Activation SIGMOID = new Activation(Kind.SIGMOID, 0, 0);

  /** Hyperbolic tangent. */
  public static final Activation TANH = new Activation(Kind.TANH, 0, 0);

  /** Rectifier; its derivative at 0 is 0. */
  public static final Activation RELU = new Activation(Kind.RELU, 0, 0);

  /** GELU by the error function. */
  public static final Activation GELU_ERF = new Activation(Kind.GELU_ERF, 0, 0);

  /** GELU by its tanh approximation. */
  public static final Activation GELU_TANH = new Activation(Kind.GELU_TANH, 0, 0);

  /** x * tanh(softplus(x)) (D. Misra, 2019). */
  public static final Activation MISH = new Activation(Kind.MISH, 0, 0);

  /** x * sigmoid(x). */
  public static final Activation SILU = new Activation(Kind.SILU, 0, 0);

  /**
   * Leaky rectifier.
   *
   * @param negativeSlope slope at and below 0 (PyTorch's default: 0.01)
   * @return the activation
   */
  public static Activation leakyRelu(float negativeSlope) {
    return new Activation(Kind.LEAKY_RELU, negativeSlope, 0);
  }

  /**
   * Exponential linear unit.
   *
   * @param alpha scale of the negative side (PyTorch's default: 1)
   * @return the activation
   */
  public static Activation elu(float alpha) {
    return new Activation(Kind.ELU, alpha, 0);
  }

  /**
   * Smooth rectifier.
   *
   * @param beta sharpness, not 0 (PyTorch's default: 1)
   * @param threshold beta * x above this returns x itself (PyTorch's default: 20)
   * @return the activation
   * @throws IllegalArgumentException if beta is 0 or NaN
   */
  public static Activation softplus(float beta, float threshold) {
    if (!(beta < 0 || beta > 0)) {
      throw new IllegalArgumentException("softplus: beta must be a number other than 0: " + beta);
    }
    return new Activation(Kind.SOFTPLUS, beta, threshold);
  }

  /**
   * Piecewise linear sigmoid, alpha * x + beta limited to [0, 1].
   *
   * @param alpha slope (ONNX' default: 0.2; PyTorch: 1/6)
   * @param beta value at 0 (0.5)
   * @return the activation
   */
  public static Activation hardSigmoid(float alpha, float beta) {
    return new Activation(Kind.HARD_SIGMOID, alpha, beta);
  }

  /**
   * Whether {@link Backend#activateGrad} reads x.
   *
   * @return true if the derivative is computed from the input
   */
  public boolean gradNeedsX() {
    return kind.gradNeedsX;
  }

  /**
   * Whether {@link Backend#activateGrad} reads y.
   *
   * @return true if the derivative is computed from the output
   */
  public boolean gradNeedsY() {
    return kind.gradNeedsY;
  }
}
