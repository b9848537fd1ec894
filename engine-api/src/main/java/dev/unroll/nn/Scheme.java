// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Activation;
import dev.unroll.Philox;
import java.util.Arrays;
import java.util.function.DoubleBinaryOperator;

/**
 * How the values of a parameter start; {@link Initializer#reset} applies one. Layers start as in
 * PyTorch without it: {@link Dense} uniform within 1 / sqrt(in), recurrent layers uniform within 1
 * / sqrt(hidden), {@link Embedding} normal with deviation 1.
 *
 * <p>The number of inputs of a unit is the second axis of its weights, that of its outputs the
 * first.
 */
@FunctionalInterface
public interface Scheme {
  /**
   * Draws values.
   *
   * @param shape sizes, outermost first
   * @param values receives the values, row-major
   * @param seed key of the random numbers
   * @param stream stream of the random numbers
   */
  void fill(int[] shape, float[] values, long seed, int stream);

  /**
   * All the same.
   *
   * @param value such as 0
   * @return the scheme
   */
  static Scheme constant(double value) {
    return (shape, values, seed, stream) -> Arrays.fill(values, (float) value);
  }

  /**
   * Uniform between two numbers.
   *
   * @param low lowest
   * @param high highest
   * @return the scheme
   */
  static Scheme uniform(double low, double high) {
    return (shape, values, seed, stream) -> Philox.fillUniform(seed, stream, 0, low, high, values);
  }

  /**
   * Normal.
   *
   * @param mean mean
   * @param deviation standard deviation
   * @return the scheme
   */
  static Scheme normal(double mean, double deviation) {
    return (shape, values, seed, stream) ->
        Philox.fillNormal(seed, stream, 0, mean, deviation, values);
  }

  /**
   * Xavier's (X. Glorot, Y. Bengio, 2010), uniform within gain sqrt(6 / (inputs + outputs)).
   *
   * @param gain factor, see {@link #gain}
   * @return the scheme
   */
  static Scheme xavierUniform(double gain) {
    return uniformOf((in, out) -> gain * StrictMath.sqrt(6 / (in + out)));
  }

  /**
   * Xavier's, normal with deviation gain sqrt(2 / (inputs + outputs)).
   *
   * @param gain factor, see {@link #gain}
   * @return the scheme
   */
  static Scheme xavierNormal(double gain) {
    return normalOf((in, out) -> gain * StrictMath.sqrt(2 / (in + out)));
  }

  /**
   * Kaiming's (K. He et al., 2015), uniform within gain sqrt(3 / inputs).
   *
   * @param gain factor, see {@link #gain}
   * @return the scheme
   */
  static Scheme kaimingUniform(double gain) {
    return uniformOf((in, out) -> gain * StrictMath.sqrt(3 / in));
  }

  /**
   * Kaiming's, normal with deviation gain / sqrt(inputs).
   *
   * @param gain factor, see {@link #gain}
   * @return the scheme
   */
  static Scheme kaimingNormal(double gain) {
    return normalOf((in, out) -> gain / StrictMath.sqrt(in));
  }

  /**
   * A random orthogonal matrix (A. Saxe et al., 2014): rows orthogonal to each other, or columns if
   * there are fewer of them, each of length gain.
   *
   * @param gain length of each
   * @return the scheme
   */
  static Scheme orthogonal(double gain) {
    return (shape, values, seed, stream) ->
        Orthogonal.fill(matrix(shape), gain, values, seed, stream);
  }

  /**
   * The factor that keeps the size of signals through an activation, as PyTorch recommends it.
   *
   * @param f the activation behind the weights
   * @return 5/3 for tanh, sqrt(2 / (1 + slope^2)) for the rectifiers, else 1
   */
  static double gain(Activation f) {
    return switch (f.kind()) {
      case TANH -> 5.0 / 3;
      case RELU -> StrictMath.sqrt(2);
      case LEAKY_RELU -> StrictMath.sqrt(2 / (1 + (double) f.alpha() * f.alpha()));
      default -> 1;
    };
  }

  private static Scheme uniformOf(DoubleBinaryOperator boundOfInAndOut) {
    return (shape, values, seed, stream) -> {
      int[] m = matrix(shape);
      double bound = boundOfInAndOut.applyAsDouble(m[1], m[0]);
      uniform(-bound, bound).fill(shape, values, seed, stream);
    };
  }

  private static Scheme normalOf(DoubleBinaryOperator deviationOfInAndOut) {
    return (shape, values, seed, stream) -> {
      int[] m = matrix(shape);
      normal(0, deviationOfInAndOut.applyAsDouble(m[1], m[0])).fill(shape, values, seed, stream);
    };
  }

  private static int[] matrix(int[] shape) {
    if (shape.length != 2) {
      throw new IllegalArgumentException(
          "scheme: needs the two axes of a weight matrix, not "
              + Arrays.toString(shape)
              + "; use uniform, normal or constant for a bias");
    }
    return shape;
  }
}
