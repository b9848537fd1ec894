// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.Arena;
import dev.unroll.CrossEntropy;
import dev.unroll.Indices;
import dev.unroll.Ops;
import dev.unroll.Steps;
import dev.unroll.nn.Losses;
import dev.unroll.nn.Pass;
import dev.unroll.nn.Sequential;
import dev.unroll.nn.State;
import dev.unroll.nn.Trace;

/**
 * The quality of a language model on text it was not trained on. The text is read in order with
 * carried state, as several streams of equal length; how many depends on the text alone.
 */
final class HeldOut {
  private static final int STREAMS = 32;
  private static final int CHUNK = 64;

  private HeldOut() {}

  /**
   * Mean cross-entropy of the next token.
   *
   * @param tokens at least two
   * @return nats for each token
   */
  static double meanCrossEntropy(Ops ops, Sequential<Indices> network, int[] tokens) {
    int streams = Math.max(1, Math.min(STREAMS, (tokens.length - 1) / CHUNK));
    int length = (tokens.length - 1) / streams;
    double nats = 0;
    try (Arena arena = ops.arena("held-out")) {
      State carried = network.zeroState(arena, streams);
      for (int from = 0; from < length; from += CHUNK) {
        int count = Math.min(CHUNK, length - from);
        int[] inputs = rows(tokens, streams, length, from, count);
        int[] targets = rows(tokens, streams, length, from + 1, count);
        nats +=
            count * chunk(ops, network, carried, Steps.uniform(count, streams), inputs, targets);
      }
    }
    return nats / length;
  }

  /** Mean loss of one chunk; the state moves on. */
  private static double chunk(
      Ops ops,
      Sequential<Indices> network,
      State carried,
      Steps steps,
      int[] inputs,
      int[] targets) {
    try (Arena step = ops.arena("held-out chunk")) {
      Trace trace = network.forward(Pass.of(step, steps), step.indices(inputs), carried);
      Losses.Loss loss =
          Losses.crossEntropy(step, CrossEntropy.MEAN, trace.output(), step.indices(targets), null);
      trace.finalState().copyTo(ops, carried);
      return ops.read(loss.value())[0];
    }
  }

  /** Time-major: row t * streams + b is token t of stream b. */
  private static int[] rows(int[] tokens, int streams, int length, int from, int count) {
    int[] rows = new int[count * streams];
    for (int t = 0; t < count; t++) {
      for (int b = 0; b < streams; b++) {
        rows[t * streams + b] = tokens[b * length + from + t];
      }
    }
    return rows;
  }
}
