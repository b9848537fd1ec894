// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unroll.Activation;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import dev.unroll.nn.Recurrent.Shape;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RecurrentOptionsTest extends DeviceTest {
  private static final int I = 3;
  private static final int H = 5;

  /** Dropout that in effect drops nothing makes a plain layer run step by step. */
  private static final RecurrentOptions STEPWISE =
      RecurrentOptions.PLAIN.withRecurrentDropout(1e-30f);

  @ParameterizedTest
  @EnumSource
  void stepByStepGivesTheBitsOfTheFusedForm(Cells cell) {
    for (Bias bias : Bias.values()) {
      Shape shape = new Shape(I, H, 2, bias);
      Recurrent fused =
          cell.make(new Initializer(arena, 1), shape, RecurrentOptions.PLAIN.withBidirectional());
      Recurrent stepped = cell.make(new Initializer(arena, 1), shape, STEPWISE.withBidirectional());
      Ragged ragged = Ragged.of(2, 0, 5, 3);
      Pass pass = Pass.of(arena, ragged).withDropout(1, 2);
      Tensor x = randomTensor(ragged.steps().rows(), I);
      State initial = randomState(fused, 4);
      Trace expected = fused.forward(pass, x, initial);
      Trace actual = stepped.forward(pass, x, initial);
      assertSameBits(actual.output(), expected.output());
      assertSameBits(actual.finalState(), expected.finalState());
      Tensor dOutput = randomTensor(ragged.steps().rows(), 2 * H);
      State dFinal = randomState(fused, 4);
      Trace.Gradients dExpected = expected.backward(dOutput, dFinal);
      Trace.Gradients dActual = actual.backward(dOutput, dFinal);
      assertSameBits(dActual.input(), dExpected.input());
      assertSameBits(dActual.initial(), dExpected.initial());
      assertSameGrads(stepped, fused);
    }
    assertThat(ops.placement().notes())
        .filteredOn(n -> n.contains("step by step"))
        .hasSize(1)
        .allMatch(n -> n.endsWith("because of recurrent dropout"));
  }

  @ParameterizedTest
  @EnumSource
  void recurrentDropoutIsOneMaskForEachSequence(Cells cell) {
    RecurrentOptions options = RecurrentOptions.PLAIN.withRecurrentDropout(0.5f);
    Recurrent layer = cell.make(new Initializer(arena, 2), new Shape(I, H), options);
    Tensor shared = randomTensor(5, I);
    // The second sequence of the caller stands second in one batch and first in the other.
    float[][] outputs = new float[2][];
    for (int k = 0; k < 2; k++) {
      Ragged ragged = Ragged.of(k == 0 ? 5 : 3, 5);
      Tensor x = arena.tensor(2 * 5, I);
      ops.copy(shared, x.rows(0, 5));
      ops.copy(shared, x.rows(5, 5));
      Pass pass = Pass.of(arena, ragged).withDropout(4, 9);
      Tensor packed = ragged.pack(arena, x, Ragged.Layout.BATCH_FIRST);
      Tensor y = layer.forward(pass, packed, State.NONE).output();
      outputs[k] = ops.read(ragged.unpack(arena, y, Ragged.Layout.BATCH_FIRST, 5).rows(5, 5));
    }
    assertThat(bits(outputs[1])).isEqualTo(bits(outputs[0]));
    Pass evaluation = Pass.of(arena, Steps.uniform(5, 1));
    Tensor y = layer.forward(evaluation, shared, State.NONE).output();
    Recurrent plain = cell.make(new Initializer(arena, 2), new Shape(I, H));
    assertSameBits(y, plain.forward(evaluation, shared, State.NONE).output());
  }

  @Test
  void anLstmWithAllOptionsIsTheFormula() {
    RecurrentOptions options =
        RecurrentOptions.PLAIN
            .withActivations(Activation.softplus(1, 20), Activation.hardSigmoid(0.2f, 0.5f))
            .withLayerNorm()
            .withProjection(2);
    Lstm lstm = new Lstm(new Initializer(arena, 3), new Shape(I, H), options);
    lstm.parameters().forEach(p -> ops.write(random(p.value().size()), p.value()));
    float[] x = random(I);
    State initial = randomState(lstm, 1);
    State last =
        lstm.forward(Pass.of(arena, Steps.uniform(1, 1)), arena.tensor(x, 1, I), initial)
            .finalState();
    double[] a =
        plus(
            times(normal(product(lstm, "weight_ih_l0", x)), lstm, "norm_ih_l0"),
            lstm,
            "bias_ih_l0");
    double[] u =
        plus(
            times(
                normal(product(lstm, "weight_hh_l0", ops.read(initial.get("h")))),
                lstm,
                "norm_hh_l0"),
            lstm,
            "bias_hh_l0");
    float[] cPrev = ops.read(initial.get("c"));
    double[] c = new double[H];
    for (int k = 0; k < H; k++) {
      double i = hardSigmoid(a[k] + u[k]);
      double f = hardSigmoid(a[H + k] + u[H + k]);
      c[k] = f * cPrev[k] + i * StrictMath.log1p(StrictMath.exp(a[2 * H + k] + u[2 * H + k]));
    }
    double[] fromC = plus(times(normal(c), lstm, "norm_c_l0"), lstm, "norm_c_bias_l0");
    float[] wide = new float[H];
    for (int k = 0; k < H; k++) {
      double o = hardSigmoid(a[3 * H + k] + u[3 * H + k]);
      wide[k] = (float) (o * StrictMath.log1p(StrictMath.exp(fromC[k])));
    }
    requireClose(ops.read(last.get("c")), c);
    requireClose(ops.read(last.get("h")), product(lstm, "weight_hr_l0", wide));
    assertThat(last.get("h").shape()).containsExactly(1, 1, 2);
    assertThat(lstm.outputSize()).isEqualTo(2);
  }

  @Test
  void aGruWithTheResetBeforeIsTheFormula() {
    RecurrentOptions options = RecurrentOptions.PLAIN.withResetBefore();
    Gru gru = new Gru(new Initializer(arena, 4), new Shape(I, H), options);
    float[] x = random(I);
    State initial = randomState(gru, 1);
    float[] h = ops.read(initial.get("h"));
    State last =
        gru.forward(Pass.of(arena, Steps.uniform(1, 1)), arena.tensor(x, 1, I), initial)
            .finalState();
    double[] a = plus(product(gru, "weight_ih_l0", x), gru, "bias_ih_l0");
    double[] u = plus(product(gru, "weight_hh_l0", h), gru, "bias_hh_l0");
    float[] reset = new float[H];
    for (int k = 0; k < H; k++) {
      reset[k] = (float) (h[k] / (1 + StrictMath.exp(-a[k] - u[k])));
    }
    double[] v = plus(product(gru, "weight_hh_l0", reset), gru, "bias_hh_l0");
    double[] expected = new double[H];
    for (int k = 0; k < H; k++) {
      double z = 1 / (1 + StrictMath.exp(-a[H + k] - u[H + k]));
      double n = StrictMath.tanh(a[2 * H + k] + v[2 * H + k]);
      expected[k] = (1 - z) * n + z * h[k];
    }
    requireClose(ops.read(last.get("h")), expected);
  }

  private double[] product(Layer<?> layer, String weight, float[] x) {
    float[] w = parameter(layer, weight);
    double[] y = new double[w.length / x.length];
    for (int i = 0; i < w.length; i++) {
      y[i / x.length] += (double) w[i] * x[i % x.length];
    }
    return y;
  }

  private float[] parameter(Layer<?> layer, String name) {
    return layer.parameters().stream()
        .filter(p -> p.name().equals(name))
        .map(p -> ops.read(p.value()))
        .findFirst()
        .orElseThrow();
  }

  private static double[] normal(double... x) {
    double mean = 0;
    double variance = 0;
    for (double v : x) {
      mean += v / x.length;
    }
    for (double v : x) {
      variance += (v - mean) * (v - mean) / x.length;
    }
    double[] y = new double[x.length];
    for (int i = 0; i < y.length; i++) {
      y[i] = (x[i] - mean) / Math.sqrt(variance + 1e-5);
    }
    return y;
  }

  private double[] times(double[] x, Layer<?> layer, String factor) {
    float[] f = parameter(layer, factor);
    double[] y = new double[x.length];
    for (int i = 0; i < y.length; i++) {
      y[i] = x[i] * f[i];
    }
    return y;
  }

  private double[] plus(double[] x, Layer<?> layer, String term) {
    float[] b = parameter(layer, term);
    double[] y = new double[x.length];
    for (int i = 0; i < y.length; i++) {
      y[i] = x[i] + b[i];
    }
    return y;
  }

  private static double hardSigmoid(double x) {
    return Math.max(0, Math.min(1, 0.2f * x + 0.5f));
  }

  private static void requireClose(float[] actual, double... expected) {
    assertThat(actual).hasSize(expected.length);
    for (int i = 0; i < expected.length; i++) {
      double bound = 3e-6 * (1 + Math.abs(expected[i]));
      assertThat(Math.abs(actual[i] - expected[i]) <= bound)
          .as("[" + i + "] " + actual[i] + ", expected " + expected[i])
          .isTrue();
    }
  }

  @Test
  void optionsThatDoNotApplyAreRefused() {
    RecurrentOptions plain = RecurrentOptions.PLAIN;
    Initializer init = new Initializer(arena, 5);
    Shape shape = new Shape(I, H);
    assertThatThrownBy(() -> new Gru(init, shape, plain.withProjection(2)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("gru: has no projection");
    assertThatThrownBy(() -> new Lstm(init, shape, plain.withResetBefore()))
        .hasMessage("lstm: has no reset gate");
    assertThatThrownBy(
            () ->
                new Rnn(
                    init,
                    Activation.TANH,
                    shape,
                    plain.withActivations(Activation.RELU, Activation.SIGMOID)))
        .hasMessageStartingWith("rnn: has no activations");
    assertThatThrownBy(() -> plain.withLayerNorm().withResetBefore())
        .hasMessageContaining("withLayerNorm() and withResetBefore()");
    assertThatThrownBy(() -> plain.withDropout(1)).hasMessageContaining("dropout must be");
    assertThatThrownBy(() -> plain.withRecurrentDropout(Float.NaN)).hasMessageContaining("NaN");
    assertThatThrownBy(() -> plain.withProjection(-1)).hasMessageContaining("-1");
  }
}
