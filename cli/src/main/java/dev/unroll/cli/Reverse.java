// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.Arena;
import dev.unroll.CrossEntropy;
import dev.unroll.Indices;
import dev.unroll.Ops;
import dev.unroll.Philox;
import dev.unroll.Tensor;
import dev.unroll.nn.EncoderDecoder;
import dev.unroll.nn.Losses;
import dev.unroll.nn.Model;
import dev.unroll.nn.Pass;
import dev.unroll.nn.Ragged;
import dev.unroll.nn.Sequential;
import dev.unroll.nn.State;
import dev.unroll.nn.Trace;
import dev.unroll.text.CharVocabulary;
import dev.unroll.text.Vocabulary;
import dev.unroll.train.Adam;
import dev.unroll.train.Batches;
import dev.unroll.train.Optimizer;
import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Translation in small: an encoder reads a random word, a decoder that starts from the encoder's
 * last state writes it backwards. Words have up to {@code --seq} letters and are new at each step.
 */
final class Reverse extends Session {
  private static final int EMBEDDING = 32;
  private static final int HIDDEN = 192;
  private static final int HELD_OUT = 500;
  private static final long HORIZON = 5000;
  private static final long OUT_OF_TRAINING = 1L << 40;
  private static final int DATA = Philox.stream(Philox.DATA, Batches.FREE_INSTANCE);

  /** The sign that starts and ends what the decoder writes; it sorts before all letters. */
  private static final String EDGE = " ";

  private static final String LETTERS = "abcdefghijklmnopqrstuvwxyz";

  static final Recipe RECIPE =
      new Recipe(
          "reverse",
          "encoder-decoder that writes a word backwards; generated words",
          null,
          TrainSettings.of("reverse", 64, 8, 0.004, 1),
          HORIZON,
          Reverse::new,
          Reverse::load);

  private final Vocabulary vocabulary = CharVocabulary.of(EDGE + LETTERS);
  private final ReverseNetwork network;
  private final Optimizer optimizer;

  Reverse(Arena model, TrainSettings settings, Corpus none) {
    super(model, settings);
    this.network = new ReverseNetwork(model, settings.seed(), vocabulary.size(), EMBEDDING, HIDDEN);
    this.optimizer = new Adam(model, network.layer().parameters(), Adam.Settings.ADAM);
  }

  /** Random words of 1 to {@code --seq} letters, as ids. */
  private int[][] words(int count, long step) {
    int longest = settings.seq();
    return IntStream.range(0, count)
        .mapToObj(
            w -> {
              int at = w * (longest + 1);
              int length = 1 + (int) (uniform(step, at) * longest);
              return IntStream.rangeClosed(1, length)
                  .map(i -> 1 + (int) (uniform(step, at + i) * LETTERS.length()))
                  .toArray();
            })
        .toArray(int[][]::new);
  }

  private float uniform(long step, int index) {
    return Philox.uniform(settings.seed(), DATA, step, index);
  }

  private static int[] reversed(int... word) {
    return IntStream.range(0, word.length).map(i -> word[word.length - 1 - i]).toArray();
  }

  /** What the decoder reads, the edge and then the answer, or has to write: the edge comes last. */
  private static int[] withEdge(boolean before, int... word) {
    int[] longer = new int[word.length + 1];
    System.arraycopy(word, 0, longer, before ? 1 : 0, word.length);
    return longer;
  }

  /** Teacher forcing: the decoder reads the right answer, one letter late. */
  @Override
  public Tensor run(Arena step, long number) {
    int[][] words = words(settings.batch(), number);
    int[][] answers =
        IntStream.range(0, words.length).mapToObj(w -> reversed(words[w])).toArray(int[][]::new);
    Ragged in = Ragged.of(lengths(words, 0));
    Ragged out = Ragged.of(lengths(words, 1));
    Trace trace =
        network
            .layer()
            .forward(
                settings.pass(Pass.of(step, out)),
                new EncoderDecoder.Pair<>(
                    settings.pass(Pass.of(step, in)),
                    step.indices(in.pack(words)),
                    step.indices(out.pack(map(answers, true)))),
                State.NONE);
    Indices targets = step.indices(out.pack(map(answers, false)));
    Losses.Loss loss = Losses.crossEntropy(step, CrossEntropy.MEAN, trace.output(), targets, null);
    trace.backwardToParameters(loss.gradient(), State.NONE);
    return loss.value();
  }

  private static int[] lengths(int[][] words, int more) {
    return IntStream.range(0, words.length).map(w -> words[w].length + more).toArray();
  }

  private static int[][] map(int[][] answers, boolean before) {
    return IntStream.range(0, answers.length)
        .mapToObj(w -> withEdge(before, answers[w]))
        .toArray(int[][]::new);
  }

  /** The share of words that the greedy decoder writes backwards without a mistake. */
  @Override
  double evaluate() {
    int[][] words = words(HELD_OUT, OUT_OF_TRAINING);
    int right = 0;
    for (int[] word : words) {
      right += Arrays.equals(network.answer(ops, vocabulary, 1, word), reversed(word)) ? 1 : 0;
    }
    return right / (double) words.length;
  }

  @Override
  String sample(int length, long seed) {
    StringBuilder text = new StringBuilder();
    for (int[] word : words(6, OUT_OF_TRAINING + seed)) {
      text.append(
          "%-12s %s%n"
              .formatted(
                  vocabulary.decode(word),
                  vocabulary.decode(network.answer(ops, vocabulary, 1, word))));
    }
    return text.toString();
  }

  private static Trained load(Arena model, ModelFolder folder) throws IOException {
    Vocabulary vocabulary = CharVocabulary.load(folder.vocabulary());
    int embedding = folder.size("embedding");
    int hidden = folder.size("hidden");
    folder.requireShape("encoder.embedding.weight", vocabulary.size(), embedding);
    folder.requireShape("decoder.dense.weight", vocabulary.size(), hidden);
    ReverseNetwork network = new ReverseNetwork(model, 0, vocabulary.size(), embedding, hidden);
    folder.read(model.ops(), network.layer());
    return new Translator(model.ops(), network, vocabulary);
  }

  /** The trained network at work. */
  private record Translator(Ops ops, ReverseNetwork network, Vocabulary vocabulary)
      implements Trained {
    private static final int BEAM = 4;

    @Override
    public void check(String prompt) {
      if (vocabulary.encode(prompt).length == 0) {
        throw new IllegalArgumentException("there is no word; give one with --prompt");
      }
    }

    @Override
    public void write(String prompt, Writing how, Consumer<String> each) {
      each.accept(answer(prompt, Math.max(1, how.beam())));
    }

    @Override
    public Map<String, Object> predict(String line) {
      check(line);
      Map<String, Object> answer = new LinkedHashMap<>();
      answer.put("greedy", answer(line, 1));
      answer.put("beam", answer(line, BEAM));
      return answer;
    }

    private String answer(String word, int beam) {
      return vocabulary.decode(network.answer(ops, vocabulary, beam, vocabulary.encode(word)));
    }
  }

  /** Half a cosine to a hundredth. */
  @Override
  double learningRate(long step) {
    return settings.lr() * halfCosine(step, HORIZON, 0.01);
  }

  @Override
  Map<String, Object> sizes() {
    Map<String, Object> sizes = new LinkedHashMap<>();
    sizes.put("embedding", EMBEDDING);
    sizes.put("hidden", HIDDEN);
    return sizes;
  }

  @Override
  String metric() {
    return "exact_match";
  }

  @Override
  boolean largerIsBetter() {
    return true;
  }

  @Override
  Optimizer optimizer() {
    return optimizer;
  }

  @Override
  Model network() {
    return network.layer();
  }

  @Override
  Map<String, Sequential<?>> chains() {
    return network.chains();
  }

  @Override
  Vocabulary vocabulary() {
    return vocabulary;
  }

  @Override
  long stepsPerEpoch() {
    return HORIZON;
  }

  @Override
  int tokensPerStep() {
    return settings.batch() * (settings.seq() + 1) / 2;
  }

  @Override
  String data() {
    return "random words of 1 to " + settings.seq() + " letters, new ones at each step";
  }
}
