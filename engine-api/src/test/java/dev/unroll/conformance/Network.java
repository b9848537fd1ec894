// SPDX-License-Identifier: Apache-2.0

package dev.unroll.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unroll.Activation;
import dev.unroll.Arena;
import dev.unroll.Ops;
import dev.unroll.Philox;
import dev.unroll.Tensor;
import dev.unroll.check.LayerOracle;
import dev.unroll.check.LayerOracle.Cell;
import dev.unroll.nn.Bias;
import dev.unroll.nn.Gru;
import dev.unroll.nn.Initializer;
import dev.unroll.nn.Layer;
import dev.unroll.nn.Lstm;
import dev.unroll.nn.Parameter;
import dev.unroll.nn.Pass;
import dev.unroll.nn.Ragged;
import dev.unroll.nn.Recurrent;
import dev.unroll.nn.Rnn;
import dev.unroll.nn.State;
import dev.unroll.nn.Trace;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** One recurrent network, run on a backend and in the oracle. */
record Network(
    Cell cell,
    Activation f,
    int layers,
    Bias bias,
    int input,
    int hidden,
    boolean states,
    int... lengths) {
  /** The tolerance of golden cases for recurrent layers. */
  private static final double RTOL = 1e-5;

  /** Times the largest element of a tensor, or a twentieth of the largest of all. */
  private static final double ATOL = 64 * 0x1p-24;

  private static final long SEED = 11;

  String name() {
    return cell
        + " "
        + f.kind()
        + " layers="
        + layers
        + " "
        + input
        + "->"
        + hidden
        + " bias="
        + bias
        + " lengths="
        + Arrays.toString(lengths)
        + (states ? " states" : "");
  }

  void check(Ops ops) {
    try (Arena arena = ops.arena(name())) {
      Map<String, double[]> values = new LinkedHashMap<>();
      Map<String, double[]> seeds = new LinkedHashMap<>();
      Map<String, float[]> actual = run(arena, values, seeds);
      LayerOracle oracle = new LayerOracle(cell, f, layers, input, hidden, steps(), lengths);
      compare("", oracle.forward(values), actual);
      compare("grad.", oracle.gradients(values, seeds), actual);
    }
  }

  private int steps() {
    return Arrays.stream(lengths).max().orElse(0) + 1;
  }

  private Layer<Tensor> layer(Arena arena) {
    Initializer init = new Initializer(arena, SEED);
    Recurrent.Shape shape = new Recurrent.Shape(input, hidden, layers, bias);
    return switch (cell) {
      case RNN -> new Rnn(init, f, shape);
      case LSTM -> new Lstm(init, shape);
      case GRU -> new Gru(init, shape);
    };
  }

  /** Fills values and seeds for the oracle; gives outputs and gradients of the backend. */
  private Map<String, float[]> run(
      Arena arena, Map<String, double[]> values, Map<String, double[]> seeds) {
    Ops ops = arena.ops();
    int batch = lengths.length;
    Layer<Tensor> layer = layer(arena);
    for (Parameter p : layer.parameters()) {
      values.put(p.name(), doubles(ops.read(p.value())));
    }
    Ragged ragged = Ragged.of(lengths);
    Tensor x = random(arena, values, "x", steps(), batch, input);
    State initial = states ? state(arena, values, "0") : State.NONE;
    Trace trace =
        layer.forward(
            Pass.of(arena, ragged),
            ragged.pack(arena, x, Ragged.Layout.TIME_MAJOR),
            ragged.toPacked(arena, initial));
    Tensor dy = random(arena, seeds, "y", steps(), batch, hidden);
    State dFinal = state(arena, seeds, "n");
    Trace.Gradients gradients =
        trace.backward(
            ragged.pack(arena, dy, Ragged.Layout.TIME_MAJOR), ragged.toPacked(arena, dFinal));
    Map<String, float[]> actual = new HashMap<>();
    actual.put("y", unpacked(arena, ragged, trace.output()));
    put(ops, actual, "", "n", ragged.toCaller(arena, trace.finalState()));
    actual.put("grad.x", unpacked(arena, ragged, gradients.input()));
    put(ops, actual, "grad.", "0", ragged.toCaller(arena, gradients.initial()));
    layer.parameters().forEach(p -> actual.put("grad." + p.name(), ops.read(p.grad())));
    return actual;
  }

  private State state(Arena arena, Map<String, double[]> values, String suffix) {
    State state =
        State.of("h", random(arena, values, "h" + suffix, layers, lengths.length, hidden));
    return cell == Cell.LSTM
        ? state.with("c", random(arena, values, "c" + suffix, layers, lengths.length, hidden))
        : state;
  }

  private static Tensor random(
      Arena arena, Map<String, double[]> values, String name, int... shape) {
    float[] random = new float[Arrays.stream(shape).reduce(1, (a, b) -> a * b)];
    int stream = Philox.stream(Philox.DATA, name.hashCode() & 0xffff);
    Philox.fillUniform(SEED, stream, 0, -1, 1, random);
    values.put(name, doubles(random));
    return arena.tensor(random, shape);
  }

  private float[] unpacked(Arena arena, Ragged ragged, Tensor packed) {
    return arena.ops().read(ragged.unpack(arena, packed, Ragged.Layout.TIME_MAJOR, steps()));
  }

  private static void put(
      Ops ops, Map<String, float[]> into, String prefix, String suffix, State state) {
    state.tensors().forEach((name, t) -> into.put(prefix + name + suffix, ops.read(t)));
  }

  private static double[] doubles(float... values) {
    double[] wide = new double[values.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = values[i];
    }
    return wide;
  }

  private void compare(String prefix, Map<String, double[]> expected, Map<String, float[]> actual) {
    double all = expected.values().stream().mapToDouble(Network::largest).max().orElse(0);
    expected.forEach(
        (name, e) -> {
          float[] a = actual.get(prefix + name);
          assertThat(a).as(prefix + name).hasSameSizeAs(e);
          double least = ATOL * Math.max(largest(e), 0.05 * all);
          for (int i = 0; i < e.length; i++) {
            boolean near = Math.abs(a[i] - e[i]) <= least + RTOL * Math.abs(e[i]);
            assertThat(near)
                .as(prefix + name + "[" + i + "]: expected " + e[i] + ", got " + a[i])
                .isTrue();
          }
        });
  }

  private static double largest(double... values) {
    return Arrays.stream(values).map(Math::abs).max().orElse(0);
  }
}
