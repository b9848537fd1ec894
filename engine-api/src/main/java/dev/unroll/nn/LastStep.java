// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Indices;
import dev.unroll.Tensor;
import java.util.List;

/**
 * Keeps the last step of each sequence: [N, F] becomes [B, F], in the order of the packed sequences
 * ({@link Ragged#toCaller} brings the caller's back). A sequence of no steps gives zeros.
 */
public record LastStep() implements Layer<Tensor> {
  @Override
  public List<Parameter> parameters() {
    return List.of();
  }

  @Override
  public Output output() {
    return Output.AS_INPUT;
  }

  /**
   * Takes the last step of each sequence.
   *
   * @param pass where to run, and the layout in time
   * @param x [N, F]
   * @param initial not used
   * @return output [B, F]
   */
  @Override
  public Trace forward(Pass pass, Tensor x, State initial) {
    int batch = pass.steps().batch();
    // State tensors have B rows of initial state in front, which are none of the sequence's.
    int[] rows = pass.steps().finalRows();
    for (int b = 0; b < batch; b++) {
      rows[b] = rows[b] < batch ? -1 : rows[b] - batch;
    }
    Indices last = pass.arena().indices(rows);
    Tensor y = pass.arena().tensor(batch, x.cols());
    pass.ops().gather(x, last, y);
    return new Stateless(
        y,
        dy -> {
          Tensor dx = pass.arena().tensor(x.rows(), x.cols());
          pass.ops().fill(0, dx);
          pass.ops().scatterAdd(dy, last, dx);
          return dx;
        });
  }
}
