// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import dev.unroll.BackendException;
import dev.unroll.Philox;
import dev.unroll.check.ExactArithmetic;

/**
 * Finds out whether floating-point arithmetic is what docs/numerics.md needs, on the thread that
 * calls: a native library may have switched flush-to-zero on, and a device may contract a * b + c.
 * A few thousand vectors go through each kind of operation; the expected bits come from integers.
 */
final class ExactProbe {
  private static final long SEED = 0x756e726f6c6cL;
  private static final Kind[] KINDS = Kind.values();

  /** Vectors of all kinds, which take turns. */
  private static final int COUNT = 400 * KINDS.length;

  private ExactProbe() {}

  /** What is tried. */
  enum Kind {
    /** a * b + c, rounded once. */
    FMA,
    /** a * b, rounded, then + c; c is -(a * b), so that contraction shows. */
    PRODUCT_THEN_SUM,
    /** a / b. */
    DIVIDE,
    /** Square root of |a|. */
    SQRT,
    /** a * b, a subnormal. */
    SUBNORMAL_FACTOR,
    /** a * b, the product mostly subnormal. */
    SUBNORMAL_PRODUCT
  }

  /** The arithmetic under test. */
  interface Arithmetic {
    float of(Kind kind, float a, float b, float c);
  }

  /**
   * Tries Java's own arithmetic on this thread.
   *
   * @param where what is being opened, for the message
   * @throws BackendException that names the first vector with wrong bits
   */
  static void run(String where) {
    run(where, ExactProbe::compute);
  }

  /** Tries the given arithmetic; see {@link #run(String)}. */
  static void run(String where, Arithmetic arithmetic) {
    for (int i = 0; i < Vectors.EXPECTED.length; i++) {
      int[] v = Vectors.OPERANDS[i];
      float got =
          arithmetic.of(
              kind(i),
              Float.intBitsToFloat(v[0]),
              Float.intBitsToFloat(v[1]),
              Float.intBitsToFloat(v[2]));
      int bits = Float.floatToRawIntBits(got);
      if (bits != Vectors.EXPECTED[i]) {
        throw wrong(where, kind(i), v, Vectors.EXPECTED[i], bits);
      }
    }
  }

  /** Java's arithmetic. */
  static float compute(Kind kind, float a, float b, float c) {
    return switch (kind) {
      case FMA -> Math.fma(a, b, c);
      case PRODUCT_THEN_SUM -> (a * b) + c;
      case DIVIDE -> a / b;
      case SQRT -> ScalarMath.sqrt(Math.abs(a));
      case SUBNORMAL_FACTOR, SUBNORMAL_PRODUCT -> a * b;
    };
  }

  static Kind kind(int i) {
    return KINDS[i % KINDS.length];
  }

  private static BackendException wrong(String where, Kind kind, int[] v, int expected, int got) {
    return new BackendException(
        String.format(
            "%s: arithmetic on thread '%s' is not exact: %s of 0x%08x, 0x%08x, 0x%08x must be"
                + " 0x%08x, is 0x%08x. A native library may have switched flush-to-zero or another"
                + " rounding on in this process; run without it",
            where, Thread.currentThread().getName(), kind, v[0], v[1], v[2], expected, got),
        true,
        null);
  }

  /** Bits of operands and results: made once, and of integers, so that they are right anywhere. */
  static final class Vectors {
    static final int[][] OPERANDS = new int[COUNT][];
    static final int[] EXPECTED = new int[COUNT];

    static {
      int[] words = new int[3 * COUNT];
      Philox.bits(SEED, Philox.DATA, 0, 0, words, 0, words.length);
      for (int i = 0; i < COUNT; i++) {
        OPERANDS[i] = operands(i, words[3 * i], words[3 * i + 1], words[3 * i + 2]);
        EXPECTED[i] = expected(kind(i), OPERANDS[i]);
      }
    }

    private Vectors() {}

    private static int[] operands(int i, int x, int y, int z) {
      return switch (kind(i)) {
        case FMA -> new int[] {number(x, 117, 20), number(y, 117, 20), number(z, 107, 40)};
        case PRODUCT_THEN_SUM -> {
          int a = number(x, 117, 20);
          int b = number(y, 117, 20);
          yield new int[] {a, b, ExactArithmetic.product(a, b) ^ Integer.MIN_VALUE};
        }
        case DIVIDE, SQRT -> new int[] {number(x, 87, 80), number(y, 107, 40), z};
        case SUBNORMAL_FACTOR -> new int[] {number(x, 0, 0), number(y, 107, 40), z};
        case SUBNORMAL_PRODUCT -> new int[] {number(x, 40, 20), number(y, 60, 20), z};
      };
    }

    /** Sign and fraction of the word, exponent field from lowest to lowest + range. */
    private static int number(int word, int lowest, int range) {
      return (word & 0x807fffff) | (lowest + (word >>> 23 & 0xff) % (range + 1)) << 23;
    }

    private static int expected(Kind kind, int... v) {
      return switch (kind) {
        case FMA -> ExactArithmetic.fma(v[0], v[1], v[2]);
        case PRODUCT_THEN_SUM -> 0; // the rounded product and its negative cancel: +0
        case DIVIDE -> ExactArithmetic.quotient(v[0], v[1]);
        case SQRT -> ExactArithmetic.root(v[0] & Integer.MAX_VALUE);
        case SUBNORMAL_FACTOR, SUBNORMAL_PRODUCT -> ExactArithmetic.product(v[0], v[1]);
      };
    }
  }
}
