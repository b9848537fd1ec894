// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.Indices;
import dev.unroll.Ops;
import dev.unroll.nn.Layer;
import dev.unroll.text.BeamSearch;
import dev.unroll.text.TextGenerator;
import dev.unroll.text.Vocabulary;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** A trained language model: goes on from a prompt, and says what it expects next. */
record LanguageModel(Ops ops, Layer<Indices> network, Vocabulary vocabulary, String beginning)
    implements Trained {
  private static final int LIKELIEST = 5;

  @Override
  public void check(String prompt) {
    vocabulary.encode(prompt);
  }

  @Override
  public void write(String prompt, Writing how, Consumer<String> each) {
    each.accept(prompt);
    try (TextGenerator generator = started(prompt)) {
      if (how.beam() == 0) {
        generator.write(how.length(), how.sampler(), how.stop(), each);
        return;
      }
      int[] best = generator.search(new BeamSearch(how.beam(), how.length(), 0, -1)).get(0).ids();
      String text = vocabulary.decode(best);
      int stop = how.stop() == null ? -1 : text.indexOf(how.stop());
      each.accept(stop < 0 ? text : text.substring(0, stop + how.stop().length()));
    }
  }

  /** The likeliest next symbols after a text. */
  @Override
  public Map<String, Object> predict(String line) {
    try (TextGenerator generator = started(line)) {
      List<Map<String, Object>> next = new ArrayList<>();
      for (BeamSearch.Hypothesis h : generator.search(new BeamSearch(LIKELIEST, 1, 0, -1))) {
        Map<String, Object> symbol = new LinkedHashMap<>();
        symbol.put("symbol", vocabulary.symbol(h.ids()[0]));
        symbol.put("probability", Math.exp(h.score()));
        next.add(symbol);
      }
      return Map.of("next", next);
    }
  }

  private TextGenerator started(String prompt) {
    int[] ids = vocabulary.encode(prompt.isEmpty() ? beginning : prompt);
    TextGenerator generator = new TextGenerator(ops, network, vocabulary);
    generator.read(ids.length == 0 ? new int[] {0} : ids);
    return generator;
  }
}
