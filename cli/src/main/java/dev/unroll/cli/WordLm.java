// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.Arena;
import dev.unroll.CrossEntropy;
import dev.unroll.Indices;
import dev.unroll.Ops;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import dev.unroll.nn.Bias;
import dev.unroll.nn.Dense;
import dev.unroll.nn.Embedding;
import dev.unroll.nn.Initializer;
import dev.unroll.nn.LastStep;
import dev.unroll.nn.LossCheck;
import dev.unroll.nn.Losses;
import dev.unroll.nn.Lstm;
import dev.unroll.nn.Pass;
import dev.unroll.nn.Recurrent;
import dev.unroll.nn.Sequential;
import dev.unroll.nn.State;
import dev.unroll.nn.Trace;
import dev.unroll.text.Sampler;
import dev.unroll.text.Vocabulary;
import dev.unroll.train.Adam;
import dev.unroll.train.Batches;
import dev.unroll.train.Optimizer;
import dev.unroll.train.XRayReport;
import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * A word language model: from T words of a text it predicts the next. Embedding, two LSTMs and a
 * dense layer on the last step, cross-entropy from logits, Adam; with one bias for each gate and
 * 10000 words it has 4,769,552 weights.
 *
 * <p>The first 90 % of the text train, the rest is held out. What counts is the perplexity there,
 * e^(mean loss), beside that of the unigram model, which knows how frequent words are and no more.
 * With {@code --vocabulary byte-pairs} what stands here for a word is one of GPT-2's byte pairs.
 */
final class WordLm extends Session {
  private static final int WORDS = 10_000;
  private static final int EMBEDDING = 128;
  private static final int HIDDEN = 256;
  private static final double TRAINING_SHARE = 0.9;
  private static final int EVALUATED = 4096;
  private static final int CHUNK = 128;
  private static final long HORIZON = 2400;

  static final Recipe RECIPE =
      new Recipe(
          "word-lm",
          "Embedding, two LSTMs, Dense on the last step; Moby-Dick by words",
          "moby-dick.txt",
          TrainSettings.of("word-lm", 64, 16, 0.002, 1).with(VocabularyKind.WORDS),
          HORIZON,
          WordLm::new,
          WordLm::load);

  private final Vocabulary vocabulary;
  private final int[] words;
  private final int training;
  private final Batches batches;
  private final Sequential<Indices> network;
  private final Optimizer optimizer;

  WordLm(Arena model, TrainSettings settings, Corpus corpus) {
    super(model, settings);
    this.vocabulary = settings.vocabulary().of(corpus.text(), WORDS);
    this.words = vocabulary.encode(corpus.text());
    this.training = (int) (words.length * TRAINING_SHARE);
    int starts = training - settings.seq();
    if (starts < 1 || words.length - training <= settings.seq()) {
      throw new IllegalArgumentException(
          "has " + words.length + " words, too few for --seq " + settings.seq());
    }
    this.batches =
        new Batches(IntStream.range(0, starts).toArray(), settings.batch(), settings.seed());
    this.network =
        network(new Initializer(model, settings.seed()), vocabulary.size(), EMBEDDING, HIDDEN);
    LossCheck.warn(network, CrossEntropy.MEAN);
    this.optimizer = new Adam(model, network.parameters(), Adam.Settings.ADAM);
  }

  /** The network: ids [T*B] to logits [B, words]. */
  static Sequential<Indices> network(Initializer init, int words, int embedding, int hidden) {
    return Sequential.of("embedding", new Embedding(init, words, embedding))
        .then("lstm1", new Lstm(init, new Recurrent.Shape(embedding, hidden, 1, Bias.SINGLE)))
        .then("lstm2", new Lstm(init, new Recurrent.Shape(hidden, hidden, 1, Bias.SINGLE)))
        .then("last", new LastStep())
        .then("dense", new Dense(init, hidden, words));
  }

  @Override
  public Tensor run(Arena step, long number) {
    int[] starts = batches.at(number);
    Trace trace = forward(step, starts);
    Losses.Loss loss =
        Losses.crossEntropy(
            step, CrossEntropy.MEAN, trace.output(), step.indices(targets(starts)), null);
    trace.backwardToParameters(loss.gradient(), State.NONE);
    return loss.value();
  }

  private Trace forward(Arena arena, int... starts) {
    Steps steps = Steps.uniform(settings.seq(), starts.length);
    int[] ids = new int[steps.rows()];
    for (int t = 0; t < settings.seq(); t++) {
      for (int b = 0; b < starts.length; b++) {
        ids[t * starts.length + b] = words[starts[b] + t];
      }
    }
    return network.forward(settings.pass(Pass.of(arena, steps)), arena.indices(ids), State.NONE);
  }

  private int[] targets(int... starts) {
    return Arrays.stream(starts).map(s -> words[s + settings.seq()]).toArray();
  }

  @Override
  double evaluate() {
    int[] starts = heldOutStarts();
    double nats = 0;
    for (int[] chunk : TextExamples.groups(starts, CHUNK)) {
      try (Arena arena = ops.arena("held-out")) {
        Losses.Loss loss =
            Losses.crossEntropy(
                arena,
                CrossEntropy.MEAN,
                forward(arena, chunk).output(),
                arena.indices(targets(chunk)),
                null);
        nats += chunk.length * (double) ops.read(loss.value())[0];
      }
    }
    return StrictMath.exp(nats / starts.length);
  }

  @Override
  Map<String, XRayReport> xray() {
    int[] starts = Arrays.stream(heldOutStarts()).limit(LookBack.SEQUENCES).toArray();
    int[][] sequences =
        Arrays.stream(starts)
            .mapToObj(s -> Arrays.copyOfRange(words, s, s + settings.seq()))
            .toArray(int[][]::new);
    XRayReport report = LookBack.ofIds(ops, network, CrossEntropy.MEAN, sequences, targets(starts));
    return Map.of("lstm", report);
  }

  /** Places spread over the held-out text. */
  private int[] heldOutStarts() {
    int places = words.length - training - settings.seq();
    int count = Math.min(EVALUATED, places);
    return IntStream.range(0, count)
        .map(i -> training + (int) ((long) i * places / count))
        .toArray();
  }

  /** The perplexity of the same words for a model that knows the training frequencies only. */
  private double unigramPerplexity() {
    double[] counts = new double[vocabulary.size()];
    Arrays.fill(counts, 1);
    for (int i = 0; i < training; i++) {
      counts[words[i]]++;
    }
    double all = training + (double) counts.length;
    int[] targets = targets(heldOutStarts());
    double nats = 0;
    for (int word : targets) {
      nats -= StrictMath.log(counts[word] / all);
    }
    return StrictMath.exp(nats / targets.length);
  }

  @Override
  String sample(int length, long seed) {
    StringBuilder text = new StringBuilder();
    languageModel(ops, network, vocabulary)
        .write(
            "the",
            new Trained.Writing(length / 5, new Sampler(0.7, 0, 1, seed), 0, null),
            text::append);
    return text.toString();
  }

  private static LanguageModel languageModel(
      Ops ops, Sequential<Indices> network, Vocabulary vocabulary) {
    return new LanguageModel(ops, network, vocabulary, ".");
  }

  private static Trained load(Arena model, ModelFolder folder) throws IOException {
    Vocabulary vocabulary = VocabularyKind.load(folder.vocabulary());
    int embedding = folder.size("embedding");
    int hidden = folder.size("hidden");
    folder.requireShape("embedding.weight", vocabulary.size(), embedding);
    folder.requireShape("dense.weight", vocabulary.size(), hidden);
    Sequential<Indices> network =
        network(new Initializer(model, 0), vocabulary.size(), embedding, hidden);
    folder.read(model.ops(), network);
    return languageModel(model.ops(), network, vocabulary);
  }

  /** Half a cosine to a tenth. */
  @Override
  double learningRate(long step) {
    return settings.lr() * halfCosine(step, HORIZON, 0.1);
  }

  @Override
  Map<String, Object> sizes() {
    Map<String, Object> sizes = new LinkedHashMap<>();
    sizes.put("vocabulary", vocabulary.size());
    sizes.put("embedding", EMBEDDING);
    sizes.put("hidden", HIDDEN);
    return sizes;
  }

  @Override
  String metric() {
    return "perplexity";
  }

  @Override
  Optimizer optimizer() {
    return optimizer;
  }

  @Override
  Sequential<Indices> network() {
    return network;
  }

  @Override
  Vocabulary vocabulary() {
    return vocabulary;
  }

  @Override
  long stepsPerEpoch() {
    return batches.perEpoch();
  }

  @Override
  String data() {
    long unknown = Arrays.stream(words).filter(w -> w == 0).count();
    return "%d %s, %.1f %% not in the vocabulary, the last tenth held out; unigram perplexity %.1f"
        .formatted(
            words.length,
            settings.vocabulary(),
            100.0 * unknown / words.length,
            unigramPerplexity());
  }
}
