// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Arena;
import dev.unroll.Ops;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The states of all runs of a stack; a run is one direction of one layer. States of equal size lie
 * in one tensor, so that one launch fills or copies all of them in all runs.
 */
final class StateBlock {
  /**
   * What one state has in each run.
   *
   * @param name its name
   * @param rows batches of rows, the first being the initial state
   * @param width columns
   * @param everyStep whether the rows are those of all steps; else the last batch is the final
   *     state
   */
  record Part(String name, int rows, int width, boolean everyStep) {
    boolean movesWith(Part other) {
      return rows == other.rows && width == other.width && everyStep == other.everyStep;
    }
  }

  private final int runs;
  private final List<Part> parts;

  /** [runs, rows * width] for each part. */
  private final List<Tensor> tensors = new ArrayList<>();

  /** What is moved at once: one tensor for all parts, or each part's own. */
  private final List<Tensor> groups;

  StateBlock(Arena arena, int runs, List<Part> parts) {
    this.runs = runs;
    this.parts = parts;
    Part first = parts.get(0);
    if (moveTogether(parts)) {
      Tensor all = arena.named("states", parts.size() * runs, size(first));
      for (int i = 0; i < parts.size(); i++) {
        tensors.add(all.rows(i * runs, runs));
      }
      groups = List.of(all);
    } else {
      parts.forEach(p -> tensors.add(arena.named(p.name(), runs, size(p))));
      groups = tensors;
    }
  }

  private static boolean moveTogether(List<Part> parts) {
    for (Part part : parts) {
      if (!part.movesWith(parts.get(0))) {
        return false;
      }
    }
    return true;
  }

  private static int size(Part part) {
    return Math.multiplyExact(part.rows(), part.width());
  }

  /** A state in some runs one after the other, [count * rows, width]. */
  Tensor of(int part, int run, int count) {
    Part p = parts.get(part);
    return tensors.get(part).rows(run, count).reshape(count * p.rows(), p.width());
  }

  /** All states of one run. */
  List<Tensor> run(int run) {
    List<Tensor> states = new ArrayList<>();
    for (int i = 0; i < parts.size(); i++) {
      states.add(of(i, run, 1));
    }
    return states;
  }

  /** Views of everything by name, [runs, rows, width]. */
  State state() {
    Map<String, Tensor> views = new LinkedHashMap<>();
    for (int i = 0; i < parts.size(); i++) {
      Part p = parts.get(i);
      views.put(p.name(), tensors.get(i).reshape(runs, p.rows(), p.width()));
    }
    return State.of(views);
  }

  /** Sets the first rows of each run from a state [runs, batch, width]; absent names are zeros. */
  void load(Arena arena, State state, int batch) {
    List<Tensor> given = new ArrayList<>();
    boolean none = true;
    boolean every = true;
    for (Part part : parts) {
      Tensor tensor = state.get(part.name());
      given.add(tensor);
      none &= tensor == null;
      every &= tensor != null;
    }
    Tensor all = every ? Tensor.joined(given) : null;
    if (groups.size() == 1 && (none || all != null)) {
      head(arena, groups.get(0), batch * parts.get(0).width(), all);
      return;
    }
    for (int i = 0; i < parts.size(); i++) {
      head(arena, tensors.get(i), batch * parts.get(i).width(), given.get(i));
    }
  }

  private static void head(Arena arena, Tensor to, int size, Tensor from) {
    Ops ops = arena.ops();
    Tensor head = to.cols(0, size);
    if (from == null) {
      ops.fill(0, head);
      return;
    }
    Tensor dense = from;
    if (!from.isDense()) {
      dense = arena.tensor(from.rows(), from.cols());
      ops.copy(from, dense);
    }
    ops.copy(dense.reshape(head.rows(), size), head);
  }

  /** Copies the final state of each run to a block of one batch each. */
  void copyLast(Arena arena, Steps steps, StateBlock to) {
    boolean together = groups.size() == 1 && to.groups.size() == 1;
    List<Tensor> sources = together ? groups : tensors;
    List<Tensor> targets = together ? to.groups : to.tensors;
    for (int i = 0; i < sources.size(); i++) {
      Tensor from = sources.get(i);
      Tensor out = targets.get(i);
      if (steps.isUniform() || !parts.get(i).everyStep()) {
        arena.ops().copy(from.cols(from.cols() - out.cols(), out.cols()), out);
      } else {
        gather(arena, parts.get(i), from, steps.finalRows(), out);
      }
    }
  }

  /** Copies the same chosen rows of each run. */
  private static void gather(Arena arena, Part part, Tensor from, int[] rows, Tensor out) {
    int[] all = new int[from.rows() * rows.length];
    Arrays.setAll(all, i -> i / rows.length * part.rows() + rows[i % rows.length]);
    Tensor table = from.reshape(from.rows() * part.rows(), part.width());
    arena.ops().gather(table, arena.indices(all), out.reshape(all.length, part.width()));
  }
}
