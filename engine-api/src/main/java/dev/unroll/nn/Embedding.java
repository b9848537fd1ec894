// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Indices;
import dev.unroll.Tensor;
import java.util.Arrays;
import java.util.List;

/** A table of rows looked up by number. Initial values: normal with mean 0 and deviation 1. */
public final class Embedding implements Layer<Indices> {
  private static final int NO_PADDING = -1;

  private final Parameter weight;
  private final int paddingIndex;

  /**
   * A table whose rows are all trained.
   *
   * @param init makes {@code weight} [count, size]
   * @param count number of rows
   * @param size length of a row
   */
  public Embedding(Initializer init, int count, int size) {
    this(init.normal("weight", count, size), NO_PADDING);
  }

  /**
   * A table with one row that is never trained; it starts at zero.
   *
   * @param init makes {@code weight} [count, size]
   * @param count number of rows
   * @param size length of a row
   * @param paddingIndex the row that gets no gradient, 0 to count - 1
   */
  public Embedding(Initializer init, int count, int size, int paddingIndex) {
    this(init.normal("weight", count, size), paddingIndex);
    if (paddingIndex < 0 || paddingIndex >= count) {
      throw new IllegalArgumentException(
          "embedding: padding index must be 0 to " + (count - 1) + ": " + paddingIndex);
    }
    init.fill(0, weight.value().rows(paddingIndex, 1));
  }

  private Embedding(Parameter weight, int paddingIndex) {
    this.weight = weight;
    this.paddingIndex = paddingIndex;
  }

  @Override
  public List<Parameter> parameters() {
    return List.of(weight);
  }

  /**
   * Looks rows up.
   *
   * @param pass where to run
   * @param ids row numbers [N], 0 to count - 1
   * @param initial not used
   * @return output [N, size]
   * @throws IllegalArgumentException that names the first id out of range and its position
   */
  @Override
  public Trace forward(Pass pass, Indices ids, State initial) {
    Tensor table = weight.value();
    ids.requireRange("embedding", 0, table.rows(), 0);
    Tensor output = pass.arena().tensor(ids.length(), table.cols());
    pass.ops().gather(table, ids, output);
    return new Stateless(
        output,
        dOutput -> {
          pass.ops().scatterAdd(dOutput, trained(pass, ids), weight.grad());
          return null;
        });
  }

  /** The ids with -1, which gets no gradient, in place of the padding index. */
  private Indices trained(Pass pass, Indices ids) {
    if (paddingIndex == NO_PADDING) {
      return ids;
    }
    return pass.arena()
        .indices(Arrays.stream(ids.values()).map(id -> id == paddingIndex ? -1 : id).toArray());
  }
}
