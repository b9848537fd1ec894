// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Arena;
import dev.unroll.Indices;
import dev.unroll.Ops;
import dev.unroll.Steps;

/**
 * What one forward pass and its gradient run with. Nothing else about a call is remembered
 * anywhere.
 *
 * @param arena takes all tensors that the pass makes; they die when it closes
 * @param steps layout of the sequence rows in time
 * @param ragged how the sequences were ordered by length; null if they stand as the caller gave
 *     them
 * @param dropoutKey [4], seed and step of the dropout masks; null in evaluation: nothing is dropped
 */
public record Pass(Arena arena, Steps steps, Ragged ragged, Indices dropoutKey) {
  /**
   * An evaluation pass.
   *
   * @param arena takes all tensors of the pass
   * @param steps layout in time
   * @return the pass
   */
  public static Pass of(Arena arena, Steps steps) {
    return new Pass(arena, steps, null, null);
  }

  /**
   * An evaluation pass over sequences of different lengths.
   *
   * @param arena takes all tensors of the pass
   * @param ragged the lengths
   * @return the pass
   */
  public static Pass of(Arena arena, Ragged ragged) {
    return new Pass(arena, ragged.steps(), ragged, null);
  }

  /**
   * The same in training: dropout layers drop.
   *
   * @param seed seed of the run
   * @param step number of the training step; each has masks of its own
   * @return the pass
   */
  public Pass withDropout(long seed, long step) {
    int[] key = {(int) seed, (int) (seed >>> 32), (int) step, (int) (step >>> 32)};
    return new Pass(arena, steps, ragged, arena.indices(key));
  }

  /**
   * Where it runs.
   *
   * @return the operations of the arena
   */
  public Ops ops() {
    return arena.ops();
  }
}
