// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unroll.Activation;
import dev.unroll.Arena;
import dev.unroll.BackendProvider.Options;
import dev.unroll.Backends;
import dev.unroll.Ops;
import dev.unroll.Philox;
import dev.unroll.Precision;
import dev.unroll.Tensor;
import dev.unroll.nn.Gru;
import dev.unroll.nn.Initializer;
import dev.unroll.nn.Lstm;
import dev.unroll.nn.Pass;
import dev.unroll.nn.Ragged;
import dev.unroll.nn.Recurrent;
import dev.unroll.nn.Rnn;
import dev.unroll.nn.State;
import dev.unroll.nn.Trace;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Runs through time whose columns, not sequences, are split between threads. */
class LotsTest {
  @ParameterizedTest
  @CsvSource({
    "RNN, 192, 1, 2, 9", "RNN, 200, 2, 3, 9-4", "LSTM, 96, 1, 2, 7", "LSTM, 100, 2, 3, 8-5",
    "LSTM, 33, 2, 4, 40-0", "GRU, 128, 1, 2, 9", "GRU, 111, 2, 5, 6-3", "GRU, 128, 1, 8, 5"
  })
  void columnsOfSeveralThreadsHaveTheBitsOfOne(
      String cell, int hidden, int batch, int threads, String lengths) {
    List<float[]> expected = results("cpu-scalar", 1, cell, hidden, lengths);
    List<float[]> found = results("cpu", threads, cell, hidden, lengths);
    assertThat(found).hasSameSizeAs(expected);
    for (int i = 0; i < found.size(); i++) {
      assertThat(found.get(i)).as("result %d", i).isEqualTo(expected.get(i));
    }
    assertThat(lengths.split("-")).hasSize(batch);
  }

  private static List<float[]> results(
      String backend, int threads, String cell, int hidden, String lengths) {
    int inputs = 5;
    try (Ops ops = Backends.open(backend, new Options(Precision.EXACT, threads));
        Arena arena = ops.arena("test")) {
      String[] each = lengths.split("-");
      int[] steps = new int[each.length];
      for (int i = 0; i < each.length; i++) {
        steps[i] = Integer.parseInt(each[i]);
      }
      Ragged ragged = Ragged.of(steps);
      int rows = ragged.steps().rows();
      Initializer init = new Initializer(arena, 3);
      Recurrent.Shape shape = new Recurrent.Shape(inputs, hidden);
      Recurrent layer =
          switch (cell) {
            case "RNN" -> new Rnn(init, Activation.TANH, shape);
            case "LSTM" -> new Lstm(init, shape);
            default -> new Gru(init, shape);
          };
      Trace trace =
          layer.forward(
              Pass.of(arena, ragged), random(arena, 1, rows, inputs), state(arena, layer, steps));
      Trace.Gradients d =
          trace.backward(random(arena, 2, rows, hidden), state(arena, layer, steps));
      List<float[]> results = new ArrayList<>();
      results.add(ops.read(trace.output()));
      results.add(ops.read(d.input()));
      trace.finalState().tensors().values().forEach(t -> results.add(ops.read(t)));
      d.initial().tensors().values().forEach(t -> results.add(ops.read(t)));
      layer.parameters().forEach(p -> results.add(ops.read(p.grad())));
      return results;
    }
  }

  private static State state(Arena arena, Recurrent layer, int[] steps) {
    State state = layer.zeroState(arena, steps.length);
    int stream = 3;
    for (Tensor t : state.tensors().values()) {
      arena.ops().copy(random(arena, stream++, t.rows(), t.cols()), t);
    }
    return state;
  }

  private static Tensor random(Arena arena, int stream, int rows, int cols) {
    float[] values = new float[rows * cols];
    Philox.fillUniform(17, Philox.stream(Philox.DATA, stream), 0, -1, 1, values);
    return arena.tensor(values, rows, cols);
  }

  @Test
  void aThreadThatFailsLetsTheOthersGo() {
    try (Workers workers = new Workers(3)) {
      Lots lots = new Lots(workers);
      for (int round = 0; round < 2; round++) {
        assertThatThrownBy(
                () ->
                    lots.run(
                        1,
                        1 << 10,
                        1 << 16,
                        lot -> {
                          lot.meet();
                          if (lot.part == 1) {
                            throw new IllegalArgumentException("planted");
                          }
                          lot.meet();
                        }))
            .satisfies(
                e -> assertThat(e.getMessage() + List.of(e.getSuppressed())).contains("planted"));
      }
      int[] sums = new int[3];
      lots.run(1, 1 << 10, 1 << 16, lot -> sums[lot.part] = lot.end(200) - lot.first(200));
      assertThat(sums[0] + sums[1] + sums[2]).isEqualTo(200);
    }
  }
}
