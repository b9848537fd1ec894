// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Arena;
import dev.unroll.Arithmetic;
import dev.unroll.Ops;
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
 * <p>A layer first computes the part of all gates that comes from its input with one product for
 * all steps, then runs through time; the gradient runs back through time, then each weight gradient
 * is one product.
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

  /** The parameters of one layer; biases may be null. */
  record Weights(Parameter ih, Parameter hh, Parameter biasIh, Parameter biasHh) {}

  /** The run through time of one layer, to be run back. */
  @FunctionalInterface
  interface Unrolled {
    /**
     * Runs back through time.
     *
     * @param dOutput [N, H] or null
     * @param dStates [B, H] each; in: gradients of the final states; out: of the initial ones
     */
    GateGradients backward(Tensor dOutput, List<Tensor> dStates);
  }

  /** Gradients [N, gates * H] of W_ih x + b_ih and of W_hh hPrev + b_hh; may be one tensor. */
  record GateGradients(Tensor fromX, Tensor fromH) {}

  private final Shape shape;
  private final int gates;
  private final List<String> stateNames;
  private final List<Weights> weights = new ArrayList<>();
  private final Map<String, Tensor> constants = new LinkedHashMap<>();

  /** The first of the state names is that of the output. */
  Recurrent(Initializer init, Shape shape, int gates, List<String> stateNames) {
    this.shape = shape;
    this.gates = gates;
    this.stateNames = stateNames;
    for (int k = 0; k < shape.layers(); k++) {
      weights.add(weights(init, k));
    }
  }

  /**
   * Runs one layer through time.
   *
   * @param gates [N, gates * H] the part that comes from the input
   * @param states [B + N, H] for each state name; the first B rows are filled
   */
  abstract Unrolled unroll(Pass pass, Weights w, Tensor gates, List<Tensor> states);

  /** The bias row [1, gates * H] that the input's part of the gates starts from; null for none. */
  Tensor inputBias(Pass pass, Weights w) {
    if (w.biasHh() == null) {
      return w.biasIh() == null ? null : w.biasIh().value();
    }
    Tensor both = pass.arena().tensor(1, gates * shape.hidden());
    pass.ops().binary(Arithmetic.ADD, w.biasIh().value(), w.biasHh().value(), both);
    return both;
  }

  @Override
  public final List<Parameter> parameters() {
    List<Parameter> all = new ArrayList<>();
    for (Weights w : weights) {
      all.add(w.ih());
      all.add(w.hh());
      if (w.biasIh() != null) {
        all.add(w.biasIh());
      }
      if (w.biasHh() != null) {
        all.add(w.biasHh());
      }
    }
    return all;
  }

  /** The zero {@code bias_hh} of {@link Bias#SINGLE}. */
  @Override
  public final Map<String, Tensor> constants() {
    return Collections.unmodifiableMap(constants);
  }

  @Override
  public final State zeroState(Arena arena, int batch) {
    State zeros = undefinedState(arena, batch);
    zeros.zero(arena.ops());
    return zeros;
  }

  /**
   * Runs all layers over all steps.
   *
   * @param pass where and over which steps
   * @param x [N, input]
   * @param initial {@code h} and, for an LSTM, {@code c}, [layers, B, H]; absent: zeros
   * @return output [N, H], every step's h of the last layer, and the final states; its backward
   *     takes null for an output gradient of zeros
   */
  @Override
  public final Trace forward(Pass pass, Tensor x, State initial) {
    requireInput(pass.steps(), x, initial);
    List<Run> runs = new ArrayList<>();
    State last = undefinedState(pass.arena(), pass.steps().batch());
    Tensor input = x;
    for (int k = 0; k < shape.layers(); k++) {
      Run run = new Run(pass, weights.get(k), input, layer(initial, k, pass.steps().batch()));
      run.finalStates(layer(last, k, pass.steps().batch()));
      runs.add(run);
      input = run.output;
    }
    return new Stack(pass, runs, last);
  }

  private Weights weights(Initializer init, int k) {
    double bound = 1 / StrictMath.sqrt(shape.hidden());
    int rows = gates * shape.hidden();
    int input = k == 0 ? shape.input() : shape.hidden();
    Parameter ih = init.uniform("weight_ih_l" + k, bound, rows, input);
    Parameter hh = init.uniform("weight_hh_l" + k, bound, rows, shape.hidden());
    boolean two = shape.bias() == Bias.PYTORCH;
    if (shape.bias() == Bias.SINGLE) {
      constants.put("bias_hh_l" + k, init.zeros("bias_hh_l" + k, rows));
    }
    return new Weights(
        ih,
        hh,
        shape.bias() == Bias.NONE ? null : init.uniform("bias_ih_l" + k, bound, rows),
        two ? init.uniform("bias_hh_l" + k, bound, rows) : null);
  }

  private State undefinedState(Arena arena, int batch) {
    State state = State.NONE;
    for (String name : stateNames) {
      state = state.with(name, arena.named(name, shape.layers(), batch, shape.hidden()));
    }
    return state;
  }

  /** One layer's rows [B, H] of each state tensor, null where it is absent. */
  private List<Tensor> layer(State state, int k, int batch) {
    List<Tensor> rows = new ArrayList<>();
    for (String name : stateNames) {
      Tensor all = state.get(name);
      rows.add(all == null ? null : all.rows(k * batch, batch));
    }
    return rows;
  }

  private void requireInput(Steps steps, Tensor x, State state) {
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
    requireState("initial state", steps, state);
  }

  private void requireState(String what, Steps steps, State state) {
    state
        .tensors()
        .forEach(
            (name, t) -> {
              int rows = shape.layers() * steps.batch();
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
                        + shape.layers()
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

  /** One layer over all steps. */
  private final class Run {
    final Pass pass;
    final Weights w;
    final Tensor x;
    final List<Tensor> states = new ArrayList<>();
    final Tensor output;
    final Unrolled unrolled;

    Run(Pass pass, Weights w, Tensor x, List<Tensor> initial) {
      this.pass = pass;
      this.w = w;
      this.x = x;
      Steps steps = pass.steps();
      for (Tensor first : initial) {
        Tensor state = pass.arena().tensor(steps.batch() + steps.rows(), shape.hidden());
        copyOrZero(pass.ops(), first, state.rows(0, steps.batch()));
        states.add(state);
      }
      this.unrolled = unroll(pass, w, fromInput(), states);
      this.output = states.get(0).rows(steps.batch(), steps.rows());
    }

    /** All steps' b + W_ih x. */
    private Tensor fromInput() {
      Tensor all = pass.arena().tensor(x.rows(), gates * shape.hidden());
      pass.ops().linear(inputBias(pass, w), x, w.ih().value().t(), all);
      return all;
    }

    void finalStates(List<Tensor> into) {
      Steps steps = pass.steps();
      for (int i = 0; i < into.size(); i++) {
        if (steps.isUniform()) {
          pass.ops().copy(states.get(i).rows(steps.rows(), steps.batch()), into.get(i));
        } else {
          pass.ops().gather(states.get(i), pass.arena().indices(steps.finalRows()), into.get(i));
        }
      }
    }

    Tensor backward(Tensor dOutput, List<Tensor> dStates) {
      GateGradients d = unrolled.backward(dOutput, dStates);
      Ops ops = pass.ops();
      ops.matmul(d.fromX().t(), x, 1, w.ih().grad());
      ops.matmul(d.fromH().t(), previousH(), 1, w.hh().grad());
      biasGradients(d);
      Tensor dx = pass.arena().tensor(x.rows(), x.cols());
      ops.matmul(d.fromX(), w.ih().value(), 0, dx);
      return dx;
    }

    /** The h that each step read, [N, H]. */
    private Tensor previousH() {
      Steps steps = pass.steps();
      Tensor hs = states.get(0);
      if (steps.isUniform()) {
        return hs.rows(0, steps.rows());
      }
      Tensor previous = pass.arena().tensor(steps.rows(), hs.cols());
      pass.ops().gather(hs, pass.arena().indices(steps.previousRows()), previous);
      return previous;
    }

    private void biasGradients(GateGradients d) {
      if (w.biasIh() == null) {
        return;
      }
      Ops ops = pass.ops();
      Tensor sum = pass.arena().tensor(1, gates * shape.hidden());
      ops.sumRows(d.fromX(), 0, sum);
      ops.axpby(1, sum, 1, w.biasIh().grad());
      if (w.biasHh() != null) {
        if (d.fromH() != d.fromX()) {
          ops.sumRows(d.fromH(), 0, sum);
        }
        ops.axpby(1, sum, 1, w.biasHh().grad());
      }
    }
  }

  /** All layers over all steps. */
  private final class Stack implements Trace {
    private final Pass pass;
    private final List<Run> runs;
    private final State last;

    Stack(Pass pass, List<Run> runs, State last) {
      this.pass = pass;
      this.runs = runs;
      this.last = last;
    }

    @Override
    public Tensor output() {
      return runs.get(runs.size() - 1).output;
    }

    @Override
    public State finalState() {
      return last;
    }

    @Override
    public Gradients backward(Tensor dOutput, State dFinal) {
      int batch = pass.steps().batch();
      requireState("gradient of the final state", pass.steps(), dFinal);
      // Filled with the gradients of the final states; each layer turns its rows into the
      // initial's.
      State dStates = undefinedState(pass.arena(), batch);
      dStates.tensors().forEach((name, d) -> copyOrZero(pass.ops(), dFinal.get(name), d));
      Tensor gradient = dOutput;
      for (int k = runs.size() - 1; k >= 0; k--) {
        gradient = runs.get(k).backward(gradient, layer(dStates, k, batch));
      }
      return new Gradients(gradient, dStates);
    }
  }

  private static void copyOrZero(Ops ops, Tensor from, Tensor to) {
    if (from == null) {
      ops.fill(0, to);
    } else {
      ops.copy(from, to);
    }
  }
}
