// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unroll.Steps;
import dev.unroll.Tensor;
import dev.unroll.nn.EncoderDecoder.Pair;
import dev.unroll.nn.Recurrent.Shape;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class EncoderDecoderTest extends DeviceTest {
  private static final int I = 3;
  private static final int H = 5;
  private static final int[] SOURCES = {2, 4, 1};
  private static final int[] TARGETS = {3, 1, 5};

  private EncoderDecoder<Tensor, Tensor> model(Cells cell) {
    Initializer init = new Initializer(arena, 1);
    Shape shape = new Shape(I, H, 2, Bias.PYTORCH);
    Layer<Tensor> encoder = Sequential.of("rnn", cell.make(init, shape));
    Layer<Tensor> decoder =
        Sequential.of("rnn", cell.make(init, shape)).then("dense", new Dense(init, H, I));
    return new EncoderDecoder<>(encoder, decoder);
  }

  @ParameterizedTest
  @EnumSource
  void batchesGiveTheBitsOfSingleSequences(Cells cell) {
    EncoderDecoder<Tensor, Tensor> together = model(cell);
    EncoderDecoder<Tensor, Tensor> alone = model(cell);
    Ragged sources = Ragged.of(SOURCES);
    Ragged targets = Ragged.of(TARGETS);
    Ragged.Layout layout = Ragged.Layout.BATCH_FIRST;
    Tensor source = randomTensor(3 * 4, I);
    Tensor target = randomTensor(3 * 5, I);
    Tensor dOutput = randomTensor(3 * 5, I);
    State initial = randomState(together, 3);
    Trace trace =
        together.forward(
            Pass.of(arena, targets),
            new Pair<>(
                Pass.of(arena, sources),
                sources.pack(arena, source, layout),
                targets.pack(arena, target, layout)),
            sources.toPacked(arena, initial));
    Trace.Gradients d = trace.backward(targets.pack(arena, dOutput, layout), State.NONE);
    Tensor y = targets.unpack(arena, trace.output(), layout, 5);
    State dInitial = sources.toCaller(arena, d.initial());
    State last = targets.toCaller(arena, trace.finalState());
    for (int b = 0; b < 3; b++) {
      Trace one =
          alone.forward(
              Pass.of(arena, Steps.uniform(TARGETS[b], 1)),
              new Pair<>(
                  Pass.of(arena, Steps.uniform(SOURCES[b], 1)),
                  source.rows(4 * b, SOURCES[b]),
                  target.rows(5 * b, TARGETS[b])),
              row(initial, b));
      Trace.Gradients dOne = one.backward(dOutput.rows(5 * b, TARGETS[b]), State.NONE);
      assertSameBits(y.rows(5 * b, TARGETS[b]), one.output());
      assertSameBits(row(last, b), one.finalState());
      assertSameBits(row(dInitial, b), dOne.initial());
    }
    for (int i = 0; i < together.parameters().size(); i++) {
      Tensor gradient = together.parameters().get(i).grad();
      assertClose(gradient, alone.parameters().get(i).grad(), 2e-5f);
      assertThat(ops.read(gradient))
          .as(together.parameters().get(i).name())
          .isNotEqualTo(new float[gradient.size()]);
    }
  }

  private State row(State state, int b) {
    State row = State.NONE;
    for (Map.Entry<String, Tensor> e : state.tensors().entrySet()) {
      row = row.with(e.getKey(), e.getValue().rows(b, e.getValue().rows() / 3, 3));
    }
    return row;
  }

  @Test
  void partsAreNamedAndBatchesMustAgree() {
    EncoderDecoder<Tensor, Tensor> model = model(Cells.GRU);
    assertThat(model.parameters().stream().map(Parameter::name))
        .contains("encoder.rnn.weight_hh_l1", "decoder.rnn.weight_ih_l0", "decoder.dense.bias");
    Pair<Tensor, Tensor> pair =
        new Pair<>(Pass.of(arena, Steps.uniform(2, 3)), randomTensor(6, I), randomTensor(2, I));
    assertThatThrownBy(() -> model.forward(Pass.of(arena, Steps.uniform(1, 2)), pair, State.NONE))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("3 sources for 2 targets");
  }
}
