// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.Arena;
import dev.unroll.ElementLoss;
import dev.unroll.Indices;
import dev.unroll.Reduction;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import dev.unroll.nn.Recurrent.Shape;
import dev.unroll.train.Adam;
import dev.unroll.train.Clipping;
import dev.unroll.train.Trainer;
import java.util.Random;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** The gradient of an answer with respect to the input says which steps it came from. */
class SaliencyTest extends DeviceTest {
  private static final int B = 16;
  private static final int T = 6;

  /** Pairs of a number and a mark; what is wanted is the marked number. */
  private static Tensor numbers(Arena arena, long seed, int[] marked, float[] wanted) {
    Random random = new Random(seed);
    float[] x = new float[T * B * 2];
    for (int i = 0; i < T * B; i++) {
      x[2 * i] = (float) (2 * random.nextDouble() - 1);
    }
    for (int b = 0; b < B; b++) {
      marked[b] = random.nextInt(T);
      int row = marked[b] * B + b;
      x[2 * row + 1] = 1;
      wanted[b] = x[2 * row];
    }
    return arena.tensor(x, T * B, 2);
  }

  @Test
  void pointsAtTheStepThatDecides() {
    Initializer init = new Initializer(arena, 1);
    Layer<Tensor> model =
        Sequential.of("lstm", (Layer<Tensor>) new Lstm(init, new Shape(2, 12)))
            .then("last", new LastStep())
            .then("dense", new Dense(init, 12, 1));
    int[] marked = new int[B];
    float[] wanted = new float[B];
    Adam adam = new Adam(arena, model.parameters(), Adam.Settings.ADAM);
    Trainer trainer =
        new Trainer(
            ops,
            adam,
            Clipping.byNorm(1),
            n -> 0.02,
            (a, number) -> {
              Tensor x = numbers(a, number, marked, wanted);
              Trace trace = model.forward(pass(a), x, State.NONE);
              Losses.Loss loss =
                  Losses.elementwise(
                      a,
                      ElementLoss.SQUARED,
                      Reduction.MEAN,
                      trace.output(),
                      a.tensor(wanted, B, 1));
              trace.backward(loss.gradient(), State.NONE);
              return loss.value();
            });
    trainer.run(400, () -> false);
    Tensor x = numbers(arena, -1, marked, wanted);
    Tensor dx = model.forward(pass(arena), x, State.NONE).backward(ones(B, 1), State.NONE).input();
    float[] slopes = ops.read(dx);
    long found =
        IntStream.range(0, B)
            .filter(
                b ->
                    IntStream.range(0, T)
                            .boxed()
                            .max((s, t) -> Float.compare(at(slopes, s, b), at(slopes, t, b)))
                            .orElseThrow()
                        == marked[b])
            .count();
    assertThat(found).as("of %s sequences", B).isGreaterThanOrEqualTo(14);
  }

  private static float at(float[] slopes, int t, int b) {
    return Math.abs(slopes[2 * (t * B + b)]);
  }

  private static Pass pass(Arena arena) {
    return Pass.of(arena, Steps.uniform(T, B));
  }

  private Tensor ones(int rows, int cols) {
    Tensor ones = arena.tensor(rows, cols);
    ops.fill(1, ones);
    return ones;
  }

  /** Symbols have no gradient, their vectors do: the embedding stands apart from the rest. */
  @Test
  void ofSymbolsItIsTheSlopeAlongTheirVectors() {
    Initializer init = new Initializer(arena, 2);
    Embedding embedding = new Embedding(init, 5, 3);
    Layer<Tensor> rest =
        Sequential.of("gru", (Layer<Tensor>) new Gru(init, new Shape(3, 4)))
            .then("last", new LastStep())
            .then("dense", new Dense(init, 4, 1));
    Ragged ragged = Ragged.of(2, 0, 4);
    Indices ids = arena.indices(new int[] {1, 4, 0, 2, 2, 3});
    Tensor vectors = embedding.forward(Pass.of(arena, ragged), ids, State.NONE).output();
    Trace trace = rest.forward(Pass.of(arena, ragged), vectors, State.NONE);
    float[] slopes = ops.read(trace.backward(ones(3, 1), State.NONE).input());

    float[] at = ops.read(vectors);
    for (int i = 0; i < at.length; i++) {
      double rise = 0;
      for (float side : new float[] {-1, 1}) {
        float[] moved = at.clone();
        moved[i] += side / 128;
        ops.write(moved, vectors);
        Trace there = rest.forward(Pass.of(arena, ragged), vectors, State.NONE);
        for (float y : ops.read(there.output())) {
          rise += side * y;
        }
      }
      assertThat((double) slopes[i]).as("slope %s", i).isCloseTo(rise * 64, Offset.offset(2e-4));
    }
  }
}
