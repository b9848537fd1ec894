// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.Activation;
import dev.unroll.Arena;
import dev.unroll.CrossEntropy;
import dev.unroll.Indices;
import dev.unroll.Reduction;
import dev.unroll.Tensor;
import dev.unroll.nn.Dense;
import dev.unroll.nn.Embedding;
import dev.unroll.nn.Initializer;
import dev.unroll.nn.LastStep;
import dev.unroll.nn.LogSoftmax;
import dev.unroll.nn.LossCheck;
import dev.unroll.nn.Losses;
import dev.unroll.nn.Pass;
import dev.unroll.nn.Ragged;
import dev.unroll.nn.Recurrent;
import dev.unroll.nn.Rnn;
import dev.unroll.nn.Sequential;
import dev.unroll.nn.State;
import dev.unroll.nn.Trace;
import dev.unroll.text.CharVocabulary;
import dev.unroll.text.Vocabulary;
import dev.unroll.train.Adam;
import dev.unroll.train.Batches;
import dev.unroll.train.ConfusionMatrix;
import dev.unroll.train.Optimizer;
import dev.unroll.train.Sgd;
import dev.unroll.train.Split;
import dev.unroll.train.XRayReport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Tells from which of ten languages a surname is: a tanh RNN reads its characters, and a dense
 * layer with log-softmax judges the state after the last. One name at a time is trained with SGD,
 * as in the classic example; larger batches, of names of similar length, with Adam.
 *
 * <p>A fifth of each language is held out.
 */
final class Surnames extends Session {
  private static final int EMBEDDING = 64;
  private static final int HIDDEN = 128;
  private static final double HELD_OUT = 0.2;
  private static final int SHOWN = 8;
  private static final CrossEntropy NLL =
      new CrossEntropy(
          CrossEntropy.Input.LOG_PROBABILITIES, Reduction.MEAN, CrossEntropy.IGNORE_DEFAULT, 0);

  static final Recipe RECIPE =
      new Recipe(
          "surnames",
          "tanh RNN over characters; which of 10 languages a name is from",
          "surnames.tsv",
          TrainSettings.of("surnames", 1, 32, 0.005, 0),
          75_000,
          Surnames::new,
          Surnames::load);

  private final List<String> names;
  private final List<String> languages;
  private final List<String> labels;
  private final Vocabulary vocabulary;
  private final TextExamples examples;
  private final int[] classes;
  private final Split split;
  private final Batches batches;
  private final Sequential<Indices> network;
  private final Optimizer optimizer;

  Surnames(Arena model, TrainSettings settings, Corpus corpus) {
    super(model, settings);
    Table table = Table.read(corpus, RECIPE.resource(), "name", "language");
    this.names = table.column(0);
    this.languages = table.column(1);
    this.labels = Table.labels(languages);
    this.vocabulary = CharVocabulary.of(String.join("", names));
    this.examples = TextExamples.of(names, vocabulary, settings.seq());
    this.classes = languages.stream().mapToInt(labels::indexOf).toArray();
    this.split = Split.stratified(classes, HELD_OUT, settings.seed());
    this.batches =
        new Batches(split.training(), settings.batch(), settings.seed(), examples.lengths());
    this.network =
        network(
            new Initializer(model, settings.seed()),
            vocabulary.size(),
            EMBEDDING,
            HIDDEN,
            labels.size());
    LossCheck.warn(network, NLL);
    this.optimizer =
        settings.batch() == 1
            ? new Sgd(model, network.parameters(), Sgd.Settings.PLAIN)
            : new Adam(model, network.parameters(), Adam.Settings.ADAM);
  }

  /** The network: ids [N] of ragged names to log-probabilities [B, labels]. */
  static Sequential<Indices> network(
      Initializer init, int characters, int embedding, int hidden, int labels) {
    return Sequential.of("embedding", new Embedding(init, characters, embedding))
        .then("rnn", new Rnn(init, Activation.TANH, new Recurrent.Shape(embedding, hidden)))
        .then("last", new LastStep())
        .then("dense", new Dense(init, hidden, labels))
        .then("log_softmax", new LogSoftmax());
  }

  @Override
  public Tensor run(Arena step, long number) {
    int[] chosen = batches.at(number);
    Ragged ragged = examples.ragged(chosen);
    Indices ids = step.indices(examples.packed(ragged, chosen));
    Trace trace = network.forward(settings.pass(Pass.of(step, ragged)), ids, State.NONE);
    Indices targets = step.indices(TextExamples.ordered(ragged, classes, chosen));
    Losses.Loss loss = Losses.crossEntropy(step, NLL, trace.output(), targets, null);
    trace.backwardToParameters(loss.gradient(), State.NONE);
    return loss.value();
  }

  @Override
  double evaluate() {
    return heldOutMatrix().accuracy();
  }

  private ConfusionMatrix heldOutMatrix() {
    ConfusionMatrix matrix = new ConfusionMatrix(labels.size());
    for (int[] chosen : TextExamples.groups(split.heldOut(), 256)) {
      float[][] scores = new Classifier(ops, network, labels).scores(examples, chosen);
      for (int i = 0; i < chosen.length; i++) {
        matrix.add(classes[chosen[i]], Classifier.best(scores[i]));
      }
    }
    return matrix;
  }

  /** Names of the length that most of those held out have. */
  @Override
  Map<String, XRayReport> xray() {
    int[] lengths = examples.lengths();
    int most =
        Arrays.stream(split.heldOut())
            .mapToObj(i -> lengths[i])
            .collect(Collectors.groupingBy(length -> length, TreeMap::new, Collectors.counting()))
            .entrySet()
            .stream()
            .max(Map.Entry.comparingByValue())
            .orElseThrow()
            .getKey();
    int[] chosen =
        Arrays.stream(split.heldOut())
            .filter(i -> lengths[i] == most)
            .limit(LookBack.SEQUENCES)
            .toArray();
    int[][] sequences =
        Arrays.stream(chosen).mapToObj(i -> examples.ids()[i]).toArray(int[][]::new);
    int[] targets = Arrays.stream(chosen).map(i -> classes[i]).toArray();
    return Map.of("rnn", LookBack.ofIds(ops, network, NLL, sequences, targets));
  }

  @Override
  void plot(Path folder) throws IOException {
    ConfusionPlot.write(folder.resolve("confusion.png"), labels, heldOutMatrix());
  }

  @Override
  String sample(int length, long seed) {
    int[] shown = IntStream.range(0, SHOWN).map(i -> heldOutAt(i, seed)).toArray();
    float[][] scores = new Classifier(ops, network, labels).scores(examples, shown);
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < shown.length; i++) {
      String found = labels.get(Classifier.best(scores[i]));
      String truth = languages.get(shown[i]);
      String verdict = found.equals(truth) ? "" : "  (is " + truth + ")";
      text.append("%-20s %s%s%n".formatted(names.get(shown[i]), found, verdict));
    }
    return text.toString();
  }

  private int heldOutAt(int i, long seed) {
    int[] held = split.heldOut();
    return held[(int) Math.floorMod(seed + (long) i * held.length / SHOWN, (long) held.length)];
  }

  private static Trained load(Arena model, ModelFolder folder) throws IOException {
    Vocabulary vocabulary = CharVocabulary.load(folder.vocabulary());
    List<String> labels = folder.labels();
    int embedding = folder.size("embedding");
    int hidden = folder.size("hidden");
    folder.requireShape("embedding.weight", vocabulary.size(), embedding);
    folder.requireShape("dense.weight", labels.size(), hidden);
    Sequential<Indices> network =
        network(new Initializer(model, 0), vocabulary.size(), embedding, hidden, labels.size());
    folder.read(model.ops(), network);
    return new Classifier(model.ops(), network, labels).over(vocabulary);
  }

  @Override
  Map<String, Object> sizes() {
    Map<String, Object> sizes = new LinkedHashMap<>();
    sizes.put("embedding", EMBEDDING);
    sizes.put("hidden", HIDDEN);
    sizes.put("labels", labels);
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
  int tokensPerStep() {
    return (int) Math.round(examples.meanLength() * settings.batch());
  }

  @Override
  String data() {
    return names.size()
        + " names, "
        + split.heldOut().length
        + " held out; "
        + Table.balance(languages);
  }
}
