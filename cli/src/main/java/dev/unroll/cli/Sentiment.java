// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.Arena;
import dev.unroll.ElementLoss;
import dev.unroll.Indices;
import dev.unroll.Reduction;
import dev.unroll.Tensor;
import dev.unroll.nn.Initializer;
import dev.unroll.nn.LossCheck;
import dev.unroll.nn.Losses;
import dev.unroll.nn.Model;
import dev.unroll.nn.Pass;
import dev.unroll.nn.Ragged;
import dev.unroll.nn.Sequential;
import dev.unroll.nn.State;
import dev.unroll.nn.Trace;
import dev.unroll.text.Vocabulary;
import dev.unroll.text.WordVocabulary;
import dev.unroll.train.Adam;
import dev.unroll.train.Batches;
import dev.unroll.train.Optimizer;
import dev.unroll.train.Split;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Tells whether a review sentence is positive: an embedding, a bidirectional GRU over the words,
 * and a sigmoid of its last states, with binary cross-entropy. Sentences of any length make ragged
 * batches.
 *
 * <p>The sentences are few, so that the accuracy on a part held out depends much on the part. Three
 * networks learn side by side, each holding out another third; the accuracy is the mean of three.
 */
final class Sentiment extends Session {
  private static final int EMBEDDING = 64;
  private static final int HIDDEN = 32;
  private static final float DROPOUT = 0.5f;
  private static final int FOLDS = 3;
  private static final int WORDS = 4000;
  private static final double WEIGHT_DECAY = 0.1;
  private static final long HORIZON = 1500;
  private static final int CHUNK = 256;

  static final Recipe RECIPE =
      new Recipe(
          "sentiment",
          "Embedding, bidirectional GRU, ragged batches; review sentences",
          "sentiment.tsv",
          TrainSettings.of("sentiment", 32, 40, 0.003, 1),
          HORIZON,
          Sentiment::new,
          Sentiment::load);

  private final List<String> texts;
  private final float[] positive;
  private final String balance;
  private final Vocabulary vocabulary;
  private final TextExamples examples;
  private final List<Split> folds;
  private final List<Batches> batches = new ArrayList<>();
  private final List<SentimentNetwork> networks;
  private final Model all;
  private final Optimizer optimizer;

  Sentiment(Arena model, TrainSettings settings, Corpus corpus) {
    super(model, settings);
    Table table = Table.read(corpus, RECIPE.resource(), "text", "positive");
    this.texts = table.column(0);
    this.balance = Table.balance(table.column(1));
    double[] marks = table.numbers(1);
    this.positive = new float[marks.length];
    int[] classes = new int[marks.length];
    for (int i = 0; i < marks.length; i++) {
      positive[i] = (float) marks[i];
      classes[i] = marks[i] > 0.5 ? 1 : 0;
    }
    this.vocabulary = WordVocabulary.of(String.join("\n", texts), WORDS);
    this.examples = TextExamples.of(texts, vocabulary, settings.seq());
    this.folds = Split.folds(classes, FOLDS, settings.seed());
    for (Split fold : folds) {
      batches.add(
          new Batches(fold.training(), settings.batch(), settings.seed(), examples.lengths()));
    }
    this.networks =
        networks(new Initializer(model, settings.seed()), vocabulary.size(), EMBEDDING, HIDDEN);
    this.all = together(networks);
    LossCheck.warn(networks.get(0), ElementLoss.BINARY_CROSS_ENTROPY);
    this.optimizer =
        new Adam(
            model,
            all.parameters(),
            new Adam.Settings(0.9, 0.999, 1e-8, WEIGHT_DECAY, true, false));
  }

  private static List<SentimentNetwork> networks(
      Initializer init, int words, int embedding, int hidden) {
    List<SentimentNetwork> networks = new ArrayList<>();
    for (int f = 0; f < FOLDS; f++) {
      networks.add(new SentimentNetwork(init, words, embedding, hidden, DROPOUT));
    }
    return networks;
  }

  private static Model together(List<SentimentNetwork> networks) {
    Map<String, SentimentNetwork> parts = new LinkedHashMap<>();
    networks.forEach(n -> parts.put("fold" + (parts.size() + 1), n));
    return Model.of(parts);
  }

  /** The mean of the networks' losses. */
  @Override
  public Tensor run(Arena step, long number) {
    Tensor total = step.tensor(1, 1);
    ops.fill(0, total);
    for (int f = 0; f < FOLDS; f++) {
      ops.axpby(1f / FOLDS, pass(step, f, number), 1, total);
    }
    return total;
  }

  private Tensor pass(Arena step, int fold, long number) {
    int[] chosen = batches.get(fold).at(number);
    Ragged ragged = examples.ragged(chosen);
    Indices ids = step.indices(examples.packed(ragged, chosen));
    Pass pass = settings.pass(Pass.of(step, ragged)).withDropout(settings.seed(), number);
    Trace trace = networks.get(fold).forward(pass, ids, State.NONE);
    float[] targets = new float[chosen.length];
    for (int i = 0; i < targets.length; i++) {
      targets[i] = positive[chosen[ragged.order()[i]]];
    }
    Losses.Loss loss =
        Losses.elementwise(
            step,
            ElementLoss.BINARY_CROSS_ENTROPY,
            Reduction.MEAN,
            trace.output(),
            step.tensor(targets, targets.length, 1));
    trace.backwardToParameters(loss.gradient(), State.NONE);
    return loss.value();
  }

  @Override
  double evaluate() {
    double sum = 0;
    for (int f = 0; f < FOLDS; f++) {
      int right = 0;
      int[] heldOut = folds.get(f).heldOut();
      for (int[] chosen : TextExamples.groups(heldOut, CHUNK)) {
        float[] found = networks.get(f).probabilities(ops, examples, chosen);
        for (int i = 0; i < chosen.length; i++) {
          right += found[i] > 0.5f == positive[chosen[i]] > 0.5f ? 1 : 0;
        }
      }
      sum += right / (double) heldOut.length;
    }
    return sum / FOLDS;
  }

  @Override
  String sample(int length, long seed) {
    int[] heldOut = folds.get(0).heldOut();
    int[] shown = {heldOut[0], heldOut[heldOut.length / 3], heldOut[heldOut.length / 2]};
    float[] found = networks.get(0).probabilities(ops, examples, shown);
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < shown.length; i++) {
      text.append(
          "%.2f (is %.0f)  %s%n".formatted(found[i], positive[shown[i]], texts.get(shown[i])));
    }
    return text.toString();
  }

  private static Trained load(Arena model, ModelFolder folder) throws IOException {
    Vocabulary vocabulary = WordVocabulary.load(folder.vocabulary());
    int embedding = folder.size("embedding");
    int hidden = folder.size("hidden");
    folder.requireShape("fold1.embedding.weight", vocabulary.size(), embedding);
    folder.requireShape("fold1.dense.weight", 1, 2 * hidden);
    List<SentimentNetwork> networks =
        networks(new Initializer(model, 0), vocabulary.size(), embedding, hidden);
    folder.read(model.ops(), together(networks));
    return Trained.predicting(
        line -> {
          int[] ids = vocabulary.encode(line);
          if (ids.length == 0) {
            throw new IllegalArgumentException("the line has no word; give a sentence");
          }
          TextExamples one = new TextExamples(new int[][] {ids});
          double mean = 0;
          for (SentimentNetwork network : networks) {
            mean += network.probabilities(model.ops(), one, 0)[0] / (double) FOLDS;
          }
          Map<String, Object> answer = new LinkedHashMap<>();
          answer.put("label", mean > 0.5 ? "positive" : "negative");
          answer.put("positive", mean);
          return answer;
        });
  }

  /** Half a cosine to a twentieth. */
  @Override
  double learningRate(long step) {
    return settings.lr() * halfCosine(step, HORIZON, 0.05);
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
    return "accuracy";
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
    return all;
  }

  /** Of the first network: the others have the same layers. */
  @Override
  Map<String, Sequential<?>> chains() {
    return networks.get(0).chains();
  }

  @Override
  Vocabulary vocabulary() {
    return vocabulary;
  }

  @Override
  long stepsPerEpoch() {
    return batches.get(0).perEpoch();
  }

  @Override
  int tokensPerStep() {
    return (int) Math.round(examples.meanLength() * settings.batch() * FOLDS);
  }

  @Override
  String data() {
    return Console.format(
        "%d sentences in %d folds; positive: %s; %.1f %% of the words not in the vocabulary",
        texts.size(), FOLDS, balance, 100 * examples.unknownShare());
  }
}
