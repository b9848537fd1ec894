// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Indices;
import dev.unroll.Ops;
import dev.unroll.Tensor;
import java.util.List;

/**
 * Inverted dropout: in training an element is set to zero with probability p, else divided by 1 -
 * p; in evaluation the input passes. The mask depends on seed, step, layer and the element's place
 * in the caller's batch, not on how sequences were sorted.
 */
public final class Dropout implements Layer<Tensor> {
  private final float p;
  private final int stream;

  /**
   * A layer with random numbers of its own.
   *
   * @param init numbers the dropout layers of a model
   * @param p probability of dropping, 0 to below 1
   */
  public Dropout(Initializer init, float p) {
    if (!(p >= 0 && p < 1)) {
      throw new IllegalArgumentException("dropout: p must be at least 0 and below 1: " + p);
    }
    this.p = p;
    this.stream = init.dropoutStream();
  }

  @Override
  public List<Parameter> parameters() {
    return List.of();
  }

  @Override
  public Output output() {
    return Output.AS_INPUT;
  }

  /**
   * Drops elements if the pass has a dropout key.
   *
   * @param pass where to run, and the key
   * @param x [N, F] or [B, F]
   * @param initial not used
   * @return output, of the shape of x
   */
  @Override
  public Trace forward(Pass pass, Tensor x, State initial) {
    if (pass.dropoutKey() == null || p == 0) {
      return new Stateless(x, dy -> dy);
    }
    Ops ops = pass.ops();
    Indices rowIds =
        pass.ragged() == null ? null : pass.arena().indices(pass.ragged().rowIds(x.rows()));
    Tensor y = pass.arena().tensor(x.rows(), x.cols());
    ops.dropout(p, pass.dropoutKey(), stream, rowIds, x, y);
    return new Stateless(
        y,
        dy -> {
          Tensor dx = pass.arena().tensor(x.rows(), x.cols());
          ops.dropout(p, pass.dropoutKey(), stream, rowIds, dy, dx);
          return dx;
        });
  }
}
