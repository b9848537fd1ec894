// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.CrossEntropy;
import dev.unroll.ElementLoss;
import dev.unroll.Indices;
import dev.unroll.Ops;
import dev.unroll.Reduction;
import dev.unroll.Tensor;
import dev.unroll.nn.Losses;
import dev.unroll.nn.Sequential;
import dev.unroll.train.XRay;
import dev.unroll.train.XRayReport;
import java.util.Arrays;

/** Looks into back-propagation from a loss at the last step alone: how far back it reaches. */
final class LookBack {
  /** Sequences side by side, where there are so many. */
  static final int SEQUENCES = 32;

  private LookBack() {}

  /**
   * From the loss of a classifier, or of a model of the next symbol.
   *
   * @param spec the loss of what the network puts out
   * @param sequences [B][T] ids of equal length T, 2 or more
   * @param targets [B] class numbers
   */
  static XRayReport ofIds(
      Ops ops, Sequential<Indices> network, CrossEntropy spec, int[][] sequences, int... targets) {
    int last = sequences[0].length - 1;
    return XRay.take(
        ops,
        network,
        last + 1,
        targets.length,
        (arena, t) -> arena.indices(Arrays.stream(sequences).mapToInt(s -> s[t]).toArray()),
        (arena, t, scores) ->
            t < last
                ? null
                : Losses.crossEntropy(arena, spec, scores, arena.indices(targets), null)
                    .gradient());
  }

  /**
   * From the squared error of one number.
   *
   * @param width columns of the inputs
   * @param inputs [T*B, width], time-major; T is 2 or more
   * @param targets [B, 1]
   */
  static XRayReport ofNumbers(
      Ops ops, Sequential<Tensor> network, int width, float[] inputs, float... targets) {
    int batch = targets.length;
    int row = width * batch;
    int last = inputs.length / row - 1;
    return XRay.take(
        ops,
        network,
        last + 1,
        batch,
        (arena, t) ->
            arena.tensor(Arrays.copyOfRange(inputs, t * row, (t + 1) * row), batch, width),
        (arena, t, found) ->
            t < last
                ? null
                : Losses.elementwise(
                        arena,
                        ElementLoss.SQUARED,
                        Reduction.MEAN,
                        found,
                        arena.tensor(targets, batch, 1))
                    .gradient());
  }
}
