// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.Arena;
import dev.unroll.Indices;
import dev.unroll.Ops;
import dev.unroll.Steps;
import dev.unroll.nn.Dense;
import dev.unroll.nn.Embedding;
import dev.unroll.nn.Gru;
import dev.unroll.nn.Initializer;
import dev.unroll.nn.Model;
import dev.unroll.nn.Pass;
import dev.unroll.nn.Recurrent;
import dev.unroll.nn.Sequential;
import dev.unroll.nn.State;
import dev.unroll.nn.Trace;
import dev.unroll.text.BeamSearch;
import dev.unroll.text.TextGenerator;
import dev.unroll.text.Vocabulary;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Sequence to sequence without attention: a GRU reads all of the input, another one writes the
 * output, starting from the state of the first. Id 0 starts and ends the output.
 */
final class EncoderDecoder {
  private static final String STATE = "gru.h";
  private static final int EDGE = 0;

  private final Sequential<Indices> encoder;
  private final Sequential<Indices> decoder;

  EncoderDecoder(Arena arena, long seed, int symbols, int embedding, int hidden) {
    Initializer init = new Initializer(arena, seed);
    Recurrent.Shape shape = new Recurrent.Shape(embedding, hidden);
    this.encoder =
        Sequential.of("embedding", new Embedding(init, symbols, embedding))
            .then("gru", new Gru(init, shape));
    this.decoder =
        Sequential.of("embedding", new Embedding(init, symbols, embedding))
            .then("gru", new Gru(init, shape))
            .then("dense", new Dense(init, hidden, symbols));
  }

  /** Ids to states. */
  Sequential<Indices> encoder() {
    return encoder;
  }

  /** Ids written so far to logits of the next. */
  Sequential<Indices> decoder() {
    return decoder;
  }

  Model model() {
    Map<String, Model> parts = new LinkedHashMap<>();
    parts.put("encoder", encoder);
    parts.put("decoder", decoder);
    return Model.of(parts);
  }

  /** The decoder's first state. */
  static State start(Trace encoded) {
    return State.of(STATE, encoded.finalState().get(STATE));
  }

  /** The gradient of the encoder's last state, from that of the decoder's first. */
  static State end(State dStart) {
    return State.of(STATE, dStart.get(STATE));
  }

  /** The likeliest answer to one input that a beam search of that width finds; 1 is greedy. */
  int[] answer(Ops ops, Vocabulary vocabulary, int beam, int... input) {
    try (Arena arena = ops.arena("encode");
        TextGenerator generator = new TextGenerator(ops, decoder, vocabulary)) {
      Pass pass = Pass.of(arena, Steps.uniform(input.length, 1));
      Trace encoded = encoder.forward(pass, arena.indices(input), State.NONE);
      start(encoded).copyTo(ops, generator.state());
      generator.read(EDGE);
      int longest = 2 * input.length + 8;
      return generator.search(new BeamSearch(beam, longest, 0, EDGE)).get(0).ids();
    }
  }
}
