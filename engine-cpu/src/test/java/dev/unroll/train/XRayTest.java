// SPDX-License-Identifier: Apache-2.0

package dev.unroll.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unroll.Activation;
import dev.unroll.Arena;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import dev.unroll.io.EventWriter;
import dev.unroll.nn.Bias;
import dev.unroll.nn.Dense;
import dev.unroll.nn.DeviceTest;
import dev.unroll.nn.Gru;
import dev.unroll.nn.Initializer;
import dev.unroll.nn.LastStep;
import dev.unroll.nn.Lstm;
import dev.unroll.nn.Parameter;
import dev.unroll.nn.Pass;
import dev.unroll.nn.Recurrent;
import dev.unroll.nn.Recurrent.Shape;
import dev.unroll.nn.Rnn;
import dev.unroll.nn.Scheme;
import dev.unroll.nn.Sequential;
import dev.unroll.nn.State;
import dev.unroll.nn.Trace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class XRayTest extends DeviceTest {
  private static final int H = 4;
  private static final int B = 3;

  /** A symmetric matrix with eigenvalues 0.9, 0.3, -0.5 and 0.2 in a random orthogonal basis. */
  @Test
  void onALinearNetworkTheDecayIsTheSpectralRadius() {
    Initializer init = new Initializer(arena, 3);
    Rnn rnn = new Rnn(init, Activation.IDENTITY, new Shape(1, H, 1, Bias.NONE));
    for (double radius : new double[] {0.9, 0.6, 1.1}) {
      Parameter basis = init.constant("q", 0, H, H);
      init.reset(basis, Scheme.orthogonal(1));
      float[] q = ops.read(basis.value());
      double[] eigenvalues = {radius, 0.3, -0.5, 0.2};
      float[] w = new float[H * H];
      for (int i = 0; i < H * H; i++) {
        for (int k = 0; k < H; k++) {
          w[i] += (float) (eigenvalues[k] * q[i / H * H + k] * q[i % H * H + k]);
        }
      }
      ops.write(w, rnn.parameters().get(1).value());
      XRayReport report = take(Sequential.of("rnn", rnn), 60, 1);
      assertThat(report.decay()).isCloseTo(radius, Offset.offset(1e-3));
    }
  }

  @Test
  void normsAreThoseOfTheGradientOverAllSteps() {
    Lstm lstm = new Lstm(new Initializer(arena, 1), new Shape(2, H, 2, Bias.PYTORCH));
    int steps = 5;
    Tensor x = randomTensor(steps * B, 2);
    Tensor dLast = randomTensor(B, H);
    XRayReport report =
        XRay.take(
            ops,
            Sequential.of("lstm", lstm),
            steps,
            B,
            (a, t) -> x.rows(t * B, B),
            (a, t, y) -> t == steps - 1 ? dLast : null);
    assertThat(report.norms()).hasSize(steps - 1);
    // The last steps in one run, from the state after step t: its initial gradient is that of h_t.
    for (int t = 0; t < steps - 1; t++) {
      Trace head = lstm.forward(pass(t + 1), x.rows(0, (t + 1) * B), lstm.zeroState(arena, B));
      int rest = steps - 1 - t;
      Trace tail = lstm.forward(pass(rest), x.rows((t + 1) * B, rest * B), head.finalState());
      Tensor dOutput = arena.tensor(rest * B, H);
      ops.fill(0, dOutput);
      ops.copy(dLast, dOutput.rows((rest - 1) * B, B));
      State d = tail.backward(dOutput, State.NONE).initial();
      double sum = 0;
      for (Tensor part : d.tensors().values()) {
        for (float v : ops.read(part)) {
          sum += (double) v * v;
        }
      }
      assertThat((double) report.norms()[t]).isCloseTo(Math.sqrt(sum), Offset.offset(1e-6));
    }
  }

  @Test
  void aShortMemoryIsCalledSo() {
    Initializer init = new Initializer(arena, 1);
    Rnn rnn = new Rnn(init, Activation.IDENTITY, new Shape(1, 1, 1, Bias.NONE));
    ops.fill(0.5f, rnn.parameters().get(1).value());
    XRayReport report = take(Sequential.of("rnn", rnn), 30, 1);
    assertThat(report.memory()).as("0.5^6 > 0.01 > 0.5^7, the first step counts").isEqualTo(7);
    assertThat(report.verdict())
        .containsExactly("vanishes after 7 steps: try LSTM or forget bias 1");

    ops.fill(1.5f, rnn.parameters().get(1).value());
    assertThat(take(Sequential.of("rnn", rnn), 30, 1).verdict().get(0))
        .startsWith("explodes, by a factor of 1.50 a step");
    ops.fill(0.99f, rnn.parameters().get(1).value());
    assertThat(take(Sequential.of("rnn", rnn), 30, 1).verdict())
        .containsExactly("reaches back all 29 steps");
    ops.fill(1e30f, rnn.parameters().get(1).value());
    assertThat(take(Sequential.of("rnn", rnn), 30, 1).verdict().get(0)).contains("not finite 2");
    ops.fill(0, rnn.parameters().get(1).value());
    assertThat(take(Sequential.of("rnn", rnn), 30, 1).verdict().get(0)).contains("no gradient");
  }

  @Test
  void saturatedGatesAndDeadUnitsAreNamed(@TempDir Path folder) throws IOException {
    Initializer init = new Initializer(arena, 1);
    Lstm lstm = new Lstm(init, new Shape(2, H, 1, Bias.SINGLE));
    init.forgetBias(lstm, 9);
    Rnn relu = new Rnn(init, Activation.RELU, new Shape(H, H, 1, Bias.SINGLE));
    ops.fill(-9, relu.parameters().get(2).value().cols(1, 1));
    Sequential<Tensor> model =
        Sequential.of("lstm", lstm)
            .then("relu", relu)
            .then("gru", new Gru(init, new Shape(H, H)))
            .then("last", new LastStep())
            .then("dense", new Dense(init, H, 2));
    XRayReport report = take(model, 6, 2);
    assertThat(report.saturation().keySet())
        .containsExactly("lstm.l0.i", "lstm.l0.f", "lstm.l0.o", "gru.l0.r", "gru.l0.z");
    assertThat(report.saturation()).containsEntry("lstm.l0.f", 1.0).containsEntry("lstm.l0.i", 0.0);
    assertThat(report.dead().keySet()).containsExactly("lstm.l0", "relu.l0", "gru.l0");
    assertThat(report.dead().get("lstm.l0")).isZero();
    assertThat(report.dead().get("relu.l0")).isGreaterThanOrEqualTo(0.25);
    assertThat(report.verdict())
        .anyMatch(s -> s.startsWith("lstm.l0.f is shut or open 100 % of the time"))
        .anyMatch(s -> s.startsWith("relu.l0 has ") && s.contains("dead units"));
    for (Parameter p : model.parameters()) {
      assertThat(ops.read(p.grad())).containsOnly(0);
    }
    try (EventWriter events = new EventWriter(folder)) {
      report.write(events);
      events.flush();
      assertThat(Files.size(events.file())).isGreaterThan(500);
    }
  }

  @Test
  void whatItCannotSeeIsRefused() {
    Initializer init = new Initializer(arena, 1);
    assertThatThrownBy(() -> take(Sequential.of("dense", new Dense(init, 1, 2)), 3, 1))
        .hasMessageContaining("no recurrent layer");
    Recurrent rnn = new Rnn(init, Activation.TANH, new Shape(1, H));
    assertThatThrownBy(() -> take(Sequential.of("rnn", rnn), 1, 1))
        .hasMessageContaining("2 steps or more: 1");
    assertThat(new XRayReport(new float[] {1, 1}, Map.of(), Map.of()).decay()).isEqualTo(1);
  }

  @Test
  void clippingEvents() {
    ClippingEvents events = new ClippingEvents(2);
    for (float norm : new float[] {1, 2, 3, Float.MIN_VALUE, 7}) {
      events.onStep(new TrainingStep(1, 1, norm, 1));
    }
    assertThat(events.events()).isEqualTo(2);
    assertThat(events).hasToString("clipped 2 of 5 steps to norm 2.0; the largest norm was 7.0");
  }

  /** Random inputs; only the last step has a loss, whose gradient is 1 everywhere. */
  private XRayReport take(Sequential<Tensor> model, int steps, int inputs) {
    Tensor x = randomTensor(steps * B, inputs);
    return XRay.take(
        ops,
        model,
        steps,
        B,
        (a, t) -> x.rows(t * B, B),
        (a, t, y) -> t == steps - 1 ? ones(a, y) : null);
  }

  private static Tensor ones(Arena arena, Tensor like) {
    Tensor ones = arena.tensor(like.rows(), like.cols());
    arena.ops().fill(1, ones);
    return ones;
  }

  private Pass pass(int steps) {
    return Pass.of(arena, Steps.uniform(steps, B));
  }
}
