// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.Activation;
import dev.unroll.Arena;
import dev.unroll.Indices;
import dev.unroll.Ops;
import dev.unroll.Tensor;
import dev.unroll.nn.ActivationLayer;
import dev.unroll.nn.Dense;
import dev.unroll.nn.Dropout;
import dev.unroll.nn.Embedding;
import dev.unroll.nn.Gru;
import dev.unroll.nn.Initializer;
import dev.unroll.nn.Layer;
import dev.unroll.nn.Parameter;
import dev.unroll.nn.Pass;
import dev.unroll.nn.Ragged;
import dev.unroll.nn.Recurrent;
import dev.unroll.nn.RecurrentOptions;
import dev.unroll.nn.Sequential;
import dev.unroll.nn.State;
import dev.unroll.nn.Trace;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Word ids of ragged sentences to a probability for each: a GRU reads them in both directions, and
 * what both directions remember at their ends decides.
 */
final class SentimentNetwork implements Layer<Indices> {
  private static final String STATE = "gru.h";

  private final int hidden;
  private final Sequential<Indices> reader;
  private final Sequential<Tensor> judge;

  SentimentNetwork(Initializer init, int words, int embedding, int hidden, float dropout) {
    this.hidden = hidden;
    this.reader =
        Sequential.of("embedding", new Embedding(init, words, embedding))
            .then("dropout", new Dropout(init, dropout))
            .then(
                "gru",
                new Gru(
                    init,
                    new Recurrent.Shape(embedding, hidden),
                    RecurrentOptions.PLAIN.withBidirectional()));
    this.judge =
        Sequential.of("state_dropout", new Dropout(init, dropout))
            .then("dense", new Dense(init, 2 * hidden, 1))
            .then("sigmoid", new ActivationLayer(Activation.SIGMOID));
  }

  @Override
  public List<Parameter> parameters() {
    return Stream.concat(reader.parameters().stream(), judge.parameters().stream()).toList();
  }

  /** Its two halves by name. */
  Map<String, Sequential<?>> chains() {
    Map<String, Sequential<?>> chains = new LinkedHashMap<>();
    chains.put("reader", reader);
    chains.put("judge", judge);
    return chains;
  }

  @Override
  public Output output() {
    return judge.output();
  }

  @Override
  public Trace forward(Pass pass, Indices ids, State initial) {
    Trace read = reader.forward(pass, ids, initial);
    Tensor both = read.finalState().get(STATE);
    int batch = pass.steps().batch();
    Tensor ends = pass.arena().tensor(batch, 2 * hidden);
    for (int d = 0; d < 2; d++) {
      pass.ops().copy(both.rows(d * batch, batch), ends.cols(d * hidden, hidden));
    }
    Trace judged = judge.forward(pass, ends, State.NONE);
    return new Trace() {
      @Override
      public Tensor output() {
        return judged.output();
      }

      @Override
      public Gradients backward(Tensor dOutput, State dFinal) {
        Tensor dEnds = judged.backward(dOutput, State.NONE).input();
        Tensor dBoth = pass.arena().tensor(2, batch, hidden);
        for (int d = 0; d < 2; d++) {
          pass.ops().copy(dEnds.cols(d * hidden, hidden), dBoth.rows(d * batch, batch));
        }
        return read.backward(null, State.of(STATE, dBoth));
      }
    };
  }

  /** The probabilities of the texts asked for, in that order. */
  float[] probabilities(Ops ops, TextExamples examples, int... chosen) {
    try (Arena arena = ops.arena("judge")) {
      Ragged ragged = examples.ragged(chosen);
      Indices ids = arena.indices(examples.packed(ragged, chosen));
      float[] packed = ops.read(forward(Pass.of(arena, ragged), ids, State.NONE).output());
      float[] found = new float[chosen.length];
      int[] order = ragged.order();
      for (int i = 0; i < order.length; i++) {
        found[order[i]] = packed[i];
      }
      return found;
    }
  }
}
