// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unroll.Arena;
import dev.unroll.Arithmetic;
import dev.unroll.Backends;
import dev.unroll.Ops;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import dev.unroll.nn.Recurrent.Shape;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RecurrentTest extends DeviceTest {
  private static final int I = 3;
  private static final int H = 5;
  private static final int B = 3;
  private static final int T = 7;

  @ParameterizedTest
  @EnumSource
  void twoLayersAreOneOnTheOther(Cells cell) {
    Recurrent both = cell.make(new Initializer(arena, 1), new Shape(I, H, 2, Bias.PYTORCH));
    // The same order of construction draws the same values.
    Initializer init = new Initializer(arena, 1);
    Recurrent lower = cell.make(init, new Shape(I, H));
    Recurrent upper = cell.make(init, new Shape(H, H));
    Pass pass = Pass.of(arena, Steps.uniform(T, B));
    Tensor x = randomTensor(T * B, I);
    State initial = randomState(both, B);
    Trace trace = both.forward(pass, x, initial);
    Trace below = lower.forward(pass, x, part(initial, 0));
    Trace above = upper.forward(pass, below.output(), part(initial, 1));
    assertSameBits(trace.output(), above.output());
    assertSameBits(part(trace.finalState(), 0), below.finalState());
    assertSameBits(part(trace.finalState(), 1), above.finalState());

    Tensor dOutput = randomTensor(T * B, H);
    State dFinal = randomState(both, B);
    Trace.Gradients d = trace.backward(dOutput, dFinal);
    Trace.Gradients dAbove = above.backward(dOutput, part(dFinal, 1));
    Trace.Gradients dBelow = below.backward(dAbove.input(), part(dFinal, 0));
    assertSameBits(d.input(), dBelow.input());
    assertSameBits(part(d.initial(), 0), dBelow.initial());
    assertSameBits(part(d.initial(), 1), dAbove.initial());
    for (int i = 0; i < 4; i++) {
      assertSameBits(both.parameters().get(i).grad(), lower.parameters().get(i).grad());
      assertSameBits(both.parameters().get(i + 4).grad(), upper.parameters().get(i).grad());
    }
  }

  private State part(State state, int layer) {
    State part = State.NONE;
    for (Map.Entry<String, Tensor> e : state.tensors().entrySet()) {
      part = part.with(e.getKey(), e.getValue().rows(layer * B, B));
    }
    return part;
  }

  @ParameterizedTest
  @EnumSource
  void carriedStateLinksWindowsToTheWhole(Cells cell) {
    Recurrent layer = cell.make(new Initializer(arena, 2), new Shape(I, H, 2, Bias.PYTORCH));
    Recurrent again = cell.make(new Initializer(arena, 2), new Shape(I, H, 2, Bias.PYTORCH));
    Tensor x = randomTensor(T * B, I);
    State initial = randomState(layer, B);
    Tensor dOutput = randomTensor(T * B, H);
    State dFinal = randomState(layer, B);
    Trace whole = layer.forward(Pass.of(arena, Steps.uniform(T, B)), x, initial);
    Trace.Gradients d = whole.backward(dOutput, dFinal);

    int cut = 4 * B;
    Trace one = again.forward(Pass.of(arena, Steps.uniform(4, B)), x.rows(0, cut), initial);
    int rest = T * B - cut;
    Trace two =
        again.forward(
            Pass.of(arena, Steps.uniform(3, B)), x.rows(cut, rest), one.finalState().copy(arena));
    assertSameBits(one.output(), whole.output().rows(0, cut));
    assertSameBits(two.output(), whole.output().rows(cut, rest));
    assertSameBits(two.finalState(), whole.finalState());

    Trace.Gradients dTwo = two.backward(dOutput.rows(cut, rest), dFinal);
    Trace.Gradients dOne = one.backward(dOutput.rows(0, cut), dTwo.initial());
    assertSameBits(dOne.input(), d.input().rows(0, cut));
    assertSameBits(dTwo.input(), d.input().rows(cut, rest));
    assertSameBits(dOne.initial(), d.initial());
    for (int i = 0; i < layer.parameters().size(); i++) {
      assertClose(again.parameters().get(i).grad(), layer.parameters().get(i).grad(), 2e-5f);
    }
  }

  @ParameterizedTest
  @EnumSource
  void parametersGetTheSameGradientsWithoutThatOfTheInput(Cells cell) {
    Shape shape = new Shape(I, H, 2, Bias.PYTORCH);
    RecurrentOptions options = RecurrentOptions.PLAIN.withBidirectional();
    Recurrent all = cell.make(new Initializer(arena, 4), shape, options);
    Recurrent fewer = cell.make(new Initializer(arena, 4), shape, options);
    Pass pass = Pass.of(arena, Steps.uniform(T, B));
    Tensor x = randomTensor(T * B, I);
    State initial = randomState(all, B);
    Tensor dOutput = randomTensor(T * B, 2 * H);
    State dFinal = randomState(all, B);
    State expected =
        Sequential.of("a", all)
            .forward(pass, x, State.NONE.withAll("a", initial))
            .backward(dOutput, State.NONE.withAll("a", dFinal))
            .initial();
    State found =
        Sequential.of("a", fewer)
            .forward(pass, x, State.NONE.withAll("a", initial))
            .backwardToParameters(dOutput, State.NONE.withAll("a", dFinal));
    assertSameBits(found, expected);
    for (int i = 0; i < all.parameters().size(); i++) {
      assertSameBits(fewer.parameters().get(i).grad(), all.parameters().get(i).grad());
    }
  }

  @ParameterizedTest
  @EnumSource
  void absentStatesAndGradientsAreZeros(Cells cell) {
    Recurrent layer = cell.make(new Initializer(arena, 3), new Shape(I, H));
    Recurrent again = cell.make(new Initializer(arena, 3), new Shape(I, H));
    Pass pass = Pass.of(arena, Steps.uniform(T, B));
    Tensor x = randomTensor(T * B, I);
    State dFinal = randomState(layer, B);
    State zeros = layer.zeroState(arena, B);
    Tensor none = arena.tensor(new float[T * B * H], T * B, H);
    Trace with = layer.forward(pass, x, zeros);
    Trace without = again.forward(pass, x, State.NONE);
    assertSameBits(without.output(), with.output());
    Trace.Gradients d = with.backward(none, dFinal);
    Trace.Gradients dWithout = without.backward(null, dFinal);
    assertSameBits(dWithout.input(), d.input());
    assertSameBits(dWithout.initial(), d.initial());
    assertSameGrads(again, layer);
  }

  @ParameterizedTest
  @EnumSource
  void biasModesAreTheFullFormWithZeros(Cells cell) {
    Recurrent full = cell.make(new Initializer(arena, 4), new Shape(I, H, 2, Bias.PYTORCH));
    Recurrent single = cell.make(new Initializer(arena, 5), new Shape(I, H, 2, Bias.SINGLE));
    Recurrent none = cell.make(new Initializer(arena, 6), new Shape(I, H, 2, Bias.NONE));
    Pass pass = Pass.of(arena, Steps.uniform(T, B));
    Tensor x = randomTensor(T * B, I);
    State initial = randomState(full, B);
    for (Recurrent fewer : List.of(single, none)) {
      for (Parameter p : full.parameters()) {
        ops.fill(0, p.value());
        fewer.parameters().stream()
            .filter(q -> q.name().equals(p.name()))
            .forEach(q -> ops.copy(q.value(), p.value()));
      }
      Parameter.zeroGrads(ops, full.parameters());
      Trace expected = full.forward(pass, x, initial);
      Trace actual = fewer.forward(pass, x, initial);
      assertSameBits(actual.output(), expected.output());
      Trace.Gradients d = actual.backward(expected.output(), State.NONE);
      assertSameBits(d.input(), expected.backward(expected.output(), State.NONE).input());
      for (Parameter p : fewer.parameters()) {
        assertSameBits(p.grad(), named(full, p.name()).grad());
      }
    }
    assertThat(single.parameters()).hasSize(6);
    assertThat(none.parameters()).hasSize(4);
    assertThat(single.constants()).containsOnlyKeys("bias_hh_l0", "bias_hh_l1");
    assertThat(none.constants()).isEmpty();
  }

  private static Parameter named(Layer<?> layer, String name) {
    return layer.parameters().stream().filter(p -> p.name().equals(name)).findFirst().orElseThrow();
  }

  @ParameterizedTest
  @EnumSource
  void gradientsAccumulateUntilTheyAreZeroed(Cells cell) {
    Recurrent layer = cell.make(new Initializer(arena, 7), new Shape(I, H));
    Pass pass = Pass.of(arena, Steps.uniform(T, B));
    Trace trace = layer.forward(pass, randomTensor(T * B, I), State.NONE);
    Tensor dOutput = randomTensor(T * B, H);
    trace.backward(dOutput, State.NONE);
    List<float[]> once = layer.parameters().stream().map(p -> ops.read(p.grad())).toList();
    trace.backward(dOutput, State.NONE);
    for (int i = 0; i < once.size(); i++) {
      float[] twice = once.get(i).clone();
      for (int k = 0; k < twice.length; k++) {
        twice[k] += twice[k];
      }
      assertThat(ops.read(layer.parameters().get(i).grad())).isEqualTo(twice);
    }
    Parameter.zeroGrads(ops, layer.parameters());
    layer.parameters().forEach(p -> assertThat(ops.read(p.grad())).containsOnly(0f));
  }

  @ParameterizedTest
  @EnumSource
  void noStepsLeaveTheState(Cells cell) {
    Recurrent layer = cell.make(new Initializer(arena, 8), new Shape(I, H, 2, Bias.PYTORCH));
    State initial = randomState(layer, B);
    Trace trace = layer.forward(Pass.of(arena, Steps.uniform(0, B)), arena.tensor(0, I), initial);
    assertSameBits(trace.finalState(), initial);
    State dFinal = randomState(layer, B);
    assertSameBits(trace.backward(null, dFinal).initial(), dFinal);
    layer.parameters().forEach(p -> assertThat(ops.read(p.grad())).containsOnly(0f));
  }

  @ParameterizedTest
  @EnumSource
  void theOtherDirectionIsALayerOnReversedSequences(Cells cell) {
    RecurrentOptions options = RecurrentOptions.PLAIN.withBidirectional();
    Recurrent both = cell.make(new Initializer(arena, 12), new Shape(I, H), options);
    Initializer init = new Initializer(arena, 12);
    Recurrent forward = cell.make(init, new Shape(I, H));
    Recurrent backward = cell.make(init, new Shape(I, H));
    Steps steps = Steps.descending(5, 3, 3, 0);
    Pass pass = Pass.of(arena, steps);
    Tensor x = randomTensor(steps.rows(), I);
    State initial = randomState(both, 4);
    Trace trace = both.forward(pass, x, initial);
    Trace left = forward.forward(pass, x, run(initial, 0));
    Trace right = backward.forward(pass, reversed(steps, x), run(initial, 1));
    assertSameBits(trace.output().cols(0, H), left.output());
    assertSameBits(trace.output().cols(H, H), reversed(steps, right.output()));
    assertSameBits(run(trace.finalState(), 0), left.finalState());
    assertSameBits(run(trace.finalState(), 1), right.finalState());

    Tensor dOutput = randomTensor(steps.rows(), 2 * H);
    State dFinal = randomState(both, 4);
    Trace.Gradients d = trace.backward(dOutput, dFinal);
    Trace.Gradients dLeft = left.backward(dOutput.cols(0, H), run(dFinal, 0));
    Trace.Gradients dRight = right.backward(reversed(steps, dOutput.cols(H, H)), run(dFinal, 1));
    assertClose(d.input(), sum(dLeft.input(), reversed(steps, dRight.input())), 2e-6f);
    assertSameBits(run(d.initial(), 0), dLeft.initial());
    assertSameBits(run(d.initial(), 1), dRight.initial());
    for (int i = 0; i < 4; i++) {
      assertSameBits(both.parameters().get(i).grad(), forward.parameters().get(i).grad());
      assertSameBits(both.parameters().get(i + 4).grad(), backward.parameters().get(i).grad());
    }
  }

  private Tensor reversed(Steps steps, Tensor rows) {
    Tensor result = arena.tensor(rows.rows(), rows.cols());
    ops.gather(rows, arena.indices(steps.reversedRows()), result);
    return result;
  }

  private Tensor sum(Tensor a, Tensor b) {
    Tensor sum = arena.tensor(a.rows(), a.cols());
    ops.binary(Arithmetic.ADD, a, b, sum);
    return sum;
  }

  private State run(State state, int run) {
    State part = State.NONE;
    for (Map.Entry<String, Tensor> e : state.tensors().entrySet()) {
      part = part.with(e.getKey(), e.getValue().rows(run * 4, 4));
    }
    return part;
  }

  @ParameterizedTest
  @EnumSource
  void dropoutBetweenLayersIsADropoutLayer(Cells cell) {
    RecurrentOptions options = RecurrentOptions.PLAIN.withDropout(0.4f);
    Shape two = new Shape(I, H, 2, Bias.PYTORCH);
    Recurrent both = cell.make(new Initializer(arena, 13), two, options);
    Initializer init = new Initializer(arena, 13);
    Recurrent lower = cell.make(init, new Shape(I, H));
    Recurrent upper = cell.make(init, new Shape(H, H));
    Layer<Tensor> parts =
        Sequential.of("lower", lower).then("dropout", new Dropout(init, 0.4f)).then("upper", upper);
    Ragged ragged = Ragged.of(2, 0, 5, 3);
    Tensor x = randomTensor(ragged.steps().rows(), I);
    Tensor dOutput = randomTensor(ragged.steps().rows(), H);
    for (Pass pass : List.of(Pass.of(arena, ragged), Pass.of(arena, ragged).withDropout(7, 3))) {
      Trace trace = both.forward(pass, x, State.NONE);
      Trace expected = parts.forward(pass, x, State.NONE);
      assertSameBits(trace.output(), expected.output());
      assertSameBits(
          trace.backward(dOutput, State.NONE).input(),
          expected.backward(dOutput, State.NONE).input());
    }
  }

  /** Each launch costs time on a device: what stands around the time loop must stay little. */
  @Test
  void fewOperationsStandAroundTheTimeLoop() {
    try (Ops fused = Backends.open("cpu");
        Arena own = fused.arena("count")) {
      Lstm lstm = new Lstm(new Initializer(own, 14), new Shape(I, H));
      Pass pass = Pass.of(own, Steps.uniform(T, B));
      Tensor x = own.tensor(random(T * B * I), T * B, I);
      Tensor dOutput = own.tensor(random(T * B * H), T * B, H);
      for (State initial : List.of(State.NONE, lstm.zeroState(own, B))) {
        long before = fused.placement().launches();
        Trace trace = lstm.forward(pass, x, initial);
        long between = fused.placement().launches();
        // The sequence itself is one operation here.
        assertThat(between - before).isLessThanOrEqualTo(5);
        trace.backward(dOutput, initial);
        assertThat(fused.placement().launches() - between).isLessThanOrEqualTo(8);
      }
    }
  }

  @Test
  void namesOfTheOtherDirectionArePyTorchs() {
    Gru gru =
        new Gru(
            new Initializer(arena, 15),
            new Shape(I, H, 2, Bias.SINGLE),
            RecurrentOptions.PLAIN.withBidirectional());
    assertThat(gru.parameters().stream().map(Parameter::name))
        .containsExactly(
            "weight_ih_l0",
            "weight_hh_l0",
            "bias_ih_l0",
            "weight_ih_l0_reverse",
            "weight_hh_l0_reverse",
            "bias_ih_l0_reverse",
            "weight_ih_l1",
            "weight_hh_l1",
            "bias_ih_l1",
            "weight_ih_l1_reverse",
            "weight_hh_l1_reverse",
            "bias_ih_l1_reverse");
    assertThat(gru.parameters().get(6).shape()).containsExactly(3 * H, 2 * H);
    assertThat(gru.constants())
        .containsOnlyKeys("bias_hh_l0", "bias_hh_l0_reverse", "bias_hh_l1", "bias_hh_l1_reverse");
    assertThat(gru.zeroState(arena, B).get("h").shape()).containsExactly(4, B, H);
    assertThat(gru.outputSize()).isEqualTo(2 * H);
  }

  @Test
  void namesAndShapesArePyTorchs() {
    Lstm lstm = new Lstm(new Initializer(arena, 9), new Shape(I, H, 2, Bias.PYTORCH));
    assertThat(lstm.parameters().stream().map(Parameter::name))
        .containsExactly(
            "weight_ih_l0",
            "weight_hh_l0",
            "bias_ih_l0",
            "bias_hh_l0",
            "weight_ih_l1",
            "weight_hh_l1",
            "bias_ih_l1",
            "bias_hh_l1");
    assertThat(lstm.parameters().get(0).shape()).containsExactly(4 * H, I);
    assertThat(lstm.parameters().get(4).shape()).containsExactly(4 * H, H);
    assertThat(lstm.parameters().get(6).shape()).containsExactly(4 * H);
    assertThat(lstm.zeroState(arena, B).get("c").shape()).containsExactly(2, B, H);
  }

  @Test
  void wrongInputsAreNamed() {
    Lstm lstm = new Lstm(new Initializer(arena, 10), new Shape(I, H));
    Pass pass = Pass.of(arena, Steps.uniform(T, B));
    assertThatThrownBy(() -> lstm.forward(pass, randomTensor(T * B, I + 1), State.NONE))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("lstm: input is tensor [21x4], must be [21, 3]");
    Tensor x = randomTensor(T * B, I);
    assertThatThrownBy(() -> lstm.forward(pass, x, State.of("h", randomTensor(B, H + 1))))
        .hasMessageContaining("initial state 'h' is tensor [3x6]")
        .hasMessageContaining("[1, 3, 5]");
    assertThatThrownBy(() -> lstm.forward(pass, x, State.of("hidden", randomTensor(B, H))))
        .hasMessageContaining("'hidden'")
        .hasMessageContaining("[h, c]");
    Trace trace = lstm.forward(pass, x, State.NONE);
    assertThatThrownBy(() -> trace.backward(null, State.of("c", randomTensor(B + 1, H))))
        .hasMessageContaining("gradient of the final state 'c'");
    assertThatThrownBy(() -> new Shape(0, H)).hasMessageContaining("input 0");
  }
}
