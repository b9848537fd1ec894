// SPDX-License-Identifier: Apache-2.0

package dev.unroll.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.Activation;
import dev.unroll.Arena;
import dev.unroll.CrossEntropy;
import dev.unroll.Indices;
import dev.unroll.Ops;
import dev.unroll.Recording;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import dev.unroll.nn.Dense;
import dev.unroll.nn.Dropout;
import dev.unroll.nn.Embedding;
import dev.unroll.nn.Gru;
import dev.unroll.nn.Initializer;
import dev.unroll.nn.LastStep;
import dev.unroll.nn.Losses;
import dev.unroll.nn.Lstm;
import dev.unroll.nn.Parameter;
import dev.unroll.nn.Pass;
import dev.unroll.nn.Recurrent;
import dev.unroll.nn.RecurrentOptions;
import dev.unroll.nn.Rnn;
import dev.unroll.nn.Sequential;
import dev.unroll.nn.State;
import dev.unroll.nn.Trace;
import dev.unroll.train.Adam;
import dev.unroll.train.Clipping;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A network with every kind of recurrent layer, trained on other data at each step: recorded or
 * not, all losses and parameters have the same bits.
 */
final class RecordedTraining {
  private static final int SYMBOLS = 7;
  private static final int HIDDEN = 5;
  private static final int STEPS = 5;
  private static final long SEED = 3;
  private static final Steps LENGTHS = Steps.descending(4, 3, 1);

  private final Ops ops;
  private final Sequential<Indices> model;
  private final Adam adam;
  private final State carried;
  private final Indices ids;
  private final Indices classes;
  private final Indices key;
  private final Tensor loss;
  private Tensor scale;

  private RecordedTraining(Arena arena) {
    ops = arena.ops();
    Initializer init = new Initializer(arena, SEED);
    RecurrentOptions both = RecurrentOptions.PLAIN.withBidirectional();
    model =
        Sequential.of("embedding", new Embedding(init, SYMBOLS, 3))
            .then("rnn", new Rnn(init, Activation.TANH, new Recurrent.Shape(3, HIDDEN)))
            .then("dropout", new Dropout(init, 0.3f))
            .then("lstm", new Lstm(init, new Recurrent.Shape(HIDDEN, HIDDEN)))
            .then("gru", new Gru(init, new Recurrent.Shape(HIDDEN, HIDDEN), both))
            .then("last", new LastStep())
            .then("dense", new Dense(init, 2 * HIDDEN, SYMBOLS));
    adam = new Adam(arena, model.parameters(), Adam.Settings.ADAM);
    carried = model.zeroState(arena, LENGTHS.batch());
    ids = arena.indices(new int[LENGTHS.rows()]);
    classes = arena.indices(new int[LENGTHS.batch()]);
    key = arena.indices(4);
    loss = arena.tensor(1, 1);
  }

  static void check(Ops ops) {
    assertThat(train(ops, true)).isDeepEqualTo(train(ops, false));
  }

  private static int[][] train(Ops ops, boolean recorded) {
    List<int[]> bits = new ArrayList<>();
    try (Arena arena = ops.arena("network")) {
      RecordedTraining training = new RecordedTraining(arena);
      Recording recording = null;
      for (int step = 1; step <= STEPS; step++) {
        training.feed(step);
        if (!recorded) {
          try (Arena own = ops.arena("step")) {
            training.gradients(own);
            training.update(step);
          }
        } else {
          if (recording == null) {
            recording = ops.record("step", training::gradients);
          } else {
            recording.run();
          }
          training.update(step);
        }
        bits.add(bits(ops.read(training.loss)));
      }
      training.model.parameters().forEach(p -> bits.add(bits(ops.read(p.value()))));
      if (recording != null) {
        recording.close();
      }
    }
    return bits.toArray(int[][]::new);
  }

  private void feed(int step) {
    ops.write(other(step, ids.length()), ids);
    ops.write(other(3 * step, classes.length()), classes);
    ops.write(Pass.dropoutKey(SEED, step), key);
  }

  private static int[] other(int step, int count) {
    int[] values = new int[count];
    Arrays.setAll(values, i -> (i * i + step) % SYMBOLS);
    return values;
  }

  private void gradients(Arena arena) {
    Parameter.zeroGrads(ops, adam.parameters());
    Trace trace = model.forward(Pass.of(arena, LENGTHS).withDropout(key), ids, carried);
    Losses.Loss found =
        Losses.crossEntropy(arena, CrossEntropy.MEAN, trace.output(), classes, null);
    trace.backwardToParameters(found.gradient(), State.NONE);
    trace.finalState().copyTo(ops, carried);
    ops.copy(found.value(), loss);
    Tensor norm = Clipping.norm(arena, adam.parameters());
    scale = Clipping.byNorm(0.1f).apply(arena, adam.parameters(), norm);
  }

  private void update(int step) {
    adam.step(0.1 / step, scale);
  }

  private static int[] bits(float... values) {
    int[] bits = new int[values.length];
    Arrays.setAll(bits, i -> Float.floatToIntBits(values[i]));
    assertThat(values).doesNotContain(Float.NaN);
    return bits;
  }
}
