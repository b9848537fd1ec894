// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unroll.Activation;
import dev.unroll.nn.Recurrent.Shape;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class SchemeTest extends DeviceTest {
  private static final int OUT = 60;
  private static final int IN = 40;

  @Test
  void boundsAndDeviationsAreThoseOfTheFormulas() {
    assertUniform(Scheme.xavierUniform(2), 2 * Math.sqrt(6.0 / (OUT + IN)));
    assertUniform(Scheme.kaimingUniform(Math.sqrt(2)), Math.sqrt(6.0 / IN));
    assertDeviation(Scheme.xavierNormal(2), 0, 2 * Math.sqrt(2.0 / (OUT + IN)));
    assertDeviation(Scheme.kaimingNormal(1), 0, 1 / Math.sqrt(IN));
    assertDeviation(Scheme.normal(3, 0.5), 3, 0.5);
    assertDeviation(Scheme.uniform(1, 2), 1.5, 1 / Math.sqrt(12));
    assertThat(draw(Scheme.constant(0.5), 7)).containsOnly(0.5f);
  }

  @Test
  void gains() {
    assertThat(Scheme.gain(Activation.TANH)).isEqualTo(5.0 / 3);
    assertThat(Scheme.gain(Activation.RELU)).isEqualTo(Math.sqrt(2));
    assertThat(Scheme.gain(Activation.leakyRelu(1))).isEqualTo(1);
    assertThat(Scheme.gain(Activation.SIGMOID)).isEqualTo(1);
  }

  @Test
  void orthogonalRowsOrColumns() {
    for (int[] shape : new int[][] {{5, 5}, {7, 3}, {3, 7}, {1, 4}}) {
      float[] m = draw(Scheme.orthogonal(2), shape);
      boolean byRows = shape[0] <= shape[1];
      int n = Math.min(shape[0], shape[1]);
      for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
          double dot = 0;
          for (int k = 0; k < Math.max(shape[0], shape[1]); k++) {
            dot +=
                byRows
                    ? m[i * shape[1] + k] * m[j * shape[1] + k]
                    : m[k * shape[1] + i] * m[k * shape[1] + j];
          }
          assertThat(dot).isCloseTo(i == j ? 4 : 0, Offset.offset(1e-6));
        }
      }
    }
  }

  @Test
  void seedsAndStreamsDiffer() {
    Initializer init = new Initializer(arena, 5);
    Parameter a = init.constant("a", 0, 4, 4);
    Parameter b = init.constant("b", 0, 4, 4);
    init.reset(a, Scheme.orthogonal(1));
    init.reset(b, Scheme.orthogonal(1));
    assertThat(ops.read(a.value())).isNotEqualTo(ops.read(b.value()));
    init.reset(b, Scheme.orthogonal(1));
    assertThat(ops.read(a.value())).isNotEqualTo(ops.read(b.value()));
    Initializer again = new Initializer(arena, 5);
    Parameter c = again.constant("c", 0, 4, 4);
    again.constant("d", 0, 4, 4);
    again.reset(c, Scheme.orthogonal(1));
    assertSameBits(c.value(), a.value());
  }

  @Test
  void forgetGatesStartOpen() {
    for (Bias bias : List.of(Bias.PYTORCH, Bias.SINGLE)) {
      Initializer init = new Initializer(arena, 1);
      Lstm lstm = new Lstm(init, new Shape(2, 3, 2, bias));
      float[] before = ops.read(lstm.parameters().get(2).value());
      init.forgetBias(lstm, 1);
      for (Parameter p : lstm.parameters()) {
        if (p.name().startsWith("bias_")) {
          float wanted = p.name().startsWith("bias_ih") ? 1 : 0;
          assertThat(ops.read(p.value().cols(3, 3))).containsOnly(wanted);
        }
      }
      float[] after = ops.read(lstm.parameters().get(2).value());
      assertThat(after[2]).isEqualTo(before[2]);
      assertThat(after[6]).isEqualTo(before[6]);
    }
    Initializer init = new Initializer(arena, 1);
    Lstm none = new Lstm(init, new Shape(2, 3, 1, Bias.NONE));
    assertThatThrownBy(() -> init.forgetBias(none, 1)).hasMessageContaining("no biases");
  }

  @Test
  void aBiasHasNoInputs() {
    assertThatThrownBy(() -> draw(Scheme.xavierUniform(1), 7)).hasMessageContaining("[7]");
  }

  private void assertUniform(Scheme scheme, double bound) {
    float[] values = draw(scheme, OUT, IN);
    for (float v : values) {
      assertThat(Math.abs(v)).isLessThanOrEqualTo((float) bound);
    }
    assertMoments(values, 0, bound / Math.sqrt(3));
  }

  private void assertDeviation(Scheme scheme, double mean, double deviation) {
    assertMoments(draw(scheme, OUT, IN), mean, deviation);
  }

  /** 2400 values: five standard errors of the mean, and of the deviation. */
  private static void assertMoments(float[] values, double mean, double deviation) {
    double sum = 0;
    double squares = 0;
    for (float v : values) {
      sum += v;
      squares += (v - mean) * (v - mean);
    }
    double error = deviation / Math.sqrt(values.length);
    assertThat(sum / values.length).isCloseTo(mean, Offset.offset(5 * error));
    assertThat(Math.sqrt(squares / values.length)).isCloseTo(deviation, Offset.offset(4 * error));
  }

  private float[] draw(Scheme scheme, int... shape) {
    Initializer init = new Initializer(arena, 3);
    Parameter p = init.constant("p", Double.NaN, shape);
    init.reset(p, scheme);
    return ops.read(p.value());
  }
}
