// SPDX-License-Identifier: Apache-2.0

package dev.unroll.bench;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * The two loops that bound everything else: multiply-adds between registers, and the triad {@code
 * a[i] = b[i] + s * c[i]} (J. McCalpin's STREAM). Loaded only where the vector module is there.
 */
final class MicroKernels {
  /** The width of the CPU backend: two widths in one process can ruin the code of both. */
  private static final VectorSpecies<Float> F =
      System.getProperty("unroll.lanes") == null
          ? FloatVector.SPECIES_PREFERRED
          : VectorSpecies.of(
              float.class, VectorShape.forBitSize(32 * Integer.getInteger("unroll.lanes")));

  /** Chains of multiply-adds: enough for two units with a latency of four cycles. */
  private static final int CHAINS = 10;

  private MicroKernels() {}

  /** Lanes of a vector. */
  static int lanes() {
    return F.length();
  }

  /** Additions and multiplications of {@link #multiplyAdds}. */
  static long flops(int rounds) {
    return 2L * CHAINS * F.length() * rounds;
  }

  /** Ten independent chains; the result depends on all of them. */
  static float multiplyAdds(int rounds, float factor) {
    FloatVector x = FloatVector.broadcast(F, factor);
    FloatVector y = FloatVector.broadcast(F, 1 - factor);
    FloatVector c0 = FloatVector.broadcast(F, 0.1f);
    FloatVector c1 = FloatVector.broadcast(F, 0.2f);
    FloatVector c2 = FloatVector.broadcast(F, 0.3f);
    FloatVector c3 = FloatVector.broadcast(F, 0.4f);
    FloatVector c4 = FloatVector.broadcast(F, 0.5f);
    FloatVector c5 = FloatVector.broadcast(F, 0.6f);
    FloatVector c6 = FloatVector.broadcast(F, 0.7f);
    FloatVector c7 = FloatVector.broadcast(F, 0.8f);
    FloatVector c8 = FloatVector.broadcast(F, 0.9f);
    FloatVector c9 = FloatVector.broadcast(F, 1.1f);
    for (int i = 0; i < rounds; i++) {
      c0 = x.fma(y, c0);
      c1 = x.fma(y, c1);
      c2 = x.fma(y, c2);
      c3 = x.fma(y, c3);
      c4 = x.fma(y, c4);
      c5 = x.fma(y, c5);
      c6 = x.fma(y, c6);
      c7 = x.fma(y, c7);
      c8 = x.fma(y, c8);
      c9 = x.fma(y, c9);
    }
    FloatVector low = c0.add(c1).add(c2).add(c3).add(c4);
    FloatVector high = c5.add(c6).add(c7).add(c8).add(c9);
    return low.add(high).lane(0);
  }

  /** a = b + s * c over whole vectors; 12 bytes for each element. */
  static void triad(float[] a, float[] b, float[] c, float s) {
    FloatVector factor = FloatVector.broadcast(F, s);
    int end = F.loopBound(a.length);
    for (int i = 0; i < end; i += F.length()) {
      FloatVector.fromArray(F, c, i).fma(factor, FloatVector.fromArray(F, b, i)).intoArray(a, i);
    }
  }
}
