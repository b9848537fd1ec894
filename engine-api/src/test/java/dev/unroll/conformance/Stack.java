// SPDX-License-Identifier: Apache-2.0

package dev.unroll.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.Activation;
import dev.unroll.Arena;
import dev.unroll.Ops;
import dev.unroll.Philox;
import dev.unroll.Tensor;
import dev.unroll.check.LayerOracle.Cell;
import dev.unroll.nn.Bias;
import dev.unroll.nn.Gru;
import dev.unroll.nn.Initializer;
import dev.unroll.nn.Lstm;
import dev.unroll.nn.Parameter;
import dev.unroll.nn.Pass;
import dev.unroll.nn.Ragged;
import dev.unroll.nn.Recurrent;
import dev.unroll.nn.RecurrentOptions;
import dev.unroll.nn.Rnn;
import dev.unroll.nn.State;
import dev.unroll.nn.Trace;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * A stack of recurrent layers with its options on a padded batch. Padding holds NaN, on the way in
 * and on the way back.
 */
record Stack(
    Cell cell,
    int layers,
    Bias bias,
    RecurrentOptions options,
    String note,
    int truncate,
    Ragged.Layout layout,
    int... lengths) {
  private static final int INPUT = 3;
  private static final int HIDDEN = 5;
  private static final int PADDED = 6;
  private static final long SEED = 17;
  private static final int[][] BATCHES = {{4, 4, 4}, {2, 5, 0, 3}};

  /** The tolerance of golden cases for sums that another order of rows changes. */
  private static final double RTOL = 1e-5;

  private static final double ATOL = 64 * 0x1p-24;

  String name() {
    return cell
        + " layers="
        + layers
        + (options.bidirectional() ? " both ways" : "")
        + " bias="
        + bias
        + " "
        + layout
        + " lengths="
        + Arrays.toString(lengths)
        + (drops() ? " dropout" : "")
        + note;
  }

  boolean drops() {
    return options.dropout() > 0 || options.recurrentDropout() > 0;
  }

  /** Every combination of the plain settings. */
  static List<Stack> grid() {
    List<Stack> all = new ArrayList<>();
    for (Cell cell : Cell.values()) {
      for (int layers = 1; layers <= 3; layers++) {
        for (RecurrentOptions options : directionsAndDropout()) {
          for (Bias bias : Bias.values()) {
            for (Ragged.Layout layout : Ragged.Layout.values()) {
              for (int[] lengths : BATCHES) {
                all.add(new Stack(cell, layers, bias, options, "", 0, layout, lengths));
              }
            }
          }
        }
      }
    }
    return all;
  }

  private static List<RecurrentOptions> directionsAndDropout() {
    RecurrentOptions plain = RecurrentOptions.PLAIN;
    return List.of(
        plain,
        plain.withBidirectional(),
        plain.withDropout(0.4f),
        plain.withBidirectional().withDropout(0.4f));
  }

  /** The other options, alone and together. */
  static List<Stack> withOptions() {
    List<Stack> all = new ArrayList<>();
    RecurrentOptions plain = RecurrentOptions.PLAIN;
    for (Cell cell : Cell.values()) {
      option(all, cell, " norm", plain.withLayerNorm());
      option(all, cell, " recurrent", plain.withRecurrentDropout(0.3f));
      option(all, cell, " both", plain.withLayerNorm().withRecurrentDropout(0.3f));
      truncated(all, cell, plain.withBidirectional());
      truncated(all, cell, plain.withLayerNorm());
    }
    RecurrentOptions free =
        plain.withActivations(Activation.GELU_ERF, Activation.hardSigmoid(0.2f, 0.5f));
    option(all, Cell.LSTM, " free", free);
    option(all, Cell.LSTM, " projection", plain.withProjection(2));
    option(all, Cell.LSTM, " all", free.withProjection(4).withLayerNorm().withDropout(0.2f));
    option(all, Cell.GRU, " free", free);
    option(all, Cell.GRU, " reset before", plain.withResetBefore());
    option(all, Cell.GRU, " all", free.withResetBefore().withRecurrentDropout(0.2f));
    return all;
  }

  /**
   * Layers, directions and lengths in every combination. Biases and layouts take turns: each comes
   * with each other setting, not with each combination.
   */
  private static void option(List<Stack> all, Cell cell, String note, RecurrentOptions options) {
    for (int layers = 1; layers <= 3; layers++) {
      for (int both = 0; both <= 1; both++) {
        for (int batch = 0; batch < BATCHES.length; batch++) {
          Bias bias = Bias.values()[(layers + 2 * both + batch) % 3];
          Ragged.Layout layout = Ragged.Layout.values()[(layers + both + batch) % 2];
          RecurrentOptions directed = both == 0 ? options : options.withBidirectional();
          all.add(new Stack(cell, layers, bias, directed, note, 0, layout, BATCHES[batch]));
        }
      }
    }
  }

  private static void truncated(List<Stack> all, Cell cell, RecurrentOptions options) {
    String note = (options.layerNorm() ? " norm" : "") + " truncated";
    Ragged.Layout layout = Ragged.Layout.TIME_MAJOR;
    all.add(new Stack(cell, 2, Bias.PYTORCH, options, note, 2, layout, 2, 5, 0, 3));
  }

  /** The same bits on two backends. */
  void compare(Ops ops, Ops reference) {
    int[] all = IntStream.range(0, lengths.length).toArray();
    Map<String, float[]> actual = run(ops, all);
    run(reference, all)
        .forEach((name, e) -> assertThat(bits(actual.get(name))).as(name).isEqualTo(bits(e)));
  }

  /** The batch against one sequence at a time; masks differ between batches, so without dropout. */
  void compareOneByOne(Ops ops) {
    Map<String, float[]> together = run(ops, IntStream.range(0, lengths.length).toArray());
    Map<String, float[]> gradients = new LinkedHashMap<>();
    for (int b = 0; b < lengths.length; b++) {
      run(ops, b)
          .forEach(
              (name, one) -> {
                if (name.startsWith("grad.")) {
                  gradients.merge(name, one, Stack::sum);
                } else {
                  assertThat(bits(together.get(name))).as(name).isEqualTo(bits(one));
                }
              });
    }
    gradients.forEach((name, e) -> requireClose(name, together.get(name), e));
  }

  /**
   * Runs some of the sequences; results go by name and sequence, gradients of parameters by name.
   */
  private Map<String, float[]> run(Ops ops, int... chosen) {
    try (Arena arena = ops.arena(name())) {
      Recurrent layer = layer(arena);
      Ragged ragged = Ragged.of(Arrays.stream(chosen).map(b -> lengths[b]).toArray());
      Pass plain = Pass.of(arena, ragged);
      Pass cut = truncate > 0 ? plain.withTruncation(truncate) : plain;
      Pass pass = drops() ? cut.withDropout(SEED, 5) : cut;
      State like = layer.zeroState(arena, chosen.length);
      Tensor x = padded(arena, "x", INPUT, chosen);
      Trace trace =
          layer.forward(
              pass,
              ragged.pack(arena, x, layout),
              ragged.toPacked(arena, random(arena, like, "0", chosen)));
      Tensor dy = padded(arena, "dy", layer.outputSize(), chosen);
      Trace.Gradients d =
          trace.backward(
              ragged.pack(arena, dy, layout),
              ragged.toPacked(arena, random(arena, like, "n", chosen)));
      Map<String, float[]> results = new LinkedHashMap<>();
      Tensor y = ragged.unpack(arena, trace.output(), layout, PADDED);
      Tensor dx = ragged.unpack(arena, d.input(), layout, PADDED);
      sequences(results, "y", ops, y, chosen);
      sequences(results, "dx", ops, dx, chosen);
      states(results, "n", ops, ragged.toCaller(arena, trace.finalState()), chosen);
      states(results, "0", ops, ragged.toCaller(arena, d.initial()), chosen);
      for (Parameter p : layer.parameters()) {
        results.put("grad." + p.name(), ops.read(p.grad()));
      }
      return results;
    }
  }

  private Recurrent layer(Arena arena) {
    Initializer init = new Initializer(arena, SEED);
    Recurrent.Shape shape = new Recurrent.Shape(INPUT, HIDDEN, layers, bias);
    return switch (cell) {
      case RNN -> new Rnn(init, Activation.TANH, shape, options);
      case LSTM -> new Lstm(init, shape, options);
      case GRU -> new Gru(init, shape, options);
    };
  }

  private static float[] random(String name, int count) {
    float[] values = new float[count];
    int stream = Philox.stream(Philox.DATA, name.hashCode() & 0xffff);
    Philox.fillUniform(SEED, stream, 0, -1, 1, values);
    return values;
  }

  /** Rows of the chosen sequences, NaN beyond their lengths. */
  private Tensor padded(Arena arena, String name, int cols, int... chosen) {
    float[] all = new float[chosen.length * PADDED * cols];
    Arrays.fill(all, Float.NaN);
    for (int i = 0; i < chosen.length; i++) {
      float[] own = random(name + chosen[i], lengths[chosen[i]] * cols);
      for (int t = 0; t < lengths[chosen[i]]; t++) {
        System.arraycopy(own, t * cols, all, row(t, i, chosen.length) * cols, cols);
      }
    }
    return arena.tensor(all, chosen.length * PADDED, cols);
  }

  private int row(int t, int i, int batch) {
    return layout == Ragged.Layout.TIME_MAJOR ? t * batch + i : i * PADDED + t;
  }

  /** A state of the same shapes, filled with what belongs to the chosen sequences. */
  private static State random(Arena arena, State like, String suffix, int... chosen) {
    State state = State.NONE;
    for (Map.Entry<String, Tensor> e : like.tensors().entrySet()) {
      int[] shape = e.getValue().shape();
      float[] values = new float[e.getValue().size()];
      for (int i = 0; i < chosen.length; i++) {
        float[] own = random(e.getKey() + suffix + chosen[i], shape[0] * shape[2]);
        for (int run = 0; run < shape[0]; run++) {
          int to = (run * chosen.length + i) * shape[2];
          System.arraycopy(own, run * shape[2], values, to, shape[2]);
        }
      }
      state = state.with(e.getKey(), arena.tensor(values, shape));
    }
    return state;
  }

  private void sequences(
      Map<String, float[]> into, String name, Ops ops, Tensor padded, int... chosen) {
    float[] all = ops.read(padded);
    int cols = padded.cols();
    for (int i = 0; i < chosen.length; i++) {
      float[] own = new float[PADDED * cols];
      for (int t = 0; t < PADDED; t++) {
        System.arraycopy(all, row(t, i, chosen.length) * cols, own, t * cols, cols);
      }
      into.put(name + " of " + chosen[i], own);
    }
  }

  private static void states(
      Map<String, float[]> into, String suffix, Ops ops, State state, int... chosen) {
    state
        .tensors()
        .forEach(
            (name, t) -> {
              float[] all = ops.read(t);
              int cols = t.cols();
              int runs = t.rows() / chosen.length;
              for (int i = 0; i < chosen.length; i++) {
                float[] own = new float[runs * cols];
                for (int run = 0; run < runs; run++) {
                  int from = (run * chosen.length + i) * cols;
                  System.arraycopy(all, from, own, run * cols, cols);
                }
                into.put(name + suffix + " of " + chosen[i], own);
              }
            });
  }

  private static float[] sum(float[] a, float[] b) {
    float[] sum = a.clone();
    for (int i = 0; i < sum.length; i++) {
      sum[i] += b[i];
    }
    return sum;
  }

  private static void requireClose(String name, float[] actual, float[] expected) {
    double largest = 0;
    for (float e : expected) {
      largest = Math.max(largest, Math.abs(e));
    }
    for (int i = 0; i < expected.length; i++) {
      double bound = ATOL * Math.max(1, largest) + RTOL * Math.abs(expected[i]);
      assertThat(Math.abs((double) actual[i] - expected[i]) <= bound)
          .as(name + "[" + i + "]: expected " + expected[i] + ", got " + actual[i])
          .isTrue();
    }
  }

  private static int[] bits(float... values) {
    int[] bits = new int[values.length];
    for (int i = 0; i < bits.length; i++) {
      bits[i] = Float.floatToIntBits(values[i]);
    }
    return bits;
  }
}
