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
 * @param recompute cell states are kept every so many steps, and computed once more on the way
 *     back: less memory, the same bits; 0: everything is kept at every step
 * @param truncate gradients of states end at every so many steps; 0: they run back through all
 */
public record Pass(
    Arena arena, Steps steps, Ragged ragged, Indices dropoutKey, int recompute, int truncate) {
  /**
   * An evaluation pass.
   *
   * @param arena takes all tensors of the pass
   * @param steps layout in time
   * @return the pass
   */
  public static Pass of(Arena arena, Steps steps) {
    return new Pass(arena, steps, null, null, 0, 0);
  }

  /**
   * An evaluation pass over sequences of different lengths.
   *
   * @param arena takes all tensors of the pass
   * @param ragged the lengths
   * @return the pass
   */
  public static Pass of(Arena arena, Ragged ragged) {
    return new Pass(arena, ragged.steps(), ragged, null, 0, 0);
  }

  /**
   * The same in training: dropout layers drop.
   *
   * @param seed seed of the run
   * @param step number of the training step; each has masks of its own
   * @return the pass
   */
  public Pass withDropout(long seed, long step) {
    return withDropout(arena.indices(dropoutKey(seed, step)));
  }

  /**
   * The same in training, with a key of the caller's: what a {@link dev.unroll.Recording} needs,
   * since the step is another in each of its runs.
   *
   * @param key [4], what {@link #dropoutKey} gives for each step
   * @return the pass
   */
  public Pass withDropout(Indices key) {
    return new Pass(arena, steps, ragged, key, recompute, truncate);
  }

  /**
   * Seed and step of dropout masks as operations take them.
   *
   * @param seed seed of the run
   * @param step number of the training step
   * @return the low and the high half of both
   */
  public static int[] dropoutKey(long seed, long step) {
    return new int[] {(int) seed, (int) (seed >>> 32), (int) step, (int) (step >>> 32)};
  }

  /**
   * The same with less memory in recurrent layers: the operands of the weight gradients are kept at
   * all steps, the gates in the memory that their gradients will take; cell states are kept every k
   * steps, and those between are computed again on the way back (T. Chen et al., 2016, over time).
   * All results have the same bits. Running back a second time computes the gates again as well.
   *
   * @param k steps, at least 1
   * @return the pass
   */
  public Pass withRecompute(int k) {
    requireSteps("recompute", k);
    return new Pass(arena, steps, ragged, dropoutKey, k, truncate);
  }

  /**
   * The same with truncated backpropagation through time: the forward pass runs through all steps,
   * but no gradient passes from step n * k to the step before it, in the direction of the run. With
   * k at least the number of steps it is full backpropagation, to the bit.
   *
   * @param k steps, at least 1
   * @return the pass
   */
  public Pass withTruncation(int k) {
    requireSteps("truncate", k);
    return new Pass(arena, steps, ragged, dropoutKey, recompute, k);
  }

  private static void requireSteps(String what, int k) {
    if (k < 1) {
      throw new IllegalArgumentException("pass: " + what + " must be at least 1 step: " + k);
    }
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
