// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.Arena;
import dev.unroll.Backends;
import dev.unroll.CrossEntropy;
import dev.unroll.Indices;
import dev.unroll.Ops;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import dev.unroll.nn.Recurrent.Shape;
import dev.unroll.train.Adam;
import dev.unroll.train.Clipping;
import dev.unroll.train.ConfusionMatrix;
import dev.unroll.train.Trainer;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What recurrent networks are used for, each in its smallest form, on data made here: moving
 * pictures, pictures read row by row, captions, the next item of a session.
 */
class SmallTasksTest {
  private static final int B = 32;
  private static final long UNSEEN = 1_000_000;

  private Ops ops;
  private Arena arena;

  @BeforeEach
  void open() {
    ops = Backends.open("cpu");
    arena = ops.arena("task");
  }

  @AfterEach
  void close() {
    arena.close();
    ops.close();
  }

  /** Batches of sequences [T * B, F], time-major, each with one class. */
  private interface Data {
    void fill(Random random, float[] x, int[] classes);
  }

  /** Share of right answers on data that was not trained on. */
  private double accuracy(Layer<Tensor> model, int steps, int features, int classes, Data data) {
    int[] truth = new int[B];
    train(
        model,
        (a, number) -> {
          Tensor x = batch(a, number, steps, features, truth, data);
          Trace trace = model.forward(Pass.of(a, Steps.uniform(steps, B)), x, State.NONE);
          Losses.Loss loss = loss(a, trace, truth);
          trace.backward(loss.gradient(), State.NONE);
          return loss.value();
        });
    ConfusionMatrix matrix = new ConfusionMatrix(classes);
    for (int i = 0; i < 4; i++) {
      try (Arena a = ops.arena("unseen")) {
        Tensor x = batch(a, UNSEEN + i, steps, features, truth, data);
        Trace trace = model.forward(Pass.of(a, Steps.uniform(steps, B)), x, State.NONE);
        float[] scores = ops.read(trace.output());
        for (int b = 0; b < B; b++) {
          matrix.add(truth[b], best(scores, b * classes, classes));
        }
      }
    }
    return matrix.accuracy();
  }

  private void train(Model model, Trainer.Task task) {
    Adam adam = new Adam(arena, model.parameters(), Adam.Settings.ADAM);
    new Trainer(ops, adam, Clipping.byNorm(1), n -> 0.01, task).run(150, () -> false);
  }

  private static Losses.Loss loss(Arena a, Trace trace, int... classes) {
    return Losses.crossEntropy(a, CrossEntropy.MEAN, trace.output(), a.indices(classes), null);
  }

  private static Tensor batch(
      Arena a, long number, int steps, int features, int[] classes, Data data) {
    float[] x = new float[steps * B * features];
    data.fill(new Random(number), x, classes);
    return a.tensor(x, steps * B, features);
  }

  private static int best(float[] scores, int from, int count) {
    int best = 0;
    for (int i = 1; i < count; i++) {
      best = scores[from + i] > scores[from + best] ? i : best;
    }
    return best;
  }

  /** A dot on a ring of 5 x 5 pixels, seen for 5 frames: which way does it go? */
  @Test
  void directionOfAMovingDot() {
    int side = 5;
    int[][] ways = {{0, 1}, {0, side - 1}, {1, 0}, {side - 1, 0}};
    Initializer init = new Initializer(arena, 1);
    Layer<Tensor> model =
        Sequential.of("lstm", (Layer<Tensor>) new Lstm(init, new Shape(side * side, 24)))
            .then("last", new LastStep())
            .then("dense", new Dense(init, 24, 4));
    Data data =
        (random, x, classes) -> {
          for (int b = 0; b < B; b++) {
            classes[b] = random.nextInt(4);
            int row = random.nextInt(side);
            int column = random.nextInt(side);
            for (int t = 0; t < 5; t++) {
              x[(t * B + b) * side * side + row * side + column] = 1;
              row = (row + ways[classes[b]][0]) % side;
              column = (column + ways[classes[b]][1]) % side;
            }
          }
        };
    assertThat(accuracy(model, 5, side * side, 4, data)).isGreaterThan(0.95);
  }

  /** Noisy digits of 7 x 4 pixels, read row by row. */
  @Test
  void digitsRowByRow() {
    // Segments as on a pocket calculator: top, left and right above, middle, below, bottom.
    String[] lit = {
      "1110111", "0010010", "1011101", "1011011", "0111010", "1101011", "1101111", "1010010",
      "1111111", "1111011"
    };
    Initializer init = new Initializer(arena, 2);
    Layer<Tensor> model =
        Sequential.of("gru", (Layer<Tensor>) new Gru(init, new Shape(4, 32)))
            .then("last", new LastStep())
            .then("dense", new Dense(init, 32, 10));
    Data data =
        (random, x, classes) -> {
          for (int b = 0; b < B; b++) {
            classes[b] = random.nextInt(10);
            for (int row = 0; row < 7; row++) {
              for (int column = 0; column < 4; column++) {
                double ink = pixel(lit[classes[b]], row, column) ? 1 : 0;
                x[(row * B + b) * 4 + column] = (float) (ink + 0.2 * random.nextGaussian());
              }
            }
          }
        };
    assertThat(accuracy(model, 7, 4, 10, data)).isGreaterThan(0.95);
  }

  private static boolean pixel(String lit, int row, int column) {
    if (row % 3 == 0 && lit.charAt(row) == '1') {
      return true;
    }
    int side = (row < 4 ? 1 : 4) + (column == 0 ? 0 : 1);
    return row % 3 != 0 && (column == 0 || column == 3) && lit.charAt(side) == '1';
  }

  /** A picture's features start the state; the decoder says size, colour and shape. */
  @Test
  void captionOfAVector() {
    int words = 10; // 0 starts, 1 ends, then two sizes, three colours and three shapes
    int hidden = 24;
    Initializer init = new Initializer(arena, 3);
    Dense picture = new Dense(init, 8, hidden);
    Sequential<Indices> decoder =
        Sequential.of("embedding", new Embedding(init, words, 8))
            .then("gru", new Gru(init, new Shape(8, hidden)))
            .then("dense", new Dense(init, hidden, words));
    Model both = Model.of(new TreeMap<>(Map.of("picture", picture, "decoder", decoder)));
    train(
        both,
        (a, number) -> {
          int[][] captions = captions(number);
          Trace start = look(a, picture, number, captions);
          State state = State.of("gru.h", start.output());
          Trace trace =
              decoder.forward(
                  Pass.of(a, Steps.uniform(4, B)), a.indices(timeMajor(captions, 0)), state);
          Losses.Loss loss = loss(a, trace, timeMajor(captions, 1));
          State d = trace.backward(loss.gradient(), State.NONE).initial();
          start.backward(d.get("gru.h"), State.NONE);
          return loss.value();
        });
    int[][] captions = captions(UNSEEN);
    int[][] written = new int[B][5];
    try (Arena a = ops.arena("unseen")) {
      Trace start = look(a, picture, UNSEEN, captions);
      State state = State.of("gru.h", start.output());
      for (int t = 0; t < 4; t++) {
        int now = t;
        int[] ids = Arrays.stream(written).mapToInt(w -> w[now]).toArray();
        Trace trace = decoder.forward(Pass.of(a, Steps.uniform(1, B)), a.indices(ids), state);
        float[] scores = ops.read(trace.output());
        for (int b = 0; b < B; b++) {
          written[b][t + 1] = best(scores, b * words, words);
        }
        state = trace.finalState();
      }
    }
    assertThat(written).isDeepEqualTo(captions);
  }

  private static Trace look(Arena a, Dense picture, long seed, int[][] captions) {
    Pass pass = Pass.of(a, Steps.uniform(1, B));
    return picture.forward(pass, features(a, seed, captions), State.NONE);
  }

  private static int[][] captions(long seed) {
    Random random = new Random(seed);
    int[][] captions = new int[B][];
    for (int b = 0; b < B; b++) {
      captions[b] =
          new int[] {0, 2 + random.nextInt(2), 4 + random.nextInt(3), 7 + random.nextInt(3), 1};
    }
    return captions;
  }

  /** One column for each word but the first two, with noise. */
  private static Tensor features(Arena a, long seed, int[][] captions) {
    Random noise = new Random(~seed);
    float[] x = new float[B * 8];
    for (int b = 0; b < B; b++) {
      for (int i = 0; i < 8; i++) {
        x[b * 8 + i] = (float) (0.1 * noise.nextGaussian());
      }
      for (int i = 1; i < 4; i++) {
        x[b * 8 + captions[b][i] - 2]++;
      }
    }
    return a.tensor(x, B, 8);
  }

  private static int[] timeMajor(int[][] captions, int from) {
    int[] ids = new int[4 * B];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = captions[i % B][from + i / B];
    }
    return ids;
  }

  /** Visitors go up or down a list of 12 items; the next item depends on the last two. */
  @Test
  void nextItemOfASession() {
    int items = 12;
    int steps = 6;
    Initializer init = new Initializer(arena, 4);
    Sequential<Indices> model =
        Sequential.of("embedding", new Embedding(init, items, 16))
            .then("gru", new Gru(init, new Shape(16, 32)))
            .then("dense", new Dense(init, 32, items));
    train(
        model,
        (a, number) -> {
          int[] clicks = sessions(number, items, steps + 1);
          Pass pass = Pass.of(a, Steps.uniform(steps, B));
          Indices seen = a.indices(Arrays.copyOf(clicks, steps * B));
          Trace trace = model.forward(pass, seen, State.NONE);
          Losses.Loss loss = loss(a, trace, Arrays.copyOfRange(clicks, B, clicks.length));
          trace.backward(loss.gradient(), State.NONE);
          return loss.value();
        });
    int[] clicks = sessions(UNSEEN, items, steps + 1);
    Pass pass = Pass.of(arena, Steps.uniform(steps, B));
    Indices seen = arena.indices(Arrays.copyOf(clicks, steps * B));
    float[] scores = ops.read(model.forward(pass, seen, State.NONE).output());
    int right = 0;
    for (int b = 0; b < B; b++) {
      int row = (steps - 1) * B + b;
      right += best(scores, row * items, items) == clicks[steps * B + b] ? 1 : 0;
    }
    assertThat(right / (double) B).isGreaterThan(0.9);
  }

  private static int[] sessions(long seed, int items, int steps) {
    Random random = new Random(seed);
    int[] clicks = new int[steps * B];
    for (int b = 0; b < B; b++) {
      int item = random.nextInt(items);
      int way = random.nextBoolean() ? 1 : items - 1;
      for (int t = 0; t < steps; t++) {
        clicks[t * B + b] = (item + t * way) % items;
      }
    }
    return clicks;
  }
}
