// SPDX-License-Identifier: Apache-2.0

package dev.unroll.check;

import java.math.BigInteger;

/**
 * IEEE 754 binary32 arithmetic by integers alone, from bits to bits, for finite operands and
 * results. Slow; it cannot be wrong in the way that the hardware it judges may be.
 */
public final class ExactArithmetic {
  private static final int FRACTION = 0x7fffff;
  private static final int LOWEST_EXPONENT = -149;

  /** Bits kept beyond the 24 of a result before it is rounded. */
  private static final int GUARD = 4;

  private ExactArithmetic() {}

  /**
   * a * b.
   *
   * @param a bits of a float
   * @param b bits of a float
   * @return bits of the result
   */
  public static int product(int a, int b) {
    BigInteger n = significand(a).multiply(significand(b));
    return sign(a ^ b) | round(n, BigInteger.ONE, exponent(a) + exponent(b));
  }

  /**
   * a * b + c, rounded once; a sum of exactly 0 must not be asked for.
   *
   * @param a bits of a float
   * @param b bits of a float
   * @param c bits of a float
   * @return bits of the result
   */
  public static int fma(int a, int b, int c) {
    int exponent = exponent(a) + exponent(b);
    int lowest = Math.min(exponent, exponent(c));
    BigInteger product = significand(a).multiply(significand(b)).shiftLeft(exponent - lowest);
    BigInteger addend = significand(c).shiftLeft(exponent(c) - lowest);
    BigInteger sum = signed(product, a ^ b).add(signed(addend, c));
    return sign(sum.signum()) | round(sum.abs(), BigInteger.ONE, lowest);
  }

  /**
   * a / b.
   *
   * @param a bits of a float
   * @param b bits of a float other than 0
   * @return bits of the result
   */
  public static int quotient(int a, int b) {
    return sign(a ^ b) | round(significand(a), significand(b), exponent(a) - exponent(b));
  }

  /**
   * Square root of a.
   *
   * @param a bits of a float, not negative
   * @return bits of the result
   */
  public static int root(int a) {
    int shift = 64 + (exponent(a) & 1); // leaves an even exponent and 32 bits or more in the root
    BigInteger[] root = significand(a).shiftLeft(shift).sqrtAndRemainder();
    BigInteger sticky = root[0].shiftLeft(1).add(BigInteger.valueOf(root[1].signum()));
    return round(sticky, BigInteger.ONE, (exponent(a) - shift) / 2 - 1);
  }

  /** The float nearest to (n / d) * 2^exponent, ties to even; n is not negative, d above 0. */
  private static int round(BigInteger n, BigInteger d, int exponent) {
    int shift = Math.max(0, 24 + GUARD + d.bitLength() - n.bitLength());
    BigInteger[] quotient = n.shiftLeft(shift).divideAndRemainder(d);
    int lowest = exponent - shift;
    int last = Math.max(LOWEST_EXPONENT, lowest + quotient[0].bitLength() - 24);
    int dropped = last - lowest;
    BigInteger kept = quotient[0].shiftRight(dropped);
    BigInteger rest = quotient[0].subtract(kept.shiftLeft(dropped)).shiftLeft(1);
    int half = rest.compareTo(BigInteger.ONE.shiftLeft(dropped));
    boolean above = half > 0 || (half == 0 && quotient[1].signum() > 0);
    boolean up = above || (half == 0 && kept.testBit(0));
    // A carry out of the fraction raises the exponent, and so does the leading bit of a normal.
    return ((last - LOWEST_EXPONENT) << 23) + kept.intValue() + (up ? 1 : 0);
  }

  private static BigInteger significand(int bits) {
    int fraction = bits & FRACTION;
    return BigInteger.valueOf(field(bits) == 0 ? fraction : fraction | (FRACTION + 1));
  }

  private static int exponent(int bits) {
    return Math.max(1, field(bits)) - 1 + LOWEST_EXPONENT;
  }

  private static int field(int bits) {
    return bits << 1 >>> 24;
  }

  private static int sign(int bits) {
    return bits & Integer.MIN_VALUE;
  }

  private static BigInteger signed(BigInteger magnitude, int sign) {
    return sign < 0 ? magnitude.negate() : magnitude;
  }
}
