// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.Arena;
import dev.unroll.Indices;
import dev.unroll.Ops;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import dev.unroll.nn.Pass;
import dev.unroll.nn.Sequential;
import dev.unroll.nn.State;
import dev.unroll.nn.Trace;
import dev.unroll.text.Sampler;
import dev.unroll.text.Vocabulary;
import java.util.Arrays;
import java.util.function.Consumer;

/** Lets a language model write, symbol by symbol, with a state of its own. */
final class TextGenerator {
  private static final int CHUNK = 256;
  private static final String BEGINNING = "\n";

  private final Ops ops;
  private final Sequential<Indices> network;
  private final Vocabulary vocabulary;

  TextGenerator(Ops ops, Sequential<Indices> network, Vocabulary vocabulary) {
    this.ops = ops;
    this.network = network;
    this.vocabulary = vocabulary;
  }

  /**
   * Reads a prompt and goes on from there.
   *
   * @param prompt what to go on from; empty for the beginning of a line
   * @param length number of symbols to write
   * @param sampler chooses each; its position counts the symbols of prompt and text
   * @param each takes each symbol as it is written
   * @throws IllegalArgumentException if the prompt has a symbol outside the vocabulary
   */
  void generate(String prompt, int length, Sampler sampler, Consumer<String> each) {
    int[] ids = prompt.isEmpty() ? beginning() : vocabulary.encode(prompt);
    try (Arena arena = ops.arena("generate")) {
      State state = network.zeroState(arena, 1);
      float[] logits = new float[vocabulary.size()];
      for (int from = 0; from < ids.length; from += CHUNK) {
        read(Arrays.copyOfRange(ids, from, Math.min(ids.length, from + CHUNK)), state, logits);
      }
      for (int i = 0; i < length; i++) {
        int next = sampler.next(logits, (long) ids.length + i);
        each.accept(vocabulary.symbol(next));
        if (i + 1 < length) {
          read(new int[] {next}, state, logits);
        }
      }
    }
  }

  /** Feeds symbols; the state moves on, and the logits are those of what follows the last. */
  private void read(int[] ids, State state, float[] logits) {
    try (Arena step = ops.arena("generate step")) {
      Pass pass = Pass.of(step, Steps.uniform(ids.length, 1));
      Trace trace = network.forward(pass, step.indices(ids), state);
      trace.finalState().copyTo(ops, state);
      Tensor output = trace.output();
      ops.read(output.rows(ids.length - 1, 1), logits);
    }
  }

  private int[] beginning() {
    try {
      return vocabulary.encode(BEGINNING);
    } catch (IllegalArgumentException e) {
      return new int[] {0};
    }
  }
}
