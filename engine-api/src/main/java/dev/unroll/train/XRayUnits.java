// SPDX-License-Identifier: Apache-2.0

package dev.unroll.train;

import dev.unroll.Activation;
import dev.unroll.Arena;
import dev.unroll.Ops;
import dev.unroll.Tensor;
import dev.unroll.nn.Gru;
import dev.unroll.nn.Layer;
import dev.unroll.nn.Lstm;
import dev.unroll.nn.Parameter;
import dev.unroll.nn.Sequential;
import dev.unroll.nn.State;
import dev.unroll.nn.Trace;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** Watches gates and hidden units of all recurrent layers while a model runs step by step. */
final class XRayUnits {
  /** A gate beyond these passes nearly nothing, or all, and hardly learns. */
  private static final float SHUT = 0.05f;

  private static final float OPEN = 0.95f;

  /** A unit whose output never gets farther from 0 does nothing. */
  private static final float DEAD = 1e-6f;

  private final Ops ops;
  private final Sequential<?> model;
  private final Map<String, long[]> saturated = new LinkedHashMap<>();
  private final Map<String, boolean[]> alive = new LinkedHashMap<>();

  XRayUnits(Ops ops, Sequential<?> model) {
    this.ops = ops;
    this.model = model;
  }

  /** Looks at one step, which read an input and a state. */
  void see(Arena arena, Object input, Trace trace, State before) {
    State after = trace.finalState();
    Object in = input;
    for (Map.Entry<String, Layer<?>> e : model.layers().entrySet()) {
      String name = e.getKey();
      Tensor h = after.get(name + ".h");
      if (h != null) {
        int layers = h.shape()[0];
        int batch = h.rows() / layers;
        Tensor below = (Tensor) in;
        for (int k = 0; k < layers; k++) {
          Tensor out = h.rows(k * batch, batch);
          seeHidden(name + ".l" + k, out);
          Tensor old = before.get(name + ".h").rows(k * batch, batch);
          seeGates(arena, name + ".l" + k, e.getValue(), k, below, old);
          below = out;
        }
      }
      in = trace.parts().get(name).output();
    }
  }

  private void seeHidden(String layer, Tensor h) {
    boolean[] lives = alive.computeIfAbsent(layer, n -> new boolean[h.cols()]);
    float[] values = ops.read(h);
    for (int i = 0; i < values.length; i++) {
      lives[i % h.cols()] |= !(Math.abs(values[i]) <= DEAD);
    }
  }

  /** The sigmoid gates, computed once more: sigmoid of (b_ih + b_hh) + W_ih x + W_hh h. */
  private void seeGates(Arena arena, String at, Layer<?> layer, int k, Tensor x, Tensor h) {
    String names = layer instanceof Lstm ? "if-o" : layer instanceof Gru ? "rz-" : "";
    Map<String, Parameter> p = parameters(layer, "_l" + k);
    Parameter ih = p.remove("weight_ih");
    Parameter hh = p.remove("weight_hh");
    Parameter biasIh = p.remove("bias_ih");
    Parameter biasHh = p.remove("bias_hh");
    // Whatever else there is (normalisation, projection) makes this formula another one.
    if (names.isEmpty() || !p.isEmpty()) {
      return;
    }
    Tensor gates = arena.tensor(x.rows(), ih.value().rows());
    ops.fill(0, gates);
    for (Parameter bias : Arrays.asList(biasIh, biasHh)) {
      if (bias != null) {
        ops.axpby(1, bias.value().repeatRows(x.rows()), 1, gates);
      }
    }
    ops.matmul(x, ih.value().t(), 1, gates);
    ops.matmul(h, hh.value().t(), 1, gates);
    ops.activate(Activation.SIGMOID, gates, gates);
    int hidden = gates.cols() / names.length();
    for (int g = 0; g < names.length(); g++) {
      if (names.charAt(g) != '-') {
        count(at + "." + names.charAt(g), ops.read(gates.cols(g * hidden, hidden)));
      }
    }
  }

  private static Map<String, Parameter> parameters(Layer<?> layer, String suffix) {
    Map<String, Parameter> found = new HashMap<>();
    for (Parameter p : layer.parameters()) {
      if (p.name().endsWith(suffix)) {
        found.put(p.name().substring(0, p.name().length() - suffix.length()), p);
      }
    }
    return found;
  }

  private void count(String gate, float[] values) {
    long[] counts = saturated.computeIfAbsent(gate, n -> new long[2]);
    for (float v : values) {
      counts[0] += v > SHUT && v < OPEN ? 0 : 1;
      counts[1]++;
    }
  }

  /** Share of a gate's values that were nearly 0 or 1, by layer and gate. */
  Map<String, Double> saturation() {
    Map<String, Double> shares = new LinkedHashMap<>();
    saturated.forEach((gate, c) -> shares.put(gate, (double) c[0] / c[1]));
    return shares;
  }

  /** Share of units that never did anything, by layer. */
  Map<String, Double> dead() {
    Map<String, Double> shares = new LinkedHashMap<>();
    alive.forEach(
        (layer, lives) -> {
          long dead = 0;
          for (boolean lived : lives) {
            dead += lived ? 0 : 1;
          }
          shares.put(layer, (double) dead / lives.length);
        });
    return shares;
  }
}
