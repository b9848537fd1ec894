// SPDX-License-Identifier: Apache-2.0

package dev.unroll.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.unroll.Arena;
import dev.unroll.Backends;
import dev.unroll.Indices;
import dev.unroll.Ops;
import dev.unroll.Steps;
import dev.unroll.nn.Dense;
import dev.unroll.nn.Embedding;
import dev.unroll.nn.Initializer;
import dev.unroll.nn.Lstm;
import dev.unroll.nn.Pass;
import dev.unroll.nn.Recurrent;
import dev.unroll.nn.Sequential;
import dev.unroll.nn.State;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TextGeneratorTest {
  private static final Vocabulary LETTERS = CharVocabulary.of("abcd");
  private static final int SYMBOLS = 4;
  private static final int[] PROMPT = {2, 0, 1};

  private Ops ops;
  private Arena arena;
  private Sequential<Indices> network;

  @BeforeEach
  void open() {
    ops = Backends.open("cpu-scalar");
    arena = ops.arena("test");
    Initializer init = new Initializer(arena, 5);
    network =
        Sequential.of("embedding", new Embedding(init, SYMBOLS, 3))
            .then("lstm", new Lstm(init, new Recurrent.Shape(3, 6)))
            .then("dense", new Dense(init, 6, SYMBOLS));
    // Larger weights make distributions that differ from symbol to symbol.
    network.parameters().forEach(p -> ops.axpby(0, p.value(), 3, p.value()));
  }

  @AfterEach
  void close() {
    arena.close();
    ops.close();
  }

  private TextGenerator started() {
    TextGenerator generator = new TextGenerator(ops, network, LETTERS);
    generator.read(PROMPT);
    return generator;
  }

  @Test
  void readingAndWritingMayGoOnInTurns() {
    StringBuilder streamed = new StringBuilder();
    try (TextGenerator whole = started();
        TextGenerator parts = started()) {
      String once = whole.write(12, new Sampler(1, 0, 1, 4), null, streamed::append);
      String first = parts.write(5, new Sampler(1, 0, 1, 4), null, s -> {});
      String second = parts.write(7, new Sampler(1, 0, 1, 4), null, s -> {});

      assertThat(once).hasSize(12).isEqualTo(streamed.toString()).isEqualTo(first + second);
    }
  }

  @Test
  void aPromptOfManyChunksIsReadAsOne() {
    int[] text = IntStream.range(0, 700).map(i -> i * i % SYMBOLS).toArray();
    try (TextGenerator generator = new TextGenerator(ops, network, LETTERS)) {
      generator.read(text);
      Pass pass = Pass.of(arena, Steps.uniform(text.length, 1));
      State last = network.forward(pass, arena.indices(text), State.NONE).finalState();
      last.tensors()
          .forEach(
              (name, t) ->
                  assertThat(ops.read(generator.state().get(name))).isEqualTo(ops.read(t)));
    }
  }

  @Test
  void stopsAfterAText() {
    try (TextGenerator generator = started()) {
      String text = generator.write(500, new Sampler(2, 0, 1, 1), "ab", s -> {});
      assertThat(text).endsWith("ab").hasSizeLessThan(500);
      assertThat(text.indexOf("ab")).isEqualTo(text.length() - 2);
    }
  }

  /** All texts of a length with their log-probabilities, the likeliest first. */
  private List<BeamSearch.Hypothesis> everything(int length) {
    List<BeamSearch.Hypothesis> all = new ArrayList<>();
    for (int code = 0; code < Math.pow(SYMBOLS, length); code++) {
      int[] ids = new int[length];
      for (int i = 0, rest = code; i < length; i++, rest /= SYMBOLS) {
        ids[i] = rest % SYMBOLS;
      }
      all.add(new BeamSearch.Hypothesis(ids, logProbability(ids), false));
    }
    all.sort(Comparator.comparingDouble(h -> -h.score()));
    return all;
  }

  private double logProbability(int... ids) {
    int[] text = new int[PROMPT.length + ids.length];
    System.arraycopy(PROMPT, 0, text, 0, PROMPT.length);
    System.arraycopy(ids, 0, text, PROMPT.length, ids.length);
    Pass pass = Pass.of(arena, Steps.uniform(text.length, 1));
    float[] logits = ops.read(network.forward(pass, arena.indices(text), State.NONE).output());
    double sum = 0;
    for (int i = 0; i < ids.length; i++) {
      int row = (PROMPT.length - 1 + i) * SYMBOLS;
      double exps = 0;
      for (int c = 0; c < SYMBOLS; c++) {
        exps += Math.exp(logits[row + c]);
      }
      sum += logits[row + ids[i]] - Math.log(exps);
    }
    return sum;
  }

  @Test
  void aBeamThatHoldsEverythingFindsTheLikeliestTexts() {
    List<BeamSearch.Hypothesis> truth = everything(3);
    try (TextGenerator generator = started()) {
      List<BeamSearch.Hypothesis> found = generator.search(new BeamSearch(64, 3, 0, -1));
      assertThat(found).hasSize(64);
      for (int i = 0; i < 5; i++) {
        assertThat(found.get(i).ids()).isEqualTo(truth.get(i).ids());
        assertThat(found.get(i).score()).isCloseTo(truth.get(i).score(), within(1e-5));
      }
    }
  }

  @Test
  void oneBeamIsGreedyAndLeavesTheStateAlone() {
    try (TextGenerator generator = started()) {
      int[] greedy = generator.search(new BeamSearch(1, 9, 0, -1)).get(0).ids();
      assertThat(generator.search(new BeamSearch(1, 9, 0, -1)).get(0).ids()).isEqualTo(greedy);
      assertThat(generator.write(9, new Sampler(0, 0, 1, 1), null, s -> {}))
          .isEqualTo(LETTERS.decode(greedy));
    }
  }

  /** A search that takes the end for an answer as soon as it is the second best stops too early. */
  @Test
  void oneBeamIsGreedyWhereATextMayEnd() {
    try (TextGenerator generator = started();
        TextGenerator writer = started()) {
      String greedy = writer.write(9, new Sampler(0, 0, 1, 1), null, s -> {});
      for (int end = 0; end < SYMBOLS; end++) {
        int at = greedy.indexOf(LETTERS.symbol(end));
        BeamSearch.Hypothesis found = generator.search(new BeamSearch(1, 9, 0, end)).get(0);
        assertThat(LETTERS.decode(found.ids()))
            .isEqualTo(at < 0 ? greedy : greedy.substring(0, at));
        assertThat(found.finished()).isEqualTo(at >= 0);
      }
    }
  }

  @Test
  void theEndingSymbolEndsATextAndThePenaltyFavoursLongOnes() {
    try (TextGenerator generator = started()) {
      for (BeamSearch.Hypothesis h : generator.search(new BeamSearch(3, 6, 0, 3))) {
        assertThat(h.ids()).doesNotContain(3);
        assertThat(h.finished() || h.ids().length == 6).isTrue();
      }
      int shortest = generator.search(new BeamSearch(4, 6, 0, 3)).get(0).ids().length;
      int longest = generator.search(new BeamSearch(4, 6, 3, 3)).get(0).ids().length;
      assertThat(longest).isGreaterThanOrEqualTo(shortest);
    }
  }

  @Test
  void refusesWhatMakesNoSense() {
    try (TextGenerator generator = new TextGenerator(ops, network, LETTERS)) {
      assertThatThrownBy(() -> generator.write(1, new Sampler(1, 0, 1, 1), null, s -> {}))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("read");
      assertThatThrownBy(generator::read).hasMessageContaining("nothing to read");
    }
    assertThatThrownBy(() -> new BeamSearch(0, 1, 0, -1)).hasMessageContaining("width");
    assertThatThrownBy(() -> new BeamSearch(1, 1, Double.NaN, -1)).hasMessageContaining("penalty");
  }
}
