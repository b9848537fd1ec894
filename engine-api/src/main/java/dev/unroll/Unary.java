// SPDX-License-Identifier: Apache-2.0

package dev.unroll;

/**
 * An element-wise function of one operand that is not an activation. The error bounds stand in
 * docs/numerics.md, "Functions".
 *
 * @param kind which function
 * @param low lower bound of {@link Kind#CLAMP}, unused by others
 * @param high upper bound of {@link Kind#CLAMP}, unused by others
 */
public record Unary(Kind kind, float low, float high) {
  /** The functions there are. */
  public enum Kind {
    /** e^x. */
    EXP,
    /** e^x - 1 without cancellation near 0. */
    EXPM1,
    /** Natural logarithm. */
    LOG,
    /** ln(1 + x) without cancellation near 0. */
    LOG1P,
    /** Square root, correctly rounded. */
    SQRT,
    /** 1 / x, correctly rounded. */
    RECIPROCAL,
    /** Absolute value. */
    ABS,
    /** x below low becomes low, above high becomes high; NaN stays. */
    CLAMP
  }

  /** e^x. */
  public static final Unary EXP = new Unary(Kind.EXP, 0, 0);

  /** e^x - 1. */
  public static final Unary EXPM1 = new Unary(Kind.EXPM1, 0, 0);

  /** ln x. */
  public static final Unary LOG = new Unary(Kind.LOG, 0, 0);

  /** ln(1 + x). */
  public static final Unary LOG1P = new Unary(Kind.LOG1P, 0, 0);

  /** Square root. */
  public static final Unary SQRT = new Unary(Kind.SQRT, 0, 0);

  /** 1 / x. */
  public static final Unary RECIPROCAL = new Unary(Kind.RECIPROCAL, 0, 0);

  /** |x|. */
  public static final Unary ABS = new Unary(Kind.ABS, 0, 0);

  /**
   * Limits values to an interval; NaN stays NaN.
   *
   * @param low values below become this
   * @param high values above become this
   * @return the function
   * @throws IllegalArgumentException if low is above high or either is NaN
   */
  public static Unary clamp(float low, float high) {
    if (!(low <= high)) {
      throw new IllegalArgumentException(
          "clamp: low must not be above high: low is " + low + ", high is " + high);
    }
    return new Unary(Kind.CLAMP, low, high);
  }
}
