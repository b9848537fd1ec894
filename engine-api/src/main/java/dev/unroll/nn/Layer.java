// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Arena;
import dev.unroll.Tensor;

/**
 * A part of a model: immutable settings and parameter tensors. Sequence tensors are time-major and
 * packed, [N, F] with N = {@code pass.steps().rows()}; {@link Ragged} brings other layouts into
 * that form.
 *
 * @param <I> what goes in: {@link Tensor}, or {@link dev.unroll.Indices} for an embedding
 */
public interface Layer<I> extends Model {
  /** What the numbers of an output are, as far as a loss must know. */
  enum Output {
    /** Any numbers. */
    SCORES,
    /** Probabilities, from a softmax or a sigmoid. */
    PROBABILITIES,
    /** Logarithms of probabilities. */
    LOG_PROBABILITIES,
    /** What the layer before gave, chosen or masked. */
    AS_INPUT
  }

  /**
   * What the output's numbers are.
   *
   * @return {@link Output#SCORES} unless the layer knows better
   */
  default Output output() {
    return Output.SCORES;
  }

  /**
   * A state of zeros, to be carried from pass to pass.
   *
   * @param arena owns the tensors
   * @param batch sequences in a batch, B
   * @return the state; {@link State#NONE} for a layer without one
   */
  default State zeroState(Arena arena, int batch) {
    return State.NONE;
  }

  /**
   * Computes the output.
   *
   * @param pass where and over which steps
   * @param input what goes in
   * @param initial state before the first step; names that are absent are zeros
   * @return output, final state and what the gradient needs
   */
  Trace forward(Pass pass, I input, State initial);
}
