// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unroll.Arena;
import dev.unroll.Backends;
import dev.unroll.MemoryEstimate;
import dev.unroll.MemoryUse;
import dev.unroll.Ops;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import dev.unroll.nn.Recurrent.Shape;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Recomputing and truncating: the run through time in windows. */
class WindowsTest extends DeviceTest {
  private static final int I = 3;
  private static final int H = 5;
  private static final int B = 4;
  private static final int T = 7;

  @ParameterizedTest
  @EnumSource
  void recomputingChangesNoBit(Cells cell) {
    for (Ragged ragged :
        List.of(Ragged.of(T, T, T, T), Ragged.of(3, 0, T, 5), Ragged.of(2, 2, 1, 3))) {
      for (int k = 1; k <= T + 1; k++) {
        same(cell, Pass.of(arena, ragged), k);
      }
    }
    same(cell, Pass.of(arena, Steps.uniform(0, B)), 2);
    same(cell, Pass.of(arena, Ragged.of(3, 0, T, 5)).withTruncation(2), 3);
    same(cell, Pass.of(arena, Ragged.of(3, 0, T, 5)).withTruncation(3), 2);
  }

  private void same(Cells cell, Pass pass, int k) {
    RecurrentOptions options = RecurrentOptions.PLAIN.withBidirectional().withDropout(0.3f);
    Shape shape = new Shape(I, H, 2, Bias.PYTORCH);
    Recurrent layer = cell.make(new Initializer(arena, 1), shape, options);
    Recurrent again = cell.make(new Initializer(arena, 1), shape, options);
    Pass training = pass.withDropout(3, 4);
    Tensor x = randomTensor(pass.steps().rows(), I);
    State initial = randomState(layer, B);
    Trace whole = layer.forward(training, x, initial);
    Trace windows = again.forward(training.withRecompute(k), x, initial);
    assertSameBits(windows.output(), whole.output());
    assertSameBits(windows.finalState(), whole.finalState());
    Tensor dOutput = randomTensor(pass.steps().rows(), 2 * H);
    State dFinal = randomState(layer, B);
    // Twice: the way back must not use up what it needs.
    for (int i = 0; i < 2; i++) {
      Trace.Gradients expected = whole.backward(dOutput, dFinal);
      Trace.Gradients actual = windows.backward(dOutput, dFinal);
      assertSameBits(actual.input(), expected.input());
      assertSameBits(actual.initial(), expected.initial());
      assertSameGrads(again, layer);
    }
  }

  @ParameterizedTest
  @EnumSource
  void truncationCutsTheGradientBetweenWindows(Cells cell) {
    Recurrent layer = cell.make(new Initializer(arena, 2), new Shape(I, H));
    Recurrent again = cell.make(new Initializer(arena, 2), new Shape(I, H));
    Steps steps = Steps.uniform(T, B);
    Tensor x = randomTensor(T * B, I);
    State initial = randomState(layer, B);
    Tensor dOutput = randomTensor(T * B, H);
    State dFinal = randomState(layer, B);
    Trace trace = layer.forward(Pass.of(arena, steps).withTruncation(4), x, initial);
    Trace.Gradients d = trace.backward(dOutput, dFinal);

    int cut = 4 * B;
    int rest = T * B - cut;
    Trace one = again.forward(Pass.of(arena, Steps.uniform(4, B)), x.rows(0, cut), initial);
    Trace two =
        again.forward(Pass.of(arena, Steps.uniform(3, B)), x.rows(cut, rest), one.finalState());
    Trace.Gradients dTwo = two.backward(dOutput.rows(cut, rest), dFinal);
    Trace.Gradients dOne = one.backward(dOutput.rows(0, cut), State.NONE);
    assertSameBits(trace.output().rows(cut, rest), two.output());
    assertSameBits(d.input().rows(0, cut), dOne.input());
    assertSameBits(d.input().rows(cut, rest), dTwo.input());
    assertSameBits(d.initial(), dOne.initial());
    for (int i = 0; i < layer.parameters().size(); i++) {
      assertClose(layer.parameters().get(i).grad(), again.parameters().get(i).grad(), 2e-5f);
    }
  }

  @ParameterizedTest
  @EnumSource
  void truncationAtTheLengthIsFullBackpropagation(Cells cell) {
    for (RecurrentOptions options :
        List.of(RecurrentOptions.PLAIN, RecurrentOptions.PLAIN.withLayerNorm())) {
      for (int k : new int[] {T, T + 3}) {
        Recurrent full = cell.make(new Initializer(arena, 3), new Shape(I, H), options);
        Recurrent truncated = cell.make(new Initializer(arena, 3), new Shape(I, H), options);
        Pass pass = Pass.of(arena, Ragged.of(3, 0, T, 5));
        Tensor x = randomTensor(15, I);
        Tensor dOutput = randomTensor(15, H);
        Trace.Gradients expected = full.forward(pass, x, State.NONE).backward(dOutput, State.NONE);
        Trace.Gradients actual =
            truncated.forward(pass.withTruncation(k), x, State.NONE).backward(dOutput, State.NONE);
        assertSameBits(actual.input(), expected.input());
        assertSameGrads(truncated, full);
      }
    }
  }

  /** A layer with options runs step by step, and is cut at the same steps. */
  @ParameterizedTest
  @EnumSource
  void truncationIsTheSameStepByStep(Cells cell) {
    Recurrent fused = cell.make(new Initializer(arena, 4), new Shape(I, H));
    Recurrent stepped =
        cell.make(
            new Initializer(arena, 4),
            new Shape(I, H),
            RecurrentOptions.PLAIN.withRecurrentDropout(1e-30f));
    Pass pass = Pass.of(arena, Ragged.of(3, 0, T, 5)).withDropout(1, 1).withTruncation(2);
    Tensor x = randomTensor(15, I);
    Tensor dOutput = randomTensor(15, H);
    State dFinal = randomState(fused, B);
    Trace.Gradients expected = fused.forward(pass, x, State.NONE).backward(dOutput, dFinal);
    Trace.Gradients actual = stepped.forward(pass, x, State.NONE).backward(dOutput, dFinal);
    assertSameBits(actual.input(), expected.input());
    assertSameBits(actual.initial(), expected.initial());
    assertSameGrads(stepped, fused);
  }

  @ParameterizedTest
  @EnumSource
  void memoryIsWhatWasEstimated(Cells cell) {
    long[] peaks = new long[2];
    for (int k : new int[] {0, 4}) {
      MemoryUse estimate = MemoryEstimate.of(o -> step(o, cell, k));
      try (Ops own = Backends.open("cpu")) {
        step(own, cell, k);
        assertThat(own.memory().peakBytes()).isEqualTo(estimate.peakBytes());
      }
      peaks[k / 4] = estimate.peakBytes();
    }
    assertThat(peaks[1]).isLessThan(peaks[0]);
    if (cell == Cells.LSTM) {
      // 11 H + 2 I columns without, 6 H + 2 I and a little with: see the memory page.
      assertThat((double) peaks[1]).isLessThan(0.7 * peaks[0]);
    }
  }

  private static void step(Ops ops, Cells cell, int recompute) {
    try (Arena model = ops.arena("model");
        Arena own = ops.arena("step")) {
      Recurrent layer = cell.make(new Initializer(model, 5), new Shape(16, 32));
      Pass pass = Pass.of(own, Steps.uniform(64, 8));
      Pass chosen = recompute == 0 ? pass : pass.withRecompute(recompute);
      Tensor x = own.tensor(64 * 8, 16);
      ops.fill(0.5f, x);
      Trace trace = layer.forward(chosen, x, State.NONE);
      trace.backward(trace.output(), State.NONE);
    }
  }

  @Test
  void aWindowIsApartOfTheWhole() {
    Steps steps = Steps.descending(5, 3, 3, 0);
    Steps window = steps.window(2, 2);
    assertThat(window.batch()).isEqualTo(3);
    assertThat(window.count()).isEqualTo(2);
    assertThat(window.size(0)).isEqualTo(3);
    assertThat(window.size(1)).isEqualTo(1);
    assertThat(steps.window(0, 1).batch()).isEqualTo(4);
    assertThat(steps.reversedRows()).containsExactly(10, 7, 8, 9, 4, 5, 6, 1, 2, 3, 0);
  }

  @Test
  void noStepsAreRefused() {
    Pass pass = Pass.of(arena, Steps.uniform(T, B));
    assertThatThrownBy(() -> pass.withRecompute(0)).hasMessageContaining("recompute");
    assertThatThrownBy(() -> pass.withTruncation(-1)).hasMessageContaining("truncate");
  }
}
