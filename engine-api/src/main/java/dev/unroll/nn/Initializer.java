// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Arena;
import dev.unroll.Philox;
import dev.unroll.Tensor;
import java.util.Arrays;
import java.util.function.ObjLongConsumer;

/**
 * Makes the parameters of one model, each filled from a random stream of its own: the n-th
 * parameter made uses instance n of {@link Philox#INIT}. Equal seeds and equal order of
 * construction give equal bits everywhere. Dropout layers get their numbers here too.
 */
public final class Initializer {
  private final Arena arena;
  private final long seed;
  private int parameters;
  private int dropouts;

  /**
   * Starts a model.
   *
   * @param arena owns the parameters; lives as long as the model
   * @param seed of the initial values
   */
  public Initializer(Arena arena, long seed) {
    this.arena = arena;
    this.seed = seed;
  }

  /**
   * A parameter drawn uniformly from [-bound, bound].
   *
   * @param name name without prefix
   * @param bound largest magnitude
   * @param shape sizes, outermost first
   * @return the parameter, gradient zero
   */
  public Parameter uniform(String name, double bound, int... shape) {
    return parameter(
        name, (v, stream) -> Philox.fillUniform(seed, (int) stream, 0, -bound, bound, v), shape);
  }

  /**
   * A parameter drawn from the normal distribution with mean 0 and deviation 1.
   *
   * @param name name without prefix
   * @param shape sizes, outermost first
   * @return the parameter, gradient zero
   */
  public Parameter normal(String name, int... shape) {
    return parameter(name, (v, stream) -> Philox.fillNormal(seed, (int) stream, 0, 0, 1, v), shape);
  }

  /**
   * A parameter of which all elements start from one number.
   *
   * @param name name without prefix
   * @param value the number
   * @param shape sizes, outermost first
   * @return the parameter, gradient zero
   */
  public Parameter constant(String name, double value, int... shape) {
    return parameter(name, (v, stream) -> Arrays.fill(v, (float) value), shape);
  }

  /**
   * Gives a parameter other initial values, from a random stream of its own.
   *
   * @param parameter of this model
   * @param scheme what to draw
   */
  public void reset(Parameter parameter, Scheme scheme) {
    float[] values = new float[parameter.value().size()];
    scheme.fill(parameter.shape(), values, seed, Philox.stream(Philox.INIT, parameters++));
    arena.ops().write(values, parameter.value());
  }

  /**
   * Makes an LSTM remember at first: the biases of its forget gates sum to a number, mostly 1 (R.
   * Jozefowicz et al., 2015).
   *
   * @param lstm with biases
   * @param value what the sum of a gate's biases becomes
   */
  public void forgetBias(Lstm lstm, double value) {
    int set = 0;
    for (Parameter p : lstm.parameters()) {
      if (p.name().startsWith("bias_")) {
        int hidden = p.value().cols() / 4;
        boolean first = p.name().startsWith("bias_ih");
        fill(first ? (float) value : 0, p.value().cols(hidden, hidden));
        set++;
      }
    }
    if (set == 0) {
      throw new IllegalArgumentException(
          "forgetBias: this LSTM has no biases; make it with Bias.PYTORCH or Bias.SINGLE");
    }
  }

  /** A tensor of zeros that is no parameter. */
  Tensor zeros(String name, int... shape) {
    Tensor tensor = arena.named(name, shape);
    fill(0, tensor);
    return tensor;
  }

  void fill(float value, Tensor tensor) {
    arena.ops().fill(value, tensor);
  }

  /** The random stream of the next dropout layer. */
  int dropoutStream() {
    return Philox.stream(Philox.DROPOUT, dropouts++);
  }

  private Parameter parameter(String name, ObjLongConsumer<float[]> draw, int... shape) {
    Tensor value = arena.named(name, shape);
    float[] values = new float[value.size()];
    draw.accept(values, Philox.stream(Philox.INIT, parameters++));
    arena.ops().write(values, value);
    return new Parameter(name, value, zeros(name + ".grad", shape));
  }
}
