// SPDX-License-Identifier: Apache-2.0

package dev.unroll.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unroll.Tensor;
import dev.unroll.nn.DeviceTest;
import dev.unroll.nn.Parameter;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Each optimiser against its formula in double, over steps with changing gradients and rates. */
class OptimizersTest extends DeviceTest {
  private static final int STEPS = 12;
  private static final double SCALE = 0.5;

  /** One element in double. */
  private interface Rule {
    /**
     * Returns the new parameter; {@code t} counts from 1, {@code s} is the state of the element.
     */
    double update(double p, double g, double lr, int t, double[] s);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0, 0, false",
    "0, 0, 0.1, false",
    "0.9, 0, 0, false",
    "0.9, 0.3, 0.1, false",
    "0.9, 0, 0.1, true"
  })
  void sgd(double momentum, double dampening, double decay, boolean nesterov) {
    Sgd.Settings settings = new Sgd.Settings(momentum, dampening, decay, nesterov);
    List<Parameter> parameters = parameters();
    check(
        new Sgd(arena, parameters, settings),
        (p, g, lr, t, s) -> {
          g += decay * p;
          if (momentum != 0) {
            s[0] = t == 1 ? g : momentum * s[0] + (1 - dampening) * g;
            g = nesterov ? g + momentum * s[0] : s[0];
          }
          return p - lr * g;
        },
        momentum == 0 ? new String[0] : new String[] {"momentum_buffer"});
  }

  @ParameterizedTest
  @CsvSource({
    "0, false, false",
    "0.1, false, false",
    "0.1, true, false",
    "0, false, true",
    "0.1, true, true"
  })
  void adam(double decay, boolean decoupled, boolean amsgrad) {
    double eps = 1e-3;
    Adam.Settings settings = new Adam.Settings(0.8, 0.9, eps, decay, decoupled, amsgrad);
    check(
        new Adam(arena, parameters(), settings),
        (p, g, lr, t, s) -> {
          if (decoupled) {
            p *= 1 - lr * decay;
          } else {
            g += decay * p;
          }
          s[0] = 0.8 * s[0] + 0.2 * g;
          s[1] = 0.9 * s[1] + 0.1 * g * g;
          s[2] = Math.max(s[2], s[1]);
          double v = amsgrad ? s[2] : s[1];
          double root = Math.sqrt(v) / Math.sqrt(1 - Math.pow(0.9, t));
          return p - lr / (1 - Math.pow(0.8, t)) * s[0] / (root + eps);
        },
        amsgrad ? new String[] {"m", "v", "vmax"} : new String[] {"m", "v"});
  }

  @ParameterizedTest
  @CsvSource({"0, 0, false", "0.1, 0, true", "0.1, 0.9, false", "0, 0.9, true"})
  void rmsprop(double decay, double momentum, boolean centered) {
    double eps = 1e-3;
    Rmsprop.Settings settings = new Rmsprop.Settings(0.7, eps, decay, momentum, centered);
    List<String> kinds = new ArrayList<>(List.of("square_avg"));
    if (centered) {
      kinds.add("grad_avg");
    }
    if (momentum != 0) {
      kinds.add("momentum_buffer");
    }
    int buffer = kinds.size() - 1;
    check(
        new Rmsprop(arena, parameters(), settings),
        (p, g, lr, t, s) -> {
          g += decay * p;
          s[0] = 0.7 * s[0] + 0.3 * g * g;
          double d = s[0];
          if (centered) {
            s[1] = 0.7 * s[1] + 0.3 * g;
            d -= s[1] * s[1];
          }
          double step = g / (Math.sqrt(Math.max(d, 0)) + eps);
          if (momentum != 0) {
            s[buffer] = momentum * s[buffer] + step;
            step = s[buffer];
          }
          return p - lr * step;
        },
        kinds.toArray(String[]::new));
  }

  @ParameterizedTest
  @CsvSource({"0, 0, 0", "0.5, 0.1, 0.1"})
  void adagrad(double rateDecay, double decay, double initial) {
    double eps = 1e-3;
    Adagrad.Settings settings = new Adagrad.Settings(rateDecay, decay, initial, eps);
    check(
        new Adagrad(arena, parameters(), settings),
        (p, g, lr, t, s) -> {
          g += decay * p;
          // As float, since that is what the sums start from.
          s[0] = (t == 1 ? (float) initial : s[0]) + g * g;
          return p - lr / (1 + (t - 1) * rateDecay) * g / (Math.sqrt(s[0]) + eps);
        },
        "sum");
  }

  @Test
  void kerasAddsEpsilonBeforeTheCorrection() {
    double eps = 1e-2;
    check(
        new Adam(arena, parameters(), new Adam.Settings(0.8, 0.9, eps, 0, false, false, true)),
        (p, g, lr, t, s) -> {
          s[0] = 0.8 * s[0] + 0.2 * g;
          s[1] = 0.9 * s[1] + 0.1 * g * g;
          double size = lr * Math.sqrt(1 - Math.pow(0.9, t)) / (1 - Math.pow(0.8, t));
          return p - size * s[0] / (Math.sqrt(s[1]) + eps);
        },
        "m",
        "v");
  }

  @Test
  void defaultsAreThoseOfPyTorchAndKeras() {
    assertThat(Adam.Settings.ADAM.epsilon()).isEqualTo(1e-8);
    assertThat(Adam.Settings.ADAMW.weightDecay()).isEqualTo(0.01);
    assertThat(Adam.Settings.KERAS.epsilon()).isEqualTo(1e-7);
    assertThat(Rmsprop.Settings.DEFAULT.alpha()).isEqualTo(0.99);
    assertThat(Rmsprop.Settings.KERAS.alpha()).isEqualTo(0.9);
    assertThat(Rmsprop.Settings.KERAS.epsilon()).isEqualTo(1e-7);
    assertThat(Adagrad.Settings.DEFAULT.epsilon()).isEqualTo(1e-10);
    assertThat(Adagrad.Settings.KERAS.initialSum()).isEqualTo(0.1);
  }

  private void check(Optimizer optimizer, Rule rule, String... kinds) {
    List<Parameter> parameters = optimizer.parameters();
    List<double[]> values = new ArrayList<>();
    List<double[][]> states = new ArrayList<>();
    for (Parameter p : parameters) {
      values.add(doubles(p.value()));
      states.add(new double[p.value().size()][3]);
    }
    Tensor scale = arena.tensor(new float[] {(float) SCALE}, 1, 1);
    for (int t = 1; t <= STEPS; t++) {
      double lr = 0.1 / t;
      for (int i = 0; i < parameters.size(); i++) {
        float[] grad = random(parameters.get(i).grad().size());
        ops.write(grad, parameters.get(i).grad());
        double[] p = values.get(i);
        for (int k = 0; k < p.length; k++) {
          double g = t % 2 == 0 ? grad[k] * SCALE : grad[k];
          p[k] = rule.update(p[k], g, lr, t, states.get(i)[k]);
        }
      }
      optimizer.step(lr, t % 2 == 0 ? scale : null);
    }
    assertThat(optimizer.steps()).isEqualTo(STEPS);
    assertThat(optimizer.state()).hasSize(kinds.length * parameters.size());
    for (int i = 0; i < parameters.size(); i++) {
      assertClose(parameters.get(i).value(), values.get(i));
      for (int s = 0; s < kinds.length; s++) {
        double[] column = new double[values.get(i).length];
        for (int k = 0; k < column.length; k++) {
          column[k] = states.get(i)[k][s];
        }
        assertClose(optimizer.state().get(kinds[s] + "." + parameters.get(i).name()), column);
      }
    }
  }

  @Test
  void resumedStepsCountOn() {
    Adam one = new Adam(arena, parameters(), Adam.Settings.ADAMW);
    Adam two = new Adam(arena, parameters(), Adam.Settings.ADAMW);
    for (int i = 0; i < 2; i++) {
      ops.copy(one.parameters().get(i).value(), two.parameters().get(i).value());
      ops.write(random(one.parameters().get(i).grad().size()), one.parameters().get(i).grad());
      ops.copy(one.parameters().get(i).grad(), two.parameters().get(i).grad());
    }
    for (int t = 0; t < 5; t++) {
      one.step(0.01, null);
      two.step(0.01, null);
    }
    Adam resumed = new Adam(arena, two.parameters(), Adam.Settings.ADAMW);
    two.state().forEach((name, t) -> ops.copy(t, resumed.state().get(name)));
    resumed.resume(5);
    one.step(0.01, null);
    resumed.step(0.01, null);
    for (int i = 0; i < 2; i++) {
      assertSameBits(resumed.parameters().get(i).value(), one.parameters().get(i).value());
    }
    assertThat(resumed.steps()).isEqualTo(6);
    assertThatThrownBy(() -> resumed.resume(-1)).hasMessageContaining("-1");
  }

  @Test
  void wrongSettingsAreNamed() {
    assertRefused(() -> new Sgd.Settings(-0.1, 0, 0, false), "momentum");
    assertRefused(() -> new Sgd.Settings(0.9, 1.5, 0, false), "dampening must be 0.0 to 1.0: 1.5");
    assertRefused(() -> new Sgd.Settings(0.9, 0.5, 0, true), "Nesterov");
    assertRefused(() -> new Sgd.Settings(0, 0, 0, true), "Nesterov");
    assertRefused(() -> new Sgd.Settings(0, 0, Double.NaN, false), "weight decay");
    assertRefused(() -> new Adam.Settings(1, 0.9, 0, 0, false, false), "beta1");
    assertRefused(() -> new Adam.Settings(0.9, -0.1, 0, 0, false, false), "beta2");
    assertRefused(() -> new Adam.Settings(0.9, 0.9, Double.NaN, 0, false, false), "epsilon");
    assertRefused(() -> new Rmsprop.Settings(1.1, 0, 0, 0, false), "alpha");
    assertRefused(
        () -> new Rmsprop.Settings(0.9, 0, 0, Double.POSITIVE_INFINITY, false), "momentum");
    assertRefused(() -> new Adagrad.Settings(-1, 0, 0, 0), "rate decay");
    assertRefused(() -> new Adagrad.Settings(0, 0, Double.NaN, 0), "initial sum");
    Sgd sgd = new Sgd(arena, parameters(), Sgd.Settings.PLAIN);
    for (double rate : new double[] {-1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertRefused(() -> sgd.step(rate, null), "learning rate");
    }
    Parameter p = parameters().get(0);
    assertRefused(() -> new Adam(arena, List.of(p, p), Adam.Settings.ADAM), "two parameters 'a'");
  }

  private static void assertRefused(Runnable action, String message) {
    assertThatThrownBy(action::run)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("optimizer: ")
        .hasMessageContaining(message);
  }

  private List<Parameter> parameters() {
    return List.of(
        new Parameter("a", randomTensor(3, 5), randomTensor(3, 5)),
        new Parameter("b", randomTensor(7), randomTensor(7)));
  }

  private double[] doubles(Tensor tensor) {
    float[] values = ops.read(tensor);
    double[] doubles = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      doubles[i] = values[i];
    }
    return doubles;
  }

  private void assertClose(Tensor actual, double[] expected) {
    assertThat(doubles(actual)).containsExactly(expected, Offset.offset(2e-6));
  }
}
