// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.Arena;
import dev.unroll.Indices;
import dev.unroll.Ops;
import dev.unroll.Steps;
import dev.unroll.nn.Dense;
import dev.unroll.nn.Embedding;
import dev.unroll.nn.EncoderDecoder;
import dev.unroll.nn.Gru;
import dev.unroll.nn.Initializer;
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

/** The network of the recipe reverse. Id 0 starts and ends what the decoder writes. */
final class ReverseNetwork {
  private static final int EDGE = 0;

  private final Sequential<Indices> encoder;
  private final Sequential<Indices> decoder;
  private final EncoderDecoder<Indices, Indices> layer;

  ReverseNetwork(Arena arena, long seed, int symbols, int embedding, int hidden) {
    Initializer init = new Initializer(arena, seed);
    Recurrent.Shape shape = new Recurrent.Shape(embedding, hidden);
    this.encoder =
        Sequential.of("embedding", new Embedding(init, symbols, embedding))
            .then("gru", new Gru(init, shape));
    this.decoder =
        Sequential.of("embedding", new Embedding(init, symbols, embedding))
            .then("gru", new Gru(init, shape))
            .then("dense", new Dense(init, hidden, symbols));
    this.layer = new EncoderDecoder<>(encoder, decoder);
  }

  /** Both, for training. */
  EncoderDecoder<Indices, Indices> layer() {
    return layer;
  }

  /** Both by name. */
  Map<String, Sequential<?>> chains() {
    Map<String, Sequential<?>> chains = new LinkedHashMap<>();
    chains.put("encoder", encoder);
    chains.put("decoder", decoder);
    return chains;
  }

  /** The likeliest answer to one input that a beam search of that width finds; 1 is greedy. */
  int[] answer(Ops ops, Vocabulary vocabulary, int beam, int... input) {
    try (Arena arena = ops.arena("encode");
        TextGenerator generator = new TextGenerator(ops, decoder, vocabulary)) {
      Pass pass = Pass.of(arena, Steps.uniform(input.length, 1));
      Trace encoded = encoder.forward(pass, arena.indices(input), State.NONE);
      encoded.finalState().copyTo(ops, generator.state());
      generator.read(EDGE);
      int longest = 2 * input.length + 8;
      return generator.search(new BeamSearch(beam, longest, 0, EDGE)).get(0).ids();
    }
  }
}
