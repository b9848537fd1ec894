// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Arena;
import dev.unroll.Arithmetic;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Recurrent layers stacked on each other: everything that {@link Rnn}, {@link Lstm} and {@link Gru}
 * have in common. Layer 0 reads the input, layer k the output of layer k - 1. Parameters have
 * PyTorch's names, layouts and gate orders; initial values are uniform within 1 / sqrt(hidden).
 *
 * <p>With two directions a layer's second run reads each sequence from its last step to its first;
 * its output stands at the step it read, and the next layer reads both outputs side by side.
 */
public abstract class Recurrent implements Layer<Tensor> {
  /**
   * The sizes of a stack of recurrent layers.
   *
   * @param input columns of the input
   * @param hidden size of the state H
   * @param layers layers on each other, at least 1
   * @param bias which biases there are
   */
  public record Shape(int input, int hidden, int layers, Bias bias) {
    /**
     * Checks the sizes.
     *
     * @param input columns of the input
     * @param hidden size of the state H
     * @param layers layers on each other, at least 1
     * @param bias which biases there are
     */
    public Shape {
      if (input < 1 || hidden < 1 || layers < 1) {
        throw new IllegalArgumentException(
            "recurrent layer: sizes must be at least 1: input "
                + input
                + ", hidden "
                + hidden
                + ", layers "
                + layers);
      }
    }

    /**
     * One layer with PyTorch's two biases.
     *
     * @param input columns of the input
     * @param hidden size of the state H
     */
    public Shape(int input, int hidden) {
      this(input, hidden, 1, Bias.PYTORCH);
    }
  }

  private final Shape shape;
  private final RecurrentOptions options;
  private final int gates;
  private final List<String> stateNames;
  private final List<RecurrentWeights> weights = new ArrayList<>();
  private final List<Dropout> between = new ArrayList<>();
  private final Map<String, Tensor> constants = new LinkedHashMap<>();

  /** The first of the state names is that of the output. */
  Recurrent(
      Initializer init, Shape shape, RecurrentOptions options, int gates, List<String> stateNames) {
    this.shape = shape;
    this.options = options;
    this.gates = gates;
    this.stateNames = stateNames;
    for (int k = 0; k < shape.layers(); k++) {
      weights.add(weights(init, k, ""));
      if (options.bidirectional()) {
        weights.add(weights(init, k, "_reverse"));
      }
    }
    for (int k = 1; k < shape.layers() && options.dropout() > 0; k++) {
      between.add(new Dropout(init, options.dropout()));
    }
  }

  /**
   * Runs through time.
   *
   * @param gates [N, gates * H] the part that comes from the input
   * @param states [B + N, H] for each state name; the first B rows are filled
   */
  abstract Unrolled unroll(Pass pass, RecurrentWeights w, Tensor gates, List<Tensor> states);

  /** Whether W_ih x and W_hh h are only ever added, so that they have one gradient. */
  boolean addsGates() {
    return true;
  }

  /** The bias row [1, gates * H] that the input's part of the gates starts from; null for none. */
  Tensor inputBias(Pass pass, RecurrentWeights w) {
    if (w.biasHh() == null) {
      return w.biasIh() == null ? null : w.biasIh().value();
    }
    Tensor both = pass.arena().tensor(1, gates * shape.hidden());
    pass.ops().binary(Arithmetic.ADD, w.biasIh().value(), w.biasHh().value(), both);
    return both;
  }

  final int layers() {
    return shape.layers();
  }

  final int directions() {
    return options.directions();
  }

  /** The parameters of one run, a direction of a layer. */
  final RecurrentWeights weights(int run) {
    return weights.get(run);
  }

  /** What a layer reads of the one below: all of it, or what dropout leaves. */
  final Trace read(int k, Pass pass, Tensor below) {
    return k == 0 || between.isEmpty()
        ? new Stateless(below, dy -> dy)
        : between.get(k - 1).forward(pass, below, State.NONE);
  }

  /** States of all runs, of undefined content. */
  final StateBlock block(Arena arena, int rows) {
    return new StateBlock(
        arena,
        weights.size(),
        stateNames.stream().map(n -> new StateBlock.Part(n, rows, shape.hidden())).toList());
  }

  /**
   * Columns of the output.
   *
   * @return the size of the state, twice that if there are two directions
   */
  public final int outputSize() {
    return directions() * shape.hidden();
  }

  @Override
  public final List<Parameter> parameters() {
    return weights.stream().flatMap(RecurrentWeights::all).toList();
  }

  /** The zero {@code bias_hh} of {@link Bias#SINGLE}. */
  @Override
  public final Map<String, Tensor> constants() {
    return Collections.unmodifiableMap(constants);
  }

  @Override
  public final State zeroState(Arena arena, int batch) {
    StateBlock zeros = block(arena, batch);
    zeros.load(arena, State.NONE, batch);
    return zeros.state();
  }

  /**
   * Runs all layers over all steps.
   *
   * @param pass where and over which steps
   * @param x [N, input]
   * @param initial {@code h} and, for an LSTM, {@code c}, [layers * directions, B, H], the
   *     directions of a layer one after the other; absent: zeros
   * @return output [N, directions * H], every step's h of the last layer, and the final states; its
   *     backward takes null for an output gradient of zeros
   */
  @Override
  public final Trace forward(Pass pass, Tensor x, State initial) {
    requireInput(pass.steps(), x);
    requireState("initial state", pass.steps(), initial);
    return new RecurrentTrace(this, pass, x, initial);
  }

  private RecurrentWeights weights(Initializer init, int k, String direction) {
    String suffix = "_l" + k + direction;
    double bound = 1 / StrictMath.sqrt(shape.hidden());
    int rows = gates * shape.hidden();
    Parameter ih =
        init.uniform("weight_ih" + suffix, bound, rows, k == 0 ? shape.input() : outputSize());
    Parameter hh = init.uniform("weight_hh" + suffix, bound, rows, shape.hidden());
    boolean two = shape.bias() == Bias.PYTORCH;
    if (shape.bias() == Bias.SINGLE) {
      constants.put("bias_hh" + suffix, init.zeros("bias_hh" + suffix, rows));
    }
    return new RecurrentWeights(
        ih,
        hh,
        shape.bias() == Bias.NONE ? null : init.uniform("bias_ih" + suffix, bound, rows),
        two ? init.uniform("bias_hh" + suffix, bound, rows) : null);
  }

  private void requireInput(Steps steps, Tensor x) {
    if (x.rows() != steps.rows() || x.cols() != shape.input()) {
      throw new IllegalArgumentException(
          describe()
              + ": input is "
              + x
              + ", must be ["
              + steps.rows()
              + ", "
              + shape.input()
              + "] for "
              + steps);
    }
  }

  /** Refuses states of other names or sizes. */
  final void requireState(String what, Steps steps, State state) {
    state
        .tensors()
        .forEach(
            (name, t) -> {
              int rows = weights.size() * steps.batch();
              if (!stateNames.contains(name) || t.rows() != rows || t.cols() != shape.hidden()) {
                throw new IllegalArgumentException(
                    describe()
                        + ": "
                        + what
                        + " '"
                        + name
                        + "' is "
                        + t
                        + "; there are "
                        + stateNames
                        + ", each ["
                        + weights.size()
                        + ", "
                        + steps.batch()
                        + ", "
                        + shape.hidden()
                        + "]");
              }
            });
  }

  private String describe() {
    return getClass().getSimpleName().toLowerCase(Locale.ROOT);
  }
}
