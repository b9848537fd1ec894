// SPDX-License-Identifier: Apache-2.0

package dev.unroll.check;

import dev.unroll.Philox;

/** Makes the inputs of cases: a pure function of seed, stream and index. */
@FunctionalInterface
interface Values {
  /** Not written before the operation: outputs start as this. */
  Values POISON = (seed, stream, index) -> Float.NaN;

  float at(long seed, int stream, int index);

  static Values constant(float value) {
    return (seed, stream, index) -> value;
  }

  static Values given(float... values) {
    return (seed, stream, index) -> values[index];
  }

  static Values uniform(double low, double high) {
    return (seed, stream, index) ->
        (float) (low + (high - low) * Philox.uniform(seed, stream, 0, index));
  }

  /** Between -1 and 1: weights, states, gradients. */
  static Values unit() {
    return uniform(-1, 1);
  }

  /** Two magnitudes apart by many orders, both signs. */
  static Values wide(double small, double large) {
    return (seed, stream, index) -> {
      double scale = Philox.uniform(seed, stream, 1, index) < 0.5f ? small : large;
      return (float) (scale * (2 * Philox.uniform(seed, stream, 0, index) - 1));
    };
  }

  /**
   * Ordinary numbers with every hostile one among them: NaN, infinities, zeros, subnormals, edges.
   */
  static Values hostile() {
    return (seed, stream, index) -> {
      int bits = Philox.bits(seed, stream, 0, index);
      return (bits & 1) == 0
          ? Specials.LIST[(bits >>> 1) % Specials.LIST.length]
          : 16 * Philox.uniform(bits) - 8;
    };
  }

  /** Mostly ordinary numbers, one in forty is NaN or infinite. */
  static Values nonFinite() {
    return (seed, stream, index) -> {
      int bits = Philox.bits(seed, stream, 0, index);
      float[] kinds = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY};
      return (bits >>> 8) % 40 == 0 ? kinds[(bits & 0xff) % 3] : 4 * Philox.uniform(bits) - 2;
    };
  }

  /** The first rows as the others say, the rest not written before the operation. */
  default Values firstRows(int rows, int cols) {
    return (seed, stream, index) -> index < rows * cols ? at(seed, stream, index) : Float.NaN;
  }

  /** Inputs at the edges of the functions' ranges and of the number format. */
  final class Specials {
    static final float[] LIST = {
      0f,
      -0f,
      Float.NaN,
      Float.POSITIVE_INFINITY,
      Float.NEGATIVE_INFINITY,
      Float.MIN_VALUE,
      -Float.MIN_VALUE,
      Float.MIN_NORMAL,
      -Float.MIN_NORMAL,
      1e-39f,
      -1e-39f,
      1f,
      -1f,
      0.5f,
      -0.5f,
      1e-8f,
      -1e-8f,
      0.3f,
      -0.3f,
      3f,
      -3f,
      9.5f,
      -9.5f,
      12f,
      -12f,
      19.9f,
      20.1f,
      -20.1f,
      87f,
      88.5f,
      -87.2f,
      -100f,
      88.8f,
      -104f,
      1e4f,
      -1e4f,
      1e19f,
      -1e19f,
      1e30f,
      -1e30f,
      Float.MAX_VALUE,
      -Float.MAX_VALUE
    };

    private Specials() {}
  }
}
