// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.Arena;
import dev.unroll.CrossEntropy;
import dev.unroll.Indices;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import dev.unroll.nn.Dense;
import dev.unroll.nn.Embedding;
import dev.unroll.nn.Initializer;
import dev.unroll.nn.LossCheck;
import dev.unroll.nn.Losses;
import dev.unroll.nn.Lstm;
import dev.unroll.nn.Pass;
import dev.unroll.nn.Recurrent;
import dev.unroll.nn.Sequential;
import dev.unroll.nn.State;
import dev.unroll.nn.Trace;
import dev.unroll.text.CharVocabulary;
import dev.unroll.text.Sampler;
import dev.unroll.text.StreamBatches;
import dev.unroll.text.Vocabulary;
import dev.unroll.train.Adam;
import dev.unroll.train.Optimizer;
import dev.unroll.train.XRayReport;
import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A character language model: from each character of a text it predicts the next. Embedding, LSTM
 * and a dense layer give one logit for each character of the vocabulary; the loss is the mean
 * cross-entropy over all steps.
 *
 * <p>Training is truncated back-propagation through time: B streams of the text are read T
 * characters at a time; gradients stop at the edges of such a batch, the LSTM's state goes on. The
 * first 90 % of the text train, the rest is held out.
 */
final class CharLm extends Session {
  private static final int EMBEDDING = 64;
  private static final int HIDDEN = 128;
  private static final double TRAINING_SHARE = 0.9;

  /** The learning rate rises to its peak in the warm-up and falls to its floor at the horizon. */
  private static final long WARM_UP = 100;

  private static final long HORIZON = 6000;
  private static final double FLOOR = 0.01;

  /** The default recipe. */
  static final Recipe RECIPE =
      new Recipe(
          "char-lm",
          "Embedding, LSTM, Dense: predicts the next character; Moby-Dick",
          "moby-dick.txt",
          TrainSettings.of("char-lm", 32, 64, 0.004, 1),
          HORIZON,
          CharLm::new,
          CharLm::load);

  private final Vocabulary vocabulary;
  private final Sequential<Indices> network;
  private final Optimizer optimizer;
  private final State carried;
  private final Steps steps;
  private final StreamBatches batches;
  private final int[] inputs;
  private final int[] targets;
  private final Indices inputIds;
  private final Indices targetIds;
  private final int[] heldOut;

  CharLm(Arena model, TrainSettings settings, Corpus corpus) {
    this(model, settings, corpus, EMBEDDING, HIDDEN);
  }

  /** The same with a network of another size. */
  CharLm(Arena model, TrainSettings settings, Corpus corpus, int embedding, int hidden) {
    super(model, settings);
    this.vocabulary = CharVocabulary.of(corpus.text());
    int[] tokens = vocabulary.encode(corpus.text());
    int training = (int) (tokens.length * TRAINING_SHARE);
    this.batches =
        new StreamBatches(Arrays.copyOf(tokens, training), settings.batch(), settings.seq());
    if (tokens.length - training < 2) {
      throw new IllegalArgumentException(
          "the held-out tenth of the text has fewer than 2 characters; use more text");
    }
    this.heldOut = Arrays.copyOfRange(tokens, training, tokens.length);
    this.network =
        network(new Initializer(model, settings.seed()), vocabulary.size(), embedding, hidden);
    LossCheck.warn(network, CrossEntropy.MEAN);
    this.optimizer = new Adam(model, network.parameters(), Adam.Settings.ADAM);
    this.carried = network.zeroState(model, settings.batch());
    this.steps = Steps.uniform(settings.seq(), settings.batch());
    this.inputs = new int[steps.rows()];
    this.targets = new int[steps.rows()];
    this.inputIds = model.indices(inputs);
    this.targetIds = model.indices(targets);
  }

  /** The network: ids [T*B] to logits [T*B, vocabulary]. */
  static Sequential<Indices> network(Initializer init, int vocabulary, int embedding, int hidden) {
    return Sequential.of("embedding", new Embedding(init, vocabulary, embedding))
        .then("lstm", new Lstm(init, new Recurrent.Shape(embedding, hidden)))
        .then("dense", new Dense(init, hidden, vocabulary));
  }

  private static LanguageModel load(Arena model, ModelFolder folder) throws IOException {
    Vocabulary vocabulary = CharVocabulary.load(folder.vocabulary());
    folder.requireSize("vocabulary", vocabulary.size());
    int embedding = folder.size("embedding");
    int hidden = folder.size("hidden");
    folder.requireShape("embedding.weight", vocabulary.size(), embedding);
    folder.requireShape("dense.weight", vocabulary.size(), hidden);
    folder.requireShape("lstm.weight_hh_l0", 4 * hidden, hidden);
    Sequential<Indices> network =
        network(new Initializer(model, 0), vocabulary.size(), embedding, hidden);
    folder.read(model.ops(), network);
    return new LanguageModel(model.ops(), network, vocabulary, beginning(vocabulary));
  }

  /** A text starts as a line does, where the vocabulary has line ends. */
  private static String beginning(Vocabulary vocabulary) {
    try {
      vocabulary.id("\n");
      return "\n";
    } catch (IllegalArgumentException e) {
      return vocabulary.symbol(0);
    }
  }

  @Override
  public boolean repeats() {
    return settings.recompute() == 0;
  }

  @Override
  public void feed(long number) {
    batches.seek(number - 1);
    if (batches.startsEpoch()) {
      carried.zero(ops);
    }
    batches.next(inputs, targets);
    ops.write(inputs, inputIds);
    ops.write(targets, targetIds);
  }

  @Override
  public Tensor run(Arena step, long number) {
    Trace trace = network.forward(settings.pass(Pass.of(step, steps)), inputIds, carried);
    Losses.Loss loss =
        Losses.crossEntropy(step, CrossEntropy.MEAN, trace.output(), targetIds, null);
    trace.backwardToParameters(loss.gradient(), State.NONE);
    trace.finalState().copyTo(ops, carried);
    return loss.value();
  }

  /** Linear warm-up times half a cosine. */
  @Override
  double learningRate(long step) {
    double warm = Math.min(1, step / (double) WARM_UP);
    return settings.lr() * warm * halfCosine(step, HORIZON, FLOOR);
  }

  @Override
  String metric() {
    return "heldout_nats_per_char";
  }

  @Override
  double evaluate() {
    return HeldOut.meanCrossEntropy(ops, network, heldOut);
  }

  @Override
  String sample(int length, long seed) {
    StringBuilder text = new StringBuilder();
    new LanguageModel(ops, network, vocabulary, beginning(vocabulary))
        .write(
            "", new Trained.Writing(length, new Sampler(0.7, 0, 1, seed), 0, null), text::append);
    return text.toString();
  }

  @Override
  Map<String, XRayReport> xray() {
    int seq = Math.min(settings.seq(), heldOut.length - 1);
    int streams = Math.max(1, Math.min(settings.batch(), (heldOut.length - 1) / seq));
    int[][] sequences = new int[streams][];
    int[] targets = new int[streams];
    for (int b = 0; b < streams; b++) {
      sequences[b] = Arrays.copyOfRange(heldOut, b * seq, (b + 1) * seq);
      targets[b] = heldOut[(b + 1) * seq];
    }
    return Map.of("lstm", LookBack.ofIds(ops, network, CrossEntropy.MEAN, sequences, targets));
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
  Optimizer optimizer() {
    return optimizer;
  }

  @Override
  Sequential<Indices> network() {
    return network;
  }

  @Override
  State carried() {
    return carried;
  }

  @Override
  long stepsPerEpoch() {
    return batches.batchesPerEpoch();
  }

  @Override
  Vocabulary vocabulary() {
    return vocabulary;
  }

  @Override
  String data() {
    return batches.batchesPerEpoch()
        + " batches of "
        + settings.batch()
        + " x "
        + settings.seq()
        + " characters an epoch, "
        + heldOut.length
        + " characters held out";
  }
}
