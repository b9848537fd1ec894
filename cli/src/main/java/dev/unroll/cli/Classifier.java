// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.Arena;
import dev.unroll.Indices;
import dev.unroll.Ops;
import dev.unroll.Tensor;
import dev.unroll.nn.Layer;
import dev.unroll.nn.Pass;
import dev.unroll.nn.Ragged;
import dev.unroll.nn.State;
import dev.unroll.text.Vocabulary;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A network from texts to the log-probabilities of labels. */
record Classifier(Ops ops, Layer<Indices> network, List<String> labels) {
  /**
   * Judges texts.
   *
   * @return log-probabilities of the labels, for each text in the order asked for
   */
  float[][] scores(TextExamples examples, int... chosen) {
    try (Arena arena = ops.arena("classify")) {
      Ragged ragged = examples.ragged(chosen);
      Indices ids = arena.indices(examples.packed(ragged, chosen));
      Tensor output = network.forward(Pass.of(arena, ragged), ids, State.NONE).output();
      float[] all = ops.read(output);
      float[][] rows = new float[chosen.length][];
      int[] order = ragged.order();
      for (int i = 0; i < order.length; i++) {
        rows[order[i]] = Arrays.copyOfRange(all, i * output.cols(), (i + 1) * output.cols());
      }
      return rows;
    }
  }

  static int best(float... scores) {
    int best = 0;
    for (int i = 1; i < scores.length; i++) {
      best = scores[i] > scores[best] ? i : best;
    }
    return best;
  }

  /** The classifier for lines of text. */
  Trained over(Vocabulary vocabulary) {
    return Trained.predicting(
        line -> {
          int[] ids = vocabulary.encode(line);
          if (ids.length == 0) {
            throw new IllegalArgumentException("the line is empty; give a text");
          }
          return answer(scores(new TextExamples(new int[][] {ids}), 0)[0]);
        });
  }

  private Map<String, Object> answer(float... scores) {
    Map<String, Object> probabilities = new LinkedHashMap<>();
    for (int i = 0; i < scores.length; i++) {
      probabilities.put(labels.get(i), StrictMath.exp(scores[i]));
    }
    Map<String, Object> answer = new LinkedHashMap<>();
    answer.put("label", labels.get(best(scores)));
    answer.put("probabilities", probabilities);
    return answer;
  }
}
