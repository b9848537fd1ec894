// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.unroll.Activation;
import dev.unroll.Steps;
import dev.unroll.io.NamedArray;
import dev.unroll.nn.Recurrent.Shape;
import dev.unroll.nn.WeightImport.Kind;
import java.util.List;
import org.junit.jupiter.api.Test;

class WeightImportTest extends DeviceTest {
  private static final int I = 3;
  private static final int H = 2;

  private NamedArray array(String name, int... shape) {
    int size = 1;
    for (int axis : shape) {
      size *= axis;
    }
    return new NamedArray(name, random(size), shape);
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  /** x kernel + bias for one unit of one gate, as Keras writes it. */
  private static double gate(NamedArray kernel, float[] x, int gate, int unit) {
    int columns = kernel.shape()[1];
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += x[i] * (double) kernel.values()[i * columns + gate * H + unit];
    }
    return sum;
  }

  private float[] run(Layer<dev.unroll.Tensor> layer, float[] x, State state) {
    Pass pass = Pass.of(arena, Steps.uniform(1, 1));
    return ops.read(layer.forward(pass, arena.tensor(x, 1, x.length), state).output());
  }

  @Test
  void anLstmOfKerasComputesWhatKerasDoes() {
    NamedArray kernel = array("lstm/kernel", I, 4 * H);
    NamedArray recurrent = array("lstm/recurrent_kernel", H, 4 * H);
    NamedArray bias = array("lstm/bias:0", 4 * H);
    Lstm lstm = new Lstm(new Initializer(arena, 1), new Shape(I, H, 1, Bias.SINGLE));
    WeightImport.Report report =
        new WeightImport(List.of(kernel, recurrent, bias))
            .keras(Kind.LSTM, "lstm", "lstm", 0)
            .into(ops, Sequential.of("lstm", lstm));
    float[] x = random(I);
    float[] h = random(H);
    float[] c = random(H);
    float[] y =
        run(lstm, x, State.of("h", arena.tensor(h, 1, 1, H)).with("c", arena.tensor(c, 1, 1, H)));

    for (int u = 0; u < H; u++) {
      double[] z = new double[4];
      for (int g = 0; g < 4; g++) {
        z[g] = gate(kernel, x, g, u) + gate(recurrent, h, g, u) + bias.values()[g * H + u];
      }
      double cell = sigmoid(z[1]) * c[u] + sigmoid(z[0]) * Math.tanh(z[2]);
      assertThat((double) y[u]).isCloseTo(sigmoid(z[3]) * Math.tanh(cell), within(1e-6));
    }
    assertThat(report.toString())
        .contains("lstm.weight_ih_l0 [8, 3] <- lstm/kernel", "lstm/bias:0");
  }

  @Test
  void aGruOfKerasWithResetAfterHasTwoBiases() {
    NamedArray kernel = array("gru/kernel", I, 3 * H);
    NamedArray recurrent = array("gru/recurrent_kernel", H, 3 * H);
    NamedArray bias = array("gru/bias", 2, 3 * H);
    Gru gru = new Gru(new Initializer(arena, 1), new Shape(I, H));
    new WeightImport(List.of(kernel, recurrent, bias))
        .keras(Kind.GRU, "gru", "gru", 0)
        .into(ops, Sequential.of("gru", gru));
    float[] x = random(I);
    float[] h = random(H);
    float[] y = run(gru, x, State.of("h", arena.tensor(h, 1, 1, H)));

    for (int u = 0; u < H; u++) {
      double[] a = new double[3];
      double[] b = new double[3];
      for (int g = 0; g < 3; g++) {
        a[g] = gate(kernel, x, g, u) + bias.values()[g * H + u];
        b[g] = gate(recurrent, h, g, u) + bias.values()[3 * H + g * H + u];
      }
      double z = sigmoid(a[0] + b[0]);
      double r = sigmoid(a[1] + b[1]);
      double n = Math.tanh(a[2] + r * b[2]);
      assertThat((double) y[u]).isCloseTo(z * h[u] + (1 - z) * n, within(1e-6));
    }
  }

  @Test
  void aGruOfKerasWithResetBeforeHasOneBias() {
    NamedArray kernel = array("gru/kernel", I, 3 * H);
    NamedArray recurrent = array("gru/recurrent_kernel", H, 3 * H);
    NamedArray bias = array("gru/bias", 3 * H);
    Gru gru =
        new Gru(
            new Initializer(arena, 1),
            new Shape(I, H, 1, Bias.SINGLE),
            RecurrentOptions.PLAIN.withResetBefore());
    new WeightImport(List.of(kernel, recurrent, bias))
        .keras(Kind.GRU, "gru", "gru", 0)
        .into(ops, Sequential.of("gru", gru));
    float[] x = random(I);
    float[] h = random(H);
    float[] y = run(gru, x, State.of("h", arena.tensor(h, 1, 1, H)));

    float[] reset = new float[H];
    double[] z = new double[H];
    for (int u = 0; u < H; u++) {
      z[u] = sigmoid(kerasGate(kernel, recurrent, bias, x, h, 0, u));
      reset[u] = (float) (sigmoid(kerasGate(kernel, recurrent, bias, x, h, 1, u)) * h[u]);
    }
    for (int u = 0; u < H; u++) {
      double n = Math.tanh(kerasGate(kernel, recurrent, bias, x, reset, 2, u));
      assertThat((double) y[u]).isCloseTo(z[u] * h[u] + (1 - z[u]) * n, within(1e-6));
    }
  }

  private static double kerasGate(
      NamedArray kernel,
      NamedArray recurrent,
      NamedArray bias,
      float[] x,
      float[] h,
      int g,
      int u) {
    return gate(kernel, x, g, u) + gate(recurrent, h, g, u) + bias.values()[g * H + u];
  }

  @Test
  void denseEmbeddingAndSimpleRnnOfKeras() {
    NamedArray embeddings = array("e/embeddings", 5, I);
    NamedArray kernel = array("r/kernel", I, H);
    NamedArray recurrent = array("r/recurrent_kernel", H, H);
    NamedArray dense = array("d/kernel", H, 4);
    NamedArray bias = array("d/bias", 4);
    Initializer init = new Initializer(arena, 1);
    Sequential<dev.unroll.Indices> model =
        Sequential.of("e", new Embedding(init, 5, I))
            .then("r", new Rnn(init, Activation.TANH, new Shape(I, H, 1, Bias.NONE)))
            .then("d", new Dense(init, H, 4));
    new WeightImport(List.of(embeddings, kernel, recurrent, dense, bias))
        .keras(Kind.EMBEDDING, "e", "e", 0)
        .keras(Kind.RNN, "r", "r", 0)
        .keras(Kind.DENSE, "d", "d", 0)
        .into(ops, model);
    Pass pass = Pass.of(arena, Steps.uniform(1, 1));
    float[] y = ops.read(model.forward(pass, arena.indices(new int[] {3}), State.NONE).output());

    for (int o = 0; o < 4; o++) {
      double sum = bias.values()[o];
      for (int u = 0; u < H; u++) {
        double z = 0;
        for (int i = 0; i < I; i++) {
          z += embeddings.values()[3 * I + i] * (double) kernel.values()[i * H + u];
        }
        sum += Math.tanh(z) * dense.values()[u * 4 + o];
      }
      assertThat((double) y[o]).isCloseTo(sum, within(1e-6));
    }
  }

  @Test
  void anLstmOfOnnxHasItsOwnOrderOfGates() {
    NamedArray w = array("W", 1, 4 * H, I);
    NamedArray r = array("R", 1, 4 * H, H);
    NamedArray b = array("B", 1, 8 * H);
    Lstm lstm = new Lstm(new Initializer(arena, 1), new Shape(I, H));
    new WeightImport(List.of(w, r, b))
        .onnx(Kind.LSTM, "W", "R", "B", "lstm", 0)
        .into(ops, Sequential.of("lstm", lstm));
    float[] x = random(I);
    float[] y = run(lstm, x, State.NONE);

    for (int u = 0; u < H; u++) {
      double[] z = new double[4];
      for (int g = 0; g < 4; g++) {
        z[g] = b.values()[g * H + u] + (double) b.values()[4 * H + g * H + u];
        for (int i = 0; i < I; i++) {
          z[g] += x[i] * (double) w.values()[(g * H + u) * I + i];
        }
      }
      double cell = sigmoid(z[0]) * Math.tanh(z[3]);
      assertThat((double) y[u]).isCloseTo(sigmoid(z[1]) * Math.tanh(cell), within(1e-6));
    }
  }

  @Test
  void pytorchPrefixesAreReplacedAndBitsKept() {
    Dense dense = new Dense(new Initializer(arena, 1), I, H);
    NamedArray weight = array("module.out.weight", H, I);
    new WeightImport(List.of(weight, array("module.out.bias", H)))
        .pytorch("module.out.", "dense.")
        .into(ops, Sequential.of("dense", dense));
    assertThat(ops.read(dense.parameters().get(0).value())).isEqualTo(weight.values());
  }

  @Test
  void nothingMayBeLeftOverOrMissing() {
    Dense dense = new Dense(new Initializer(arena, 1), I, H);
    Sequential<dev.unroll.Tensor> model = Sequential.of("dense", dense);
    float[] before = ops.read(dense.parameters().get(0).value());

    assertRefused(model, "no rule takes [extra]", array("d.weight", H, I), array("extra", 1));
    assertRefused(model, "nothing is given for dense.bias", array("d.weight", H, I));
    assertRefused(
        model, "dense.weight is [2, 3], but d.weight makes it [3, 2]", array("d.weight", I, H));
    assertRefused(
        model, "the model has no [dense.other]", array("d.weight", H, I), array("d.other", 1));
    assertRefused(
        model,
        "not finite",
        array("d.weight", H, I),
        new NamedArray("d.bias", new float[] {1, Float.NaN}, H));
    assertThat(ops.read(dense.parameters().get(0).value())).isEqualTo(before);
    assertThatThrownBy(() -> new WeightImport(List.of(array("a", 1), array("a", 1))))
        .hasMessageContaining("two arrays");
    WeightImport none = new WeightImport(List.of(array("a", 1)));
    assertThatThrownBy(() -> none.pytorch("b", "c")).hasMessageContaining("starts with 'b'");
    assertThatThrownBy(() -> none.keras(Kind.DENSE, "d", "d", 0))
        .hasMessageContaining("'d/kernel'");
  }

  private void assertRefused(Model model, String message, NamedArray... arrays) {
    WeightImport weights = new WeightImport(List.of(arrays)).pytorch("d.", "dense.");
    assertThatThrownBy(() -> weights.into(ops, model))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  @Test
  void aSecondBiasThatIsNotZeroDoesNotFitASingleOne() {
    Lstm lstm = new Lstm(new Initializer(arena, 1), new Shape(I, H, 1, Bias.SINGLE));
    WeightImport weights =
        new WeightImport(
                List.of(
                    array("weight_ih_l0", 4 * H, I),
                    array("weight_hh_l0", 4 * H, H),
                    array("bias_ih_l0", 4 * H),
                    array("bias_hh_l0", 4 * H)))
            .pytorch("", "");
    assertThatThrownBy(() -> weights.into(ops, lstm)).hasMessageContaining("zeros");
  }
}
