// SPDX-License-Identifier: Apache-2.0

package dev.unroll.kernels;

import dev.unroll.Buffer;
import dev.unroll.ElementType;
import dev.unroll.Philox;
import dev.unroll.check.ExactArithmetic;
import java.util.Optional;

/**
 * Finds out by trial whether a device computes as docs/numerics.md demands. What drivers announce
 * does not enter. Each vector goes through all operations; the expected bits come from integers.
 */
final class ExactCheck {
  private static final long SEED = 0x756e726f6c6cL;
  private static final String[] OPERATIONS = {
    "fma(a, b, c)", "(a * b) + c", "a / b", "sqrt(|a|)", "a * b"
  };
  private static final int ONE = 0x3f800000;

  /** Vectors of each sort. */
  private static final int EACH = 128;

  private static final int COUNT = 5 * EACH;

  private ExactCheck() {}

  /**
   * Runs the vectors.
   *
   * @return the first vector whose bits are wrong, in words; empty if all are right
   */
  static Optional<String> run(Device device, KernelLibrary kernels) {
    Buffer a = copy(device, Vectors.A);
    Buffer b = copy(device, Vectors.B);
    Buffer c = copy(device, Vectors.C);
    Buffer out = device.allocate(ElementType.FLOAT32, (long) OPERATIONS.length * COUNT);
    try {
      int size = Math.min(16, kernels.limit("probe"));
      Grid grid = Grid.of(Launcher.ceilDiv(COUNT, size), size);
      kernels.launch("probe", grid, a, b, c, out, COUNT);
      float[] got = new float[OPERATIONS.length * COUNT];
      device.read(out, 0, got.length, got);
      return firstWrong(got);
    } finally {
      for (Buffer buffer : new Buffer[] {a, b, c, out}) {
        device.free(buffer);
      }
    }
  }

  /** The first vector whose result differs from what integers give. */
  static Optional<String> firstWrong(float[] got) {
    for (int at = 0; at < got.length; at++) {
      int bits = Float.floatToRawIntBits(got[at]);
      if (bits != Vectors.EXPECTED[at]) {
        int i = at % COUNT;
        return Optional.of(
            String.format(
                "%s of a=0x%08x, b=0x%08x, c=0x%08x must be 0x%08x, is 0x%08x",
                OPERATIONS[at / COUNT],
                Vectors.A[i],
                Vectors.B[i],
                Vectors.C[i],
                Vectors.EXPECTED[at],
                bits));
      }
    }
    return Optional.empty();
  }

  private static Buffer copy(Device device, int... bits) {
    float[] values = new float[bits.length];
    for (int i = 0; i < bits.length; i++) {
      values[i] = Float.intBitsToFloat(bits[i]);
    }
    Buffer buffer = device.allocate(ElementType.FLOAT32, bits.length);
    device.write(values, buffer, 0);
    return buffer;
  }

  /** Bits of operands and results, made once. */
  static final class Vectors {
    static final int[] A = new int[COUNT];
    static final int[] B = new int[COUNT];
    static final int[] C = new int[COUNT];
    static final int[] EXPECTED = new int[OPERATIONS.length * COUNT];

    static {
      int[] words = new int[3 * COUNT];
      Philox.bits(SEED, Philox.DATA, 0, 0, words, 0, words.length);
      for (int i = 0; i < COUNT; i++) {
        operands(i, words[3 * i], words[3 * i + 1], words[3 * i + 2]);
        expect(i, A[i], B[i], C[i]);
      }
    }

    private Vectors() {}

    private static void operands(int i, int x, int y, int z) {
      switch (i % 5) {
        case 0 -> set(i, number(x, 87, 80), number(y, 107, 40), number(z, 87, 80));
        case 1 -> {
          // The last bit is set, so that the product is never a float and rounding it shows.
          int a = number(x, 117, 20) | 1;
          int b = number(y, 117, 20) | 1;
          set(i, a, b, ExactArithmetic.product(a, b) ^ Integer.MIN_VALUE);
        }
        case 2 -> set(i, number(x, 0, 0), number(y, 107, 40), number(z, 0, 20)); // a subnormal
        case 3 -> set(i, number(x, 40, 20), number(y, 60, 20), number(z, 0, 0)); // a * b subnormal
        default -> set(i, number(x, 10, 20), number(y, 150, 20), number(z, 0, 60)); // a / b too
      }
    }

    private static void set(int i, int a, int b, int c) {
      A[i] = a;
      B[i] = b;
      C[i] = c;
    }

    private static void expect(int i, int a, int b, int c) {
      int product = ExactArithmetic.product(a, b);
      boolean cancels = product == (c ^ Integer.MIN_VALUE);
      int[] results = {
        ExactArithmetic.fma(a, b, c),
        cancels ? 0 : ExactArithmetic.fma(product, ONE, c),
        ExactArithmetic.quotient(a, b),
        ExactArithmetic.root(a & Integer.MAX_VALUE),
        product
      };
      for (int op = 0; op < results.length; op++) {
        EXPECTED[op * COUNT + i] = results[op];
      }
    }

    /** Sign and fraction of the word, exponent field from lowest to lowest + range. */
    private static int number(int word, int lowest, int range) {
      return (word & 0x807fffff) | (lowest + (word >>> 23 & 0xff) % (range + 1)) << 23;
    }
  }
}
