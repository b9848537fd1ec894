// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.Activation;
import dev.unroll.CrossEntropy;
import dev.unroll.ElementLoss;
import dev.unroll.Indices;
import dev.unroll.Reduction;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import dev.unroll.nn.Recurrent.Shape;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** Numbers that tutorials print, or should have printed, each worked out by hand. */
class KnownNumbersTest extends DeviceTest {
  /** x Phi(x) from tables of the normal distribution; PyTorch's gelu(1), (2) and (3). */
  @Test
  void gelu() {
    Tensor x = row(1, 2, 3, 0);
    Tensor y = arena.tensor(1, 4);
    ops.activate(Activation.GELU_ERF, x, y);
    assertValues(y, 0.8413447461, 1.9544997361, 2.9959503059, 0);
    Tensor slope = arena.tensor(1, 4);
    ops.activateGrad(Activation.GELU_ERF, x, y, row(1, 1, 1, 1), slope);
    assertThat(ops.read(slope)[0]).isCloseTo(1.0833154706f, Offset.offset(5e-7f));
    assertThat(ops.read(slope)[3]).isEqualTo(0.5f);
  }

  /** The 2-2-1 sigmoid network with output o = 0.3 for y = 1: L = -ln 0.3, delta = o - y. */
  @Test
  void outputErrorOfTheWorkedExample() {
    Tensor o = row(0.3f);
    Losses.Loss loss = binaryCrossEntropy(o, 1);
    assertValues(loss.value(), 1.2039728);
    Tensor delta = arena.tensor(1, 1);
    ops.activateGrad(Activation.SIGMOID, null, o, loss.gradient(), delta);
    assertValues(delta, -0.7);
  }

  /** dL/do = (o - y) / (o (1 - o)); a sign error for y = 0 is common. */
  @Test
  void slopeOfBinaryCrossEntropy() {
    assertValues(binaryCrossEntropy(row(0.3f), 0).gradient(), 1.428571);
    assertValues(binaryCrossEntropy(row(0.3f), 1).gradient(), -3.333333);
  }

  /**
   * h_t = h_(t-1) / 2 + 1 and L = sum of h^2 / 2: dL/dh_t = h_t + dL/dh_(t+1) / 2. (Summing total
   * derivatives over all later steps counts paths twice: 3.8125, 3.25, 1.75.)
   */
  @Test
  void backPropagationThroughTime() {
    Rnn rnn =
        new Rnn(new Initializer(arena, 1), Activation.IDENTITY, new Shape(1, 1, 1, Bias.NONE));
    ops.fill(1, rnn.parameters().get(0).value());
    ops.fill(0.5f, rnn.parameters().get(1).value());
    Tensor ones = arena.tensor(new float[] {1, 1, 1}, 3, 1);
    Trace trace = rnn.forward(Pass.of(arena, Steps.uniform(3, 1)), ones, State.NONE);
    assertThat(ops.read(trace.output())).containsExactly(1, 1.5f, 1.75f);
    Tensor dx = trace.backward(trace.output(), State.NONE).input();
    assertThat(ops.read(dx)).containsExactly(2.1875f, 2.375f, 1.75f);
  }

  /** Embedding(10000, 128), two LSTM(256), Dense(10000): Keras has one bias, PyTorch two. */
  @Test
  void weightsOfTheLanguageModel() {
    assertThat(languageModel(Bias.SINGLE)).isEqualTo(4_769_552);
    assertThat(languageModel(Bias.PYTORCH)).isEqualTo(4_771_600);
  }

  private long languageModel(Bias bias) {
    Initializer init = new Initializer(arena, 1);
    Sequential<Indices> model =
        Sequential.of("embedding", new Embedding(init, 10000, 128))
            .then("lower", new Lstm(init, new Shape(128, 256, 1, bias)))
            .then("upper", new Lstm(init, new Shape(256, 256, 1, bias)))
            .then("dense", new Dense(init, 256, 10000));
    return count(model);
  }

  /** Two linear layers on (x, h), 1000 + 128 to 128 and to 10. */
  @Test
  void weightsOfTheConcatenatingCell() {
    Initializer init = new Initializer(arena, 1);
    long weights = count(new Dense(init, 1128, 128)) + count(new Dense(init, 1128, 10));
    assertThat(weights).isEqualTo(155_802);
  }

  /** One linear layer on (x, h) is a recurrent cell whose two weight matrices stand together. */
  @Test
  void theConcatenatingCellIsTheSimpleCell() {
    Dense joined = new Dense(new Initializer(arena, 1), 3 + 2, 2);
    Rnn rnn = new Rnn(new Initializer(arena, 2), Activation.TANH, new Shape(3, 2, 1, Bias.SINGLE));
    Tensor w = joined.parameters().get(0).value();
    ops.copy(w.cols(0, 3), rnn.parameters().get(0).value());
    ops.copy(w.cols(3, 2), rnn.parameters().get(1).value());
    ops.copy(joined.parameters().get(1).value(), rnn.parameters().get(2).value());
    Tensor x = randomTensor(4, 3);
    Tensor h = arena.tensor(1, 2);
    ops.fill(0, h);
    for (int t = 0; t < 4; t++) {
      Tensor both = arena.tensor(1, 5);
      ops.copy(x.rows(t, 1), both.cols(0, 3));
      ops.copy(h, both.cols(3, 2));
      Tensor next = joined.forward(Pass.of(arena, Steps.uniform(1, 1)), both, State.NONE).output();
      h = arena.tensor(1, 2);
      ops.activate(Activation.TANH, next, h);
    }
    Trace trace = rnn.forward(Pass.of(arena, Steps.uniform(4, 1)), x, State.NONE);
    assertClose(trace.output().rows(3, 1), h, 1e-6f);
  }

  /** All 10000 classes equally likely. */
  @Test
  void lossOfTheUniformOutput() {
    Tensor scores = arena.tensor(1, 10000);
    ops.fill(0.25f, scores);
    Losses.Loss loss =
        Losses.crossEntropy(arena, CrossEntropy.MEAN, scores, arena.indices(new int[] {7}), null);
    assertValues(loss.value(), Math.log(10000));
  }

  private Losses.Loss binaryCrossEntropy(Tensor o, float target) {
    return Losses.elementwise(
        arena, ElementLoss.BINARY_CROSS_ENTROPY, Reduction.MEAN, o, row(target));
  }

  private static long count(Layer<?> model) {
    List<Parameter> parameters = model.parameters();
    return parameters.stream().mapToLong(p -> p.value().size()).sum();
  }

  private Tensor row(float... values) {
    return arena.tensor(values, 1, values.length);
  }

  private void assertValues(Tensor actual, double... expected) {
    float[] values = ops.read(actual);
    assertThat(values).hasSameSizeAs(expected);
    for (int i = 0; i < values.length; i++) {
      double bound = 4e-7 * Math.max(1, Math.abs(expected[i]));
      assertThat((double) values[i]).isCloseTo(expected[i], Offset.offset(bound));
    }
  }
}
