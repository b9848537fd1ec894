// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Arena;
import dev.unroll.Indices;
import dev.unroll.Ops;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import java.util.ArrayList;
import java.util.List;

/** A stack of recurrent layers over all steps, to be run back. */
final class RecurrentTrace implements Trace {
  private final Recurrent layer;
  private final Pass pass;
  private final Arena arena;
  private final Ops ops;
  private final StateBlock states;
  private final StateBlock last;
  private final List<Level> levels = new ArrayList<>();
  private final Indices reversed;
  private final Indices sides;

  RecurrentTrace(Recurrent layer, Pass pass, Tensor x, State initial) {
    this.layer = layer;
    this.pass = pass;
    this.arena = pass.arena();
    this.ops = pass.ops();
    Steps steps = pass.steps();
    int[] backwards = layer.directions() == 2 ? steps.reversedRows() : null;
    this.reversed = backwards == null ? null : arena.indices(backwards);
    this.sides = backwards == null ? null : arena.indices(sides(steps, backwards));
    this.states = layer.states(pass);
    states.load(arena, initial, steps.batch());
    Tensor input = x;
    for (int k = 0; k < layer.layers(); k++) {
      Level level = new Level(k, input);
      levels.add(level);
      input = level.output;
    }
    this.last = layer.block(arena, steps.batch());
    states.copyLast(arena, steps, last);
  }

  /**
   * Where the columns of both directions lie in two state tensors, one behind the other: for each
   * step first the row of the forward run, then that of the other.
   */
  private static int[] sides(Steps steps, int[] backwards) {
    int[] rows = new int[2 * backwards.length];
    int one = steps.batch() + steps.rows();
    for (int r = 0; r < backwards.length; r++) {
      rows[2 * r] = steps.batch() + r;
      rows[2 * r + 1] = one + steps.batch() + backwards[r];
    }
    return rows;
  }

  @Override
  public Tensor output() {
    return levels.get(levels.size() - 1).output;
  }

  @Override
  public State finalState() {
    return last.state();
  }

  @Override
  public Gradients backward(Tensor dOutput, State dFinal) {
    return backward(dOutput, dFinal, true);
  }

  @Override
  public State backwardToParameters(Tensor dOutput, State dFinal) {
    return backward(dOutput, dFinal, false).initial();
  }

  private Gradients backward(Tensor dOutput, State dFinal, boolean toInput) {
    layer.requireState("gradient of the final state", pass.steps(), dFinal);
    // Filled with the gradients of the final states; each run turns its part into the initial's.
    StateBlock dStates = layer.block(arena, pass.steps().batch());
    dStates.load(arena, dFinal, pass.steps().batch());
    Tensor gradient = dOutput;
    for (int k = levels.size() - 1; k >= 0; k--) {
      gradient = levels.get(k).backward(gradient, dStates, toInput || k > 0);
    }
    return new Gradients(gradient, dStates.state());
  }

  private Tensor reverse(Tensor rows) {
    Tensor result = arena.tensor(rows.rows(), rows.cols());
    ops.gather(rows, reversed, result);
    return result;
  }

  /** One layer in all its directions, with the dropout in front of it. */
  private final class Level {
    final int first;
    final Trace dropout;
    final Tensor input;
    final DirectionRun forward;
    final DirectionRun backward;
    final Tensor output;

    Level(int k, Tensor below) {
      this.first = k * layer.directions();
      this.dropout = layer.read(k, pass, below);
      this.input = dropout.output();
      this.forward = run(first, input);
      this.backward = reversed == null ? null : run(first + 1, reverse(input));
      this.output = reversed == null ? forward.output() : sideBySide();
    }

    private DirectionRun run(int run, Tensor x) {
      return new DirectionRun(layer, pass, run, x, states.run(run));
    }

    private Tensor sideBySide() {
      Tensor table = states.of(0, first, 2);
      int rows = pass.steps().rows();
      Tensor both = arena.tensor(rows, 2 * table.cols());
      ops.gather(table, sides, both.reshape(2 * rows, table.cols()));
      return both;
    }

    /** Gives the gradient of what the layer read, or null if that is not wanted. */
    Tensor backward(Tensor dOutput, StateBlock dStates, boolean toInput) {
      Tensor dx = toInput ? arena.tensor(input.rows(), input.cols()) : null;
      if (backward == null) {
        forward.backward(dOutput, dStates.run(first), 0, dx);
      } else {
        int width = output.cols() / 2;
        Tensor left = dOutput == null ? null : dOutput.cols(0, width);
        Tensor right = dOutput == null ? null : reverse(dOutput.cols(width, width));
        Tensor dReversed = toInput ? arena.tensor(input.rows(), input.cols()) : null;
        backward.backward(right, dStates.run(first + 1), 0, dReversed);
        if (toInput) {
          ops.gather(dReversed, reversed, dx);
        }
        forward.backward(left, dStates.run(first), 1, dx);
      }
      return toInput ? dropout.backward(dx, State.NONE).input() : null;
    }
  }
}
