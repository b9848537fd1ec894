// SPDX-License-Identifier: Apache-2.0

package dev.unroll.train;

import dev.unroll.Arena;
import dev.unroll.CrossEntropy;
import dev.unroll.Indices;
import dev.unroll.Ops;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import dev.unroll.nn.Dense;
import dev.unroll.nn.Dropout;
import dev.unroll.nn.Embedding;
import dev.unroll.nn.Initializer;
import dev.unroll.nn.Losses;
import dev.unroll.nn.Lstm;
import dev.unroll.nn.Pass;
import dev.unroll.nn.Recurrent;
import dev.unroll.nn.Sequential;
import dev.unroll.nn.State;
import dev.unroll.nn.Trace;
import dev.unroll.text.StreamBatches;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/** A small language model in training: carried state, dropout, Adam, clipping by norm. */
final class Toy implements Trainer.Task {
  static final int BATCH = 3;
  static final int STEPS = 4;
  private static final int CLASSES = 5;
  private static final long SEED = 42;

  final Ops ops;
  final Sequential<Indices> model;
  final State carried;
  final Optimizer optimizer;
  final Trainer trainer;
  final StreamBatches batches;

  private final Indices ids;
  private final Indices classes;
  private final Indices key;
  private final boolean recorded;

  Toy(Ops ops, Arena arena, double learningRate) {
    this(ops, arena, learningRate, false);
  }

  Toy(Ops ops, Arena arena, double learningRate, boolean recorded) {
    this.ops = ops;
    this.recorded = recorded;
    this.ids = arena.indices(BATCH * STEPS);
    this.classes = arena.indices(BATCH * STEPS);
    this.key = arena.indices(4);
    Initializer init = new Initializer(arena, SEED);
    this.model =
        Sequential.of("embedding", new Embedding(init, CLASSES, 3))
            .then("lstm", new Lstm(init, new Recurrent.Shape(3, 4)))
            .then("dropout", new Dropout(init, 0.2f))
            .then("dense", new Dense(init, 4, CLASSES));
    this.carried = model.zeroState(arena, BATCH);
    this.optimizer = new Adam(arena, model.parameters(), Adam.Settings.ADAM);
    int[] tokens = new int[60];
    for (int i = 0; i < tokens.length; i++) {
      tokens[i] = i * i % CLASSES;
    }
    this.batches = new StreamBatches(tokens, BATCH, STEPS);
    this.trainer =
        new Trainer(ops, optimizer, Clipping.byNorm(0.5f), n -> learningRate * (1 + 1.0 / n), this);
  }

  @Override
  public boolean repeats() {
    return recorded;
  }

  @Override
  public void feed(long number) {
    if (batches.startsEpoch()) {
      carried.zero(ops);
    }
    int[] inputs = new int[BATCH * STEPS];
    int[] targets = new int[BATCH * STEPS];
    batches.next(inputs, targets);
    ops.write(inputs, ids);
    ops.write(targets, classes);
    ops.write(Pass.dropoutKey(SEED, number), key);
  }

  @Override
  public Tensor run(Arena arena, long number) {
    Pass pass = Pass.of(arena, Steps.uniform(STEPS, BATCH)).withDropout(key);
    Trace trace = model.forward(pass, ids, carried);
    Losses.Loss loss = Losses.crossEntropy(arena, CrossEntropy.MEAN, trace.output(), classes, null);
    trace.backward(loss.gradient(), State.NONE);
    trace.finalState().copyTo(ops, carried);
    return loss.value();
  }

  void run(long until) {
    trainer.run(until, () -> false);
  }

  String digest() {
    return new Digest().add(trainer.losses()).add(ops, model.parameters()).hex();
  }

  void save(Path file) throws IOException {
    Checkpoint.Progress progress =
        new Checkpoint.Progress(
            SEED, batches.position(), trainer.losses(), Map.of("lr", 0.1, "name", "toy"));
    Checkpoint.write(file, ops, progress, optimizer, carried);
  }

  void resume(Path file) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(file)) {
      checkpoint.restore(ops, optimizer, carried);
      batches.seek(checkpoint.progress().position());
      trainer.resume(checkpoint.progress().losses());
    }
  }
}
