// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unroll.Steps;
import dev.unroll.Tensor;
import dev.unroll.nn.Ragged.Layout;
import dev.unroll.nn.Recurrent.Shape;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RaggedTest extends DeviceTest {
  private static final int I = 3;
  private static final int H = 5;
  private static final int[] LENGTHS = {3, 0, 6, 3, 1};
  private static final int B = LENGTHS.length;
  private static final int T = 7;

  @ParameterizedTest
  @EnumSource
  void equalsOneByOne(Cells cell) {
    Recurrent layer = cell.make(new Initializer(arena, 1), new Shape(I, H, 2, Bias.PYTORCH));
    Recurrent single = cell.make(new Initializer(arena, 1), new Shape(I, H, 2, Bias.PYTORCH));
    float[] x = padded(I);
    float[] dOutput = padded(H);
    State initial = randomState(layer, B);
    State dFinal = randomState(layer, B);
    Ragged ragged = Ragged.of(LENGTHS);
    Trace trace = forward(layer, ragged, x, initial, Layout.BATCH_FIRST);
    Trace.Gradients d =
        trace.backward(
            ragged.pack(arena, arena.tensor(dOutput, B, T, H), Layout.BATCH_FIRST),
            ragged.toPacked(arena, dFinal));
    Tensor y = ragged.unpack(arena, trace.output(), Layout.BATCH_FIRST, T);
    Tensor dx = ragged.unpack(arena, d.input(), Layout.BATCH_FIRST, T);
    State last = ragged.toCaller(arena, trace.finalState());
    State dInitial = ragged.toCaller(arena, d.initial());

    for (int b = 0; b < B; b++) {
      int length = LENGTHS[b];
      Pass pass = Pass.of(arena, Steps.uniform(length, 1));
      Tensor alone = arena.tensor(rows(x, b, length, I), length, I);
      Trace one = single.forward(pass, alone, row(initial, b));
      Tensor dAlone = arena.tensor(rows(dOutput, b, length, H), length, H);
      Trace.Gradients dOne = one.backward(dAlone, row(dFinal, b));
      assertSameBits(y.rows(b * T, length), one.output());
      assertSameBits(dx.rows(b * T, length), dOne.input());
      assertSameBits(row(last, b), one.finalState());
      assertSameBits(row(dInitial, b), dOne.initial());
      assertThat(ops.read(y.rows(b * T + length, T - length))).containsOnly(0f);
      assertThat(ops.read(dx.rows(b * T + length, T - length))).containsOnly(0f);
    }
    for (int i = 0; i < layer.parameters().size(); i++) {
      assertClose(layer.parameters().get(i).grad(), single.parameters().get(i).grad(), 2e-5f);
    }
  }

  @ParameterizedTest
  @EnumSource
  void batchFirstEqualsTimeMajor(Cells cell) {
    Recurrent layer = cell.make(new Initializer(arena, 2), new Shape(I, H));
    float[] batchFirst = padded(I);
    float[] timeMajor = new float[batchFirst.length];
    for (int b = 0; b < B; b++) {
      for (int t = 0; t < T; t++) {
        System.arraycopy(batchFirst, (b * T + t) * I, timeMajor, (t * B + b) * I, I);
      }
    }
    Ragged ragged = Ragged.of(LENGTHS);
    Tensor y = forward(layer, ragged, batchFirst, State.NONE, Layout.BATCH_FIRST).output();
    Tensor again = forward(layer, ragged, timeMajor, State.NONE, Layout.TIME_MAJOR).output();
    assertSameBits(again, y);
    Tensor first = ragged.unpack(arena, y, Layout.BATCH_FIRST, T);
    Tensor major = ragged.unpack(arena, y, Layout.TIME_MAJOR, T);
    for (int b = 0; b < B; b++) {
      assertSameBits(first.rows(b * T, T), major.rows(b, T, B));
    }
  }

  @Test
  void equalLengthsAreTheUniformCase() {
    Lstm lstm = new Lstm(new Initializer(arena, 3), new Shape(I, H));
    float[] x = random(T * B * I);
    int[] lengths = new int[B];
    Arrays.fill(lengths, T);
    Ragged ragged = Ragged.of(lengths);
    assertThat(ragged.steps().isUniform()).isTrue();
    Tensor y = forward(lstm, ragged, x, State.NONE, Layout.TIME_MAJOR).output();
    Pass pass = Pass.of(arena, Steps.uniform(T, B));
    assertSameBits(y, lstm.forward(pass, arena.tensor(x, T * B, I), State.NONE).output());
  }

  @Test
  void sortsStablyLongestFirst() {
    Ragged ragged = Ragged.of(LENGTHS);
    assertThat(ragged.order()).containsExactly(2, 0, 3, 4, 1);
    assertThat(ragged.steps().rows()).isEqualTo(13);
    int[] ids = new int[B * T];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = i;
    }
    assertThat(ragged.pack(ids, Layout.BATCH_FIRST))
        .containsExactly(14, 0, 21, 28, 15, 1, 22, 16, 2, 23, 17, 18, 19);
    assertThat(ragged.pack(ids, Layout.TIME_MAJOR))
        .containsExactly(2, 0, 3, 4, 7, 5, 8, 12, 10, 13, 17, 22, 27);
  }

  @Test
  void lastStepFollowsTheLengths() {
    float[] x = padded(I);
    Ragged ragged = Ragged.of(LENGTHS);
    Trace trace = forward(new LastStep(), ragged, x, State.NONE, Layout.BATCH_FIRST);
    Tensor y = ragged.toCaller(arena, trace.output());
    Tensor dy = randomTensor(B, I);
    Tensor dx =
        ragged.unpack(
            arena,
            trace.backward(ragged.toPacked(arena, dy), State.NONE).input(),
            Layout.BATCH_FIRST,
            T);
    float[] expected = new float[B * T * I];
    for (int b = 0; b < B; b++) {
      if (LENGTHS[b] == 0) {
        assertThat(ops.read(y.rows(b, 1))).containsOnly(0f);
        continue;
      }
      int at = (b * T + LENGTHS[b] - 1) * I;
      assertThat(ops.read(y.rows(b, 1))).isEqualTo(Arrays.copyOfRange(x, at, at + I));
      System.arraycopy(ops.read(dy.rows(b, 1)), 0, expected, at, I);
    }
    assertThat(ops.read(dx)).isEqualTo(expected);
  }

  @Test
  void dropoutMasksBelongToTheCallersRows() {
    float[] ones = new float[B * T * I];
    Arrays.fill(ones, 1);
    Ragged ragged = Ragged.of(LENGTHS);
    Dropout dropout = new Dropout(new Initializer(arena, 4), 0.5f);
    Pass uniform = Pass.of(arena, Steps.uniform(T, B)).withDropout(11, 2);
    Tensor all = dropout.forward(uniform, arena.tensor(ones, T * B, I), State.NONE).output();
    Pass pass = Pass.of(arena, ragged).withDropout(11, 2);
    Tensor x = ragged.pack(arena, arena.tensor(ones, T, B, I), Layout.TIME_MAJOR);
    Tensor some = dropout.forward(pass, x, State.NONE).output();
    assertSameBits(some, ragged.pack(arena, all, Layout.TIME_MAJOR));
    Tensor heads =
        dropout.forward(pass, ragged.toPacked(arena, all.rows(0, B)), State.NONE).output();
    Tensor headsAlone = dropout.forward(uniform, all.rows(0, B), State.NONE).output();
    assertSameBits(ragged.toCaller(arena, heads), headsAlone);
  }

  @Test
  void noSequencesAtAll() {
    Ragged ragged = Ragged.of();
    Gru gru = new Gru(new Initializer(arena, 5), new Shape(I, H));
    Tensor x = ragged.pack(arena, arena.tensor(0, I), Layout.BATCH_FIRST);
    Trace trace = gru.forward(Pass.of(arena, ragged), x, State.NONE);
    assertThat(trace.output().rows()).isZero();
    assertThat(ragged.unpack(arena, trace.output(), Layout.BATCH_FIRST, 4).rows()).isZero();
    assertThat(trace.backward(null, State.NONE).input().rows()).isZero();
  }

  @Test
  void wrongSizesAreNamed() {
    Ragged ragged = Ragged.of(LENGTHS);
    assertThatThrownBy(() -> Ragged.of(2, -1)).hasMessageContaining("-1");
    assertThatThrownBy(() -> ragged.pack(new int[B * 5], Layout.BATCH_FIRST))
        .hasMessageContaining("25 padded rows")
        .hasMessageContaining("at least 6");
    assertThatThrownBy(() -> ragged.pack(arena, arena.tensor(B * T + 1, 2), Layout.BATCH_FIRST))
        .hasMessageContaining("36 padded rows");
    assertThatThrownBy(() -> ragged.unpack(arena, arena.tensor(13, 2), Layout.BATCH_FIRST, 5))
        .hasMessageContaining("at least 6");
    assertThatThrownBy(() -> ragged.toCaller(arena, arena.tensor(B + 1, 2)))
        .hasMessageContaining("multiple of 5 rows");
  }

  /** [B, T, columns], NaN beyond each length. */
  private float[] padded(int columns) {
    float[] values = random(B * T * columns);
    for (int b = 0; b < B; b++) {
      Arrays.fill(values, (b * T + LENGTHS[b]) * columns, (b + 1) * T * columns, Float.NaN);
    }
    return values;
  }

  private Trace forward(
      Layer<Tensor> layer, Ragged ragged, float[] padded, State initial, Layout layout) {
    Tensor x = ragged.pack(arena, arena.tensor(padded, padded.length / I, I), layout);
    return layer.forward(Pass.of(arena, ragged), x, ragged.toPacked(arena, initial));
  }

  private static float[] rows(float[] padded, int b, int length, int columns) {
    int from = b * T * columns;
    return Arrays.copyOfRange(padded, from, from + length * columns);
  }

  /** The state of one sequence, of both layers. */
  private State row(State state, int b) {
    State one = State.NONE;
    for (Map.Entry<String, Tensor> e : state.tensors().entrySet()) {
      one = one.with(e.getKey(), e.getValue().rows(b, 2, B));
    }
    return one;
  }
}
