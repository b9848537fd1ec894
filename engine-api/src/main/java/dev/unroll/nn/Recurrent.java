// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Arena;
import dev.unroll.Arithmetic;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import dev.unroll.nn.Unrolled.Gates;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

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
  private final List<Integer> recurrentStreams = new ArrayList<>();
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
    for (int run = 0; run < weights.size() && options.recurrentDropout() > 0; run++) {
      recurrentStreams.add(init.dropoutStream());
    }
    for (int k = 1; k < shape.layers() && options.dropout() > 0; k++) {
      between.add(new Dropout(init, options.dropout()));
    }
  }

  /**
   * Runs through time with the fused operations.
   *
   * @param gates in: the part that comes from the input; out: what the way back reads
   * @param states [B + N, H] for each state name; the first B rows are filled
   */
  abstract Unrolled fused(
      Arena arena, Steps steps, RecurrentWeights w, Gates gates, List<Tensor> states);

  /**
   * The same where it once ran, from what is left of that.
   *
   * @param gates as {@link #fused} leaves them
   * @param states [B + N, H] for each state name: all of h, the first B rows of others
   */
  abstract Unrolled again(
      Arena arena, Steps steps, RecurrentWeights w, Gates gates, List<Tensor> states);

  /** The same step by step, with all options; the first state may be [B + N, P]. */
  abstract Stepped stepped(Pass pass, int run, Tensor gates, List<Tensor> states);

  /** Whether W_ih x and W_hh h are only ever added, so that they have one gradient. */
  boolean addsGates() {
    return true;
  }

  /**
   * Runs through time in the fastest form that has the options.
   *
   * @param input writes the input's part of the gates, [N, gates * H]
   */
  final Unrolled unroll(Pass pass, int run, Consumer<Tensor> input, List<Tensor> states) {
    String why = options.stepwise(pass);
    if (why.isEmpty() && Windowed.wanted(pass)) {
      return new Windowed(this, pass, run, input, states);
    }
    int rows = pass.steps().rows();
    if (why.isEmpty()) {
      Gates all = gates(pass.arena(), rows);
      input.accept(all.fromX());
      return fused(pass.arena(), pass.steps(), weights.get(run), all, states);
    }
    pass.ops().note(describe() + ": step by step with primitive operations, because of " + why);
    if (pass.recompute() > 0) {
      pass.ops().note(describe() + ": keeps all steps, nothing is recomputed, because of " + why);
    }
    Tensor pre = pass.arena().tensor(rows, gates * shape.hidden());
    input.accept(pre);
    return stepped(pass, run, pre, states).run();
  }

  /** Room for the gates of some rows or for their gradients, without normalisation. */
  final Gates gates(Arena arena, int rows) {
    Tensor fromX = arena.tensor(rows, gates * shape.hidden());
    Tensor fromH = addsGates() ? fromX : arena.tensor(rows, gates * shape.hidden());
    return new Gates(fromX, fromH, fromH);
  }

  /** The states of all runs at all steps of a pass, as far as they are kept. */
  final StateBlock states(Pass pass) {
    Steps steps = pass.steps();
    int all = steps.batch() + steps.rows();
    boolean few = pass.recompute() > 0 && Windowed.wanted(pass) && options.stepwise(pass).isEmpty();
    int some = few ? (Windowed.starts(pass).length + 1) * steps.batch() : all;
    List<StateBlock.Part> parts = new ArrayList<>();
    for (String name : stateNames) {
      boolean every = !few || parts.isEmpty();
      parts.add(new StateBlock.Part(name, every ? all : some, width(name), every));
    }
    return new StateBlock(pass.arena(), weights.size(), parts);
  }

  /** The bias row [1, gates * H] that the input's part of the gates starts from; null for none. */
  final Tensor inputBias(Arena arena, RecurrentWeights w) {
    if (w.biasHh() == null || !addsGates() || w.norms() != null) {
      return w.biasIh() == null ? null : w.biasIh().value();
    }
    Tensor both = arena.tensor(1, gates * shape.hidden());
    arena.ops().binary(Arithmetic.ADD, w.biasIh().value(), w.biasHh().value(), both);
    return both;
  }

  final RecurrentOptions options() {
    return options;
  }

  /** Random stream of a run's recurrent dropout. */
  final int recurrentStream(int run) {
    return recurrentStreams.get(run);
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

  /** States of all runs at one time or several, of undefined content. */
  final StateBlock block(Arena arena, int rows) {
    List<StateBlock.Part> parts = new ArrayList<>();
    for (String name : stateNames) {
      parts.add(new StateBlock.Part(name, rows, width(name), true));
    }
    return new StateBlock(arena, weights.size(), parts);
  }

  /**
   * Columns of the output.
   *
   * @return columns of h, twice that if there are two directions
   */
  public final int outputSize() {
    return directions() * width(stateNames.get(0));
  }

  private int width(String state) {
    boolean projected = options.projection() > 0 && state.equals(stateNames.get(0));
    return projected ? options.projection() : shape.hidden();
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
   * @param initial {@code h} [layers * directions, B, P] and, for an LSTM, {@code c} [layers *
   *     directions, B, H], the directions of a layer one after the other; absent: zeros. P is H
   *     without a projection
   * @return output [N, directions * P], every step's h of the last layer, and the final states; its
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
    Parameter hh = init.uniform("weight_hh" + suffix, bound, rows, width(stateNames.get(0)));
    boolean two = shape.bias() == Bias.PYTORCH;
    if (shape.bias() == Bias.SINGLE) {
      constants.put("bias_hh" + suffix, init.zeros("bias_hh" + suffix, rows));
    }
    Parameter biasIh =
        shape.bias() == Bias.NONE ? null : init.uniform("bias_ih" + suffix, bound, rows);
    Parameter biasHh = two ? init.uniform("bias_hh" + suffix, bound, rows) : null;
    Parameter hr =
        options.projection() == 0
            ? null
            : init.uniform("weight_hr" + suffix, bound, options.projection(), shape.hidden());
    RecurrentWeights.Norms norms = options.layerNorm() ? norms(init, suffix) : null;
    return new RecurrentWeights(ih, hh, biasIh, biasHh, hr, norms);
  }

  private RecurrentWeights.Norms norms(Initializer init, String suffix) {
    int rows = gates * shape.hidden();
    boolean cell = stateNames.size() > 1;
    boolean bias = cell && shape.bias() != Bias.NONE;
    return new RecurrentWeights.Norms(
        init.constant("norm_ih" + suffix, 1, rows),
        init.constant("norm_hh" + suffix, 1, rows),
        cell ? init.constant("norm_c" + suffix, 1, shape.hidden()) : null,
        bias ? init.constant("norm_c_bias" + suffix, 0, shape.hidden()) : null);
  }

  /** Refuses an option that this layer does not have. */
  final void refuse(boolean set, String what) {
    if (set) {
      throw new IllegalArgumentException(describe() + ": has no " + what);
    }
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
              if (!stateNames.contains(name) || t.rows() != rows || t.cols() != width(name)) {
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
                        + width(name)
                        + "]");
              }
            });
  }

  private String describe() {
    return getClass().getSimpleName().toLowerCase(Locale.ROOT);
  }
}
