// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Arena;
import dev.unroll.Ops;
import dev.unroll.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * The states of all runs of a stack; a run is one direction of one layer. States of equal size lie
 * in one tensor, so that one launch fills or copies all of them in all runs.
 */
final class StateBlock {
  /** What one state has in each run. */
  record Part(String name, int rows, int width) {}

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
    boolean together =
        parts.stream().allMatch(p -> p.rows() == first.rows() && p.width() == first.width());
    if (together) {
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
    State state = State.NONE;
    for (int i = 0; i < parts.size(); i++) {
      Part p = parts.get(i);
      state = state.with(p.name(), tensors.get(i).reshape(runs, p.rows(), p.width()));
    }
    return state;
  }

  /** Sets the first rows of each run from a state [runs, batch, width]; absent names are zeros. */
  void load(Arena arena, State state, int batch) {
    List<Tensor> given = parts.stream().map(p -> state.get(p.name())).toList();
    boolean none = given.stream().allMatch(Objects::isNull);
    Tensor all = none || given.contains(null) ? null : Tensor.joined(given);
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

  /** Copies the last rows of each run to a block of that many rows. */
  void copyTail(Ops ops, StateBlock to) {
    for (int g = 0; g < groups.size(); g++) {
      Tensor from = groups.get(g);
      int size = to.groups.get(g).cols();
      ops.copy(from.cols(from.cols() - size, size), to.groups.get(g));
    }
  }

  /** Copies one chosen row for each of the rows of another block, the same rows in all runs. */
  void gather(Arena arena, int[] rows, StateBlock to) {
    for (int g = 0; g < groups.size(); g++) {
      Part part = parts.get(g);
      Tensor table = groups.get(g);
      int[] all = new int[table.rows() * rows.length];
      Arrays.setAll(all, i -> i / rows.length * part.rows() + rows[i % rows.length]);
      Tensor out = to.groups.get(g);
      arena
          .ops()
          .gather(
              table.reshape(table.rows() * part.rows(), part.width()),
              arena.indices(all),
              out.reshape(all.length, part.width()));
    }
  }
}
