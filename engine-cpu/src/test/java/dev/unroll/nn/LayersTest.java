// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unroll.Activation;
import dev.unroll.Indices;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import dev.unroll.nn.Recurrent.Shape;
import java.util.Arrays;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class LayersTest extends DeviceTest {
  private static final int B = 3;
  private static final int T = 5;

  private Pass pass() {
    return Pass.of(arena, Steps.uniform(T, B));
  }

  @Test
  void embeddingLooksUpAndAddsRepeats() {
    Embedding embedding = new Embedding(new Initializer(arena, 1), 4, 2);
    Indices ids = arena.indices(new int[] {3, 1, 3});
    Trace trace = embedding.forward(pass(), ids, State.NONE);
    Tensor table = embedding.parameters().get(0).value();
    assertSameBits(trace.output().rows(0, 1), table.rows(3, 1));
    assertSameBits(trace.output().rows(1, 1), table.rows(1, 1));
    Tensor dy = arena.tensor(new float[] {1, 2, 4, 8, 16, 32}, 3, 2);
    assertThat(trace.backward(dy, State.NONE).input()).isNull();
    assertThat(ops.read(embedding.parameters().get(0).grad()))
        .containsExactly(0, 0, 4, 8, 0, 0, 17, 34);
  }

  @Test
  void embeddingPaddingHasNoGradientAndStartsAtZero() {
    Embedding embedding = new Embedding(new Initializer(arena, 1), 4, 2, 3);
    Indices ids = arena.indices(new int[] {3, 1, 3});
    Trace trace = embedding.forward(pass(), ids, State.NONE);
    assertThat(ops.read(trace.output().rows(0, 1))).containsOnly(0f);
    trace.backward(arena.tensor(new float[] {1, 2, 4, 8, 16, 32}, 3, 2), State.NONE);
    assertThat(ops.read(embedding.parameters().get(0).grad()))
        .containsExactly(0, 0, 4, 8, 0, 0, 0, 0);
    assertThatThrownBy(() -> new Embedding(new Initializer(arena, 1), 4, 2, 4))
        .hasMessageContaining("padding index must be 0 to 3: 4");
  }

  @Test
  void embeddingNamesTheWrongId() {
    Embedding embedding = new Embedding(new Initializer(arena, 1), 4, 2);
    for (int wrong : new int[] {-1, 4}) {
      Indices ids = arena.indices(new int[] {0, wrong});
      assertThatThrownBy(() -> embedding.forward(pass(), ids, State.NONE))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("embedding")
          .hasMessageContaining("value " + wrong + " at position 1");
    }
  }

  @Test
  void preluHasOneSlopeOrOneForEachColumn() {
    Tensor x = arena.tensor(new float[] {2, -2, -0f, -4, 3, Float.NaN}, 2, 3);
    Pass pass = Pass.of(arena, Steps.uniform(1, 2));
    PRelu each = new PRelu(new Initializer(arena, 1), 3);
    ops.write(new float[] {0.5f, -1, 0}, each.parameters().get(0).value());
    assertThat(ops.read(each.forward(pass, x, State.NONE).output()))
        .containsExactly(2, 2, 0, -2, 3, Float.NaN);
    PRelu one = new PRelu(new Initializer(arena, 1), 1);
    assertThat(ops.read(one.forward(pass, x, State.NONE).output()))
        .containsExactly(2, -0.5f, 0, -1, 3, Float.NaN);
    PRelu wrong = new PRelu(new Initializer(arena, 1), 2);
    assertThatThrownBy(() -> wrong.forward(pass, x, State.NONE)).hasMessageContaining("prelu");
  }

  @Test
  void denseIsAnAffineMap() {
    for (boolean bias : new boolean[] {true, false}) {
      Dense dense = new Dense(new Initializer(arena, 2), 3, 4, bias);
      Tensor x = randomTensor(7, 3);
      Tensor dy = randomTensor(7, 4);
      Trace trace = dense.forward(pass(), x, State.NONE);
      Tensor dx = trace.backward(dy, State.NONE).input();
      Tensor weight = dense.parameters().get(0).value();
      float[] b = bias ? ops.read(dense.parameters().get(1).value()) : new float[4];
      assertProduct(trace.output(), x, weight.t(), b);
      assertProduct(dx, dy, weight, new float[3]);
      assertProduct(dense.parameters().get(0).grad(), dy.t(), x, new float[3]);
      if (bias) {
        Tensor ones = arena.tensor(1, 7);
        ops.fill(1, ones);
        assertProduct(dense.parameters().get(1).grad(), ones, dy, new float[4]);
      }
    }
  }

  private void assertProduct(Tensor actual, Tensor a, Tensor b, float[] bias) {
    float[] left = ops.read(a);
    float[] right = ops.read(b);
    float[] found = ops.read(actual);
    for (int r = 0; r < a.rows(); r++) {
      for (int c = 0; c < b.cols(); c++) {
        double sum = bias[c];
        for (int k = 0; k < a.cols(); k++) {
          sum += (double) left[r * a.cols() + k] * right[k * b.cols() + c];
        }
        assertThat(found[r * b.cols() + c]).isCloseTo((float) sum, Offset.offset(1e-6f));
      }
    }
  }

  @Test
  void dropoutOnlyInTraining() {
    Initializer init = new Initializer(arena, 3);
    Dropout first = new Dropout(init, 0.3f);
    Dropout second = new Dropout(init, 0.3f);
    Tensor x = arena.tensor(T * B, 8);
    ops.fill(1, x);
    assertThat(first.forward(pass(), x, State.NONE).output()).isSameAs(x);
    Trace trace = first.forward(pass().withDropout(5, 1), x, State.NONE);
    float[] y = ops.read(trace.output());
    float kept = (float) (1 / (1 - (double) 0.3f));
    for (float value : y) {
      assertThat(value == 0 || value == kept).isTrue();
    }
    assertThat(y).contains(0f).contains(kept);
    assertThat(ops.read(trace.backward(x, State.NONE).input())).isEqualTo(y);
    assertThat(masks(first, 5, 1, x)).isEqualTo(y);
    assertThat(masks(first, 5, 2, x)).isNotEqualTo(y);
    assertThat(masks(first, 5 + (1L << 32), 1, x)).isNotEqualTo(y);
    assertThat(masks(second, 5, 1, x)).isNotEqualTo(y);
    assertThatThrownBy(() -> new Dropout(init, 1)).hasMessageContaining("below 1: 1.0");
    assertThatThrownBy(() -> new Dropout(init, Float.NaN)).hasMessageContaining("NaN");
  }

  private float[] masks(Dropout dropout, long seed, long step, Tensor x) {
    return ops.read(dropout.forward(pass().withDropout(seed, step), x, State.NONE).output());
  }

  @Test
  void sequentialChainsItsLayers() {
    Sequential<Indices> model = languageModel(7);
    Sequential<Indices> again = languageModel(7);
    assertThat(model.parameters().stream().map(Parameter::name))
        .containsExactly(
            "embedding.weight",
            "lstm.weight_ih_l0",
            "lstm.weight_hh_l0",
            "lstm.bias_ih_l0",
            "gru.weight_ih_l0",
            "gru.weight_hh_l0",
            "gru.bias_ih_l0",
            "gru.bias_hh_l0",
            "dense.weight",
            "dense.bias");
    assertThat(model.constants()).containsOnlyKeys("lstm.bias_hh_l0");
    State initial = randomState(model, B);
    assertThat(initial.tensors().keySet()).containsExactly("lstm.h", "lstm.c", "gru.h");
    Trace trace = model.forward(pass(), ids(), initial);
    State dFinal = randomState(model, B);
    Tensor dy = randomTensor(T * B, 6);
    Trace.Gradients d = trace.backward(dy, dFinal);
    assertThat(d.input()).isNull();
    assertThat(d.initial().tensors()).containsOnlyKeys("lstm.h", "lstm.c", "gru.h");

    // The same, with the recurrent state given and taken in two windows of the same steps.
    Trace same = again.forward(pass(), ids(), initial.copy(arena));
    assertSameBits(same.output(), trace.output());
    assertSameBits(same.finalState(), trace.finalState());
    assertSameBits(same.backward(dy, dFinal).initial(), d.initial());
    assertSameGrads(again, model);
    // Zero and random initial states must not be the same thing.
    assertThat(ops.read(model.forward(pass(), ids(), State.NONE).output()))
        .isNotEqualTo(ops.read(trace.output()));
  }

  @Test
  void sequentialCarriesStateFromWindowToWindow() {
    Sequential<Indices> model = languageModel(8);
    Trace whole = model.forward(pass(), ids(), State.NONE);
    State carried = model.zeroState(arena, B);
    Pass step = Pass.of(arena, Steps.uniform(1, B));
    for (int t = 0; t < T; t++) {
      Trace one = model.forward(step, ids().slice(t * B, B), carried);
      assertSameBits(one.output(), whole.output().rows(t * B, B));
      one.finalState().copyTo(ops, carried);
    }
    assertSameBits(carried, whole.finalState());
    carried.zero(ops);
    carried.tensors().values().forEach(t -> assertThat(ops.read(t)).containsOnly(0f));
  }

  @Test
  void sequentialRefusesWrongNames() {
    Sequential<Tensor> one = Sequential.of("a", new ActivationLayer(Activation.RELU));
    assertThatThrownBy(() -> one.then("a", new LogSoftmax())).hasMessageContaining("'a' already");
    Sequential<Tensor> two = one.then("b", new LogSoftmax());
    assertThatThrownBy(() -> two.then("b", new LogSoftmax())).hasMessageContaining("'b' already");
    assertThatThrownBy(() -> two.then("c.d", new LogSoftmax())).hasMessageContaining("a dot");
    assertThatThrownBy(() -> Sequential.of("", new LogSoftmax())).hasMessageContaining("empty");
    State other = State.of("lstm.h", randomTensor(B, 2));
    assertThatThrownBy(() -> two.forward(pass(), randomTensor(2, 2), other))
        .hasMessageContaining("'lstm.h'")
        .hasMessageContaining("[a, b]");
    assertThatThrownBy(() -> State.NONE.copyTo(ops, other)).hasMessageContaining("[lstm.h]");
  }

  @Test
  void activationAndLogSoftmaxAreTheOperations() {
    Tensor x = randomTensor(4, 6);
    Tensor dy = randomTensor(4, 6);
    Tensor expected = arena.tensor(4, 6);
    Tensor gradient = arena.tensor(4, 6);
    for (Activation f : new Activation[] {Activation.GELU_ERF, Activation.TANH}) {
      Trace trace = new ActivationLayer(f).forward(pass(), x, State.NONE);
      ops.activate(f, x, expected);
      assertSameBits(trace.output(), expected);
      ops.activateGrad(f, x, expected, dy, gradient);
      assertSameBits(trace.backward(dy, State.NONE).input(), gradient);
    }
    Trace trace = new LogSoftmax().forward(pass(), x, State.NONE);
    ops.logSoftmax(x, expected);
    assertSameBits(trace.output(), expected);
    ops.logSoftmaxGrad(expected, dy, gradient);
    assertSameBits(trace.backward(dy, State.NONE).input(), gradient);
  }

  @Test
  void initialValuesFollowSeedAndOrder() {
    Initializer init = new Initializer(arena, 5);
    Lstm lstm = new Lstm(init, new Shape(30, 16));
    Dense dense = new Dense(init, 25, 40);
    Embedding embedding = new Embedding(init, 100, 20);
    lstm.parameters().forEach(p -> assertUniform(ops.read(p.value()), 0.25f));
    dense.parameters().forEach(p -> assertUniform(ops.read(p.value()), 0.2f));
    double square = 0;
    for (float value : ops.read(embedding.parameters().get(0).value())) {
      square += value * value;
    }
    assertThat(square / 2000).isCloseTo(1, Offset.offset(0.1));
    assertSameBits(
        new Lstm(new Initializer(arena, 5), new Shape(30, 16)).parameters().get(2).value(),
        lstm.parameters().get(2).value());
    float[] biasIh = ops.read(lstm.parameters().get(2).value());
    assertThat(ops.read(lstm.parameters().get(3).value())).isNotEqualTo(biasIh);
    float[] otherSeed =
        ops.read(
            new Lstm(new Initializer(arena, 6), new Shape(30, 16)).parameters().get(2).value());
    assertThat(otherSeed).isNotEqualTo(biasIh);
  }

  private static void assertUniform(float[] values, float bound) {
    float[] sorted = values.clone();
    Arrays.sort(sorted);
    assertThat(sorted[0]).isBetween(-bound, -0.8f * bound);
    assertThat(sorted[sorted.length - 1]).isBetween(0.8f * bound, bound);
  }

  private Sequential<Indices> languageModel(long seed) {
    Initializer init = new Initializer(arena, seed);
    return Sequential.of("embedding", new Embedding(init, 6, 4))
        .then("lstm", new Lstm(init, new Shape(4, 5, 1, Bias.SINGLE)))
        .then("tanh", new ActivationLayer(Activation.TANH))
        .then("gru", new Gru(init, new Shape(5, 3)))
        .then("dense", new Dense(init, 3, 6));
  }

  private Indices ids() {
    return arena.indices(new int[] {0, 1, 2, 3, 4, 5, 0, 2, 4, 1, 3, 5, 5, 5, 0});
  }
}
