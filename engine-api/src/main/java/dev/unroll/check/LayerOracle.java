// SPDX-License-Identifier: Apache-2.0

package dev.unroll.check;

import dev.unroll.Activation;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Stacked recurrent layers in double precision, one sequence and one step at a time: forward and
 * backpropagation through all steps by the textbook formulas. It shares no code with the layers
 * that it judges.
 *
 * <p>Values go by name, with PyTorch's names, layouts and gate orders: {@code x} [T, B, I], {@code
 * h0} and {@code c0} [L, B, H], {@code weight_ih_l0} [G H, I], {@code weight_hh_l0} [G H, H],
 * {@code bias_ih_l0} and {@code bias_hh_l0} [G H]; absent biases and states are zero. Results are
 * {@code y} [T, B, H], {@code hn} and {@code cn} [L, B, H]; beyond a sequence's length {@code y} is
 * zero.
 */
public final class LayerOracle {
  /** The recurrent layers. */
  public enum Cell {
    /** Simple recurrence with any activation. */
    RNN(1),
    /** Long short-term memory; gates i, f, g, o. */
    LSTM(4),
    /** Gated recurrent unit, reset after the product; gates r, z, n. */
    GRU(3);

    private final int gates;

    Cell(int gates) {
      this.gates = gates;
    }

    /**
     * Blocks of rows in each weight.
     *
     * @return number of gates
     */
    public int gates() {
      return gates;
    }
  }

  private final Cell cell;
  private final Activation f;
  private final int layers;
  private final int input;
  private final int hidden;
  private final int[] lengths;
  private final int steps;

  /**
   * Describes a network.
   *
   * @param cell which layer
   * @param f activation of {@link Cell#RNN}, unused by others
   * @param layers number of layers L
   * @param input features of x
   * @param hidden features of each state
   * @param steps T, at least the longest length
   * @param lengths number of steps of each of the B sequences, in any order
   */
  public LayerOracle(
      Cell cell, Activation f, int layers, int input, int hidden, int steps, int... lengths) {
    this.cell = cell;
    this.f = f;
    this.layers = layers;
    this.input = input;
    this.hidden = hidden;
    this.steps = steps;
    this.lengths = lengths.clone();
  }

  /** One step of one sequence in one layer: what the way back needs. */
  private record Moment(double[] x, double[] h, double[] c, double[] gates, double[] other) {}

  /**
   * The forward pass.
   *
   * @param values inputs and parameters by name
   * @return outputs by name
   */
  public Map<String, double[]> forward(Map<String, double[]> values) {
    return new Pass(values).outputs;
  }

  /**
   * The gradients of the sum over all outputs of seed times output.
   *
   * @param values inputs and parameters by name
   * @param seeds gradient that arrives at each output, by name; absent ones are zero
   * @return a gradient for each of the values
   */
  public Map<String, double[]> gradients(
      Map<String, double[]> values, Map<String, double[]> seeds) {
    return new Pass(values).backward(seeds);
  }

  /** One forward pass with its record. */
  private final class Pass {
    private final Map<String, double[]> values;
    private final Map<String, double[]> outputs = new LinkedHashMap<>();
    private final Map<String, double[]> gradients = new LinkedHashMap<>();
    private final List<List<List<Moment>>> record = new ArrayList<>();

    Pass(Map<String, double[]> values) {
      this.values = values;
      int batch = lengths.length;
      outputs.put("y", new double[steps * batch * hidden]);
      outputs.put("hn", new double[layers * batch * hidden]);
      if (cell == Cell.LSTM) {
        outputs.put("cn", new double[layers * batch * hidden]);
      }
      for (int b = 0; b < batch; b++) {
        record.add(new ArrayList<>());
        sequence(b);
      }
    }

    private void sequence(int b) {
      List<double[]> inputs = new ArrayList<>();
      for (int t = 0; t < lengths[b]; t++) {
        inputs.add(part("x", t * lengths.length + b, input));
      }
      for (int k = 0; k < layers; k++) {
        inputs = layer(b, k, inputs);
      }
      for (int t = 0; t < lengths[b]; t++) {
        put("y", t * lengths.length + b, inputs.get(t));
      }
    }

    private List<double[]> layer(int b, int k, List<double[]> inputs) {
      double[] h = part("h0", k * lengths.length + b, hidden);
      double[] c = part("c0", k * lengths.length + b, hidden);
      List<double[]> states = new ArrayList<>();
      List<Moment> moments = new ArrayList<>();
      for (double[] x : inputs) {
        double[] fromX = affine(weights("weight_ih_l", k), weights("bias_ih_l", k), x);
        double[] fromH = affine(weights("weight_hh_l", k), weights("bias_hh_l", k), h);
        double[] nextC = new double[hidden];
        double[] gates = new double[cell.gates * hidden];
        double[] next = step(fromX, fromH, h, c, gates, nextC);
        moments.add(new Moment(x, h, c, gates, cell == Cell.GRU ? fromH : nextC));
        h = next;
        c = nextC;
        states.add(h);
      }
      record.get(b).add(moments);
      put("hn", k * lengths.length + b, h);
      if (cell == Cell.LSTM) {
        put("cn", k * lengths.length + b, c);
      }
      return states;
    }

    /** Fills gates (pre-activation for the simple layer) and nextC; gives the next h. */
    private double[] step(
        double[] fromX, double[] fromH, double[] h, double[] c, double[] gates, double[] nextC) {
      double[] next = new double[hidden];
      for (int j = 0; j < hidden; j++) {
        switch (cell) {
          case RNN -> {
            gates[j] = fromX[j] + fromH[j];
            next[j] = ElementOracle.value(f, gates[j]);
          }
          case LSTM -> {
            double i = gate(gates, 0, j, ElementOracle.sigmoid(sum(fromX, fromH, 0, j)));
            double forget = gate(gates, 1, j, ElementOracle.sigmoid(sum(fromX, fromH, 1, j)));
            double g = gate(gates, 2, j, StrictMath.tanh(sum(fromX, fromH, 2, j)));
            double o = gate(gates, 3, j, ElementOracle.sigmoid(sum(fromX, fromH, 3, j)));
            nextC[j] = forget * c[j] + i * g;
            next[j] = o * StrictMath.tanh(nextC[j]);
          }
          case GRU -> {
            double r = gate(gates, 0, j, ElementOracle.sigmoid(sum(fromX, fromH, 0, j)));
            double z = gate(gates, 1, j, ElementOracle.sigmoid(sum(fromX, fromH, 1, j)));
            int at = 2 * hidden + j;
            double n = gate(gates, 2, j, StrictMath.tanh(fromX[at] + r * fromH[at]));
            next[j] = (1 - z) * n + z * h[j];
          }
        }
      }
      return next;
    }

    private double sum(double[] fromX, double[] fromH, int gate, int j) {
      return fromX[gate * hidden + j] + fromH[gate * hidden + j];
    }

    private double gate(double[] gates, int gate, int j, double value) {
      gates[gate * hidden + j] = value;
      return value;
    }

    Map<String, double[]> backward(Map<String, double[]> seeds) {
      values.forEach((name, v) -> gradients.put(name, new double[v.length]));
      for (int b = 0; b < lengths.length; b++) {
        List<double[]> arriving = new ArrayList<>();
        for (int t = 0; t < lengths[b]; t++) {
          arriving.add(part(seeds, "y", t * lengths.length + b, hidden));
        }
        for (int k = layers - 1; k >= 0; k--) {
          arriving = layerBack(b, k, arriving, seeds);
        }
        for (int t = 0; t < lengths[b]; t++) {
          add("x", t * lengths.length + b, arriving.get(t));
        }
      }
      return gradients;
    }

    private List<double[]> layerBack(
        int b, int k, List<double[]> arriving, Map<String, double[]> seeds) {
      double[] dh = part(seeds, "hn", k * lengths.length + b, hidden);
      double[] dc = part(seeds, "cn", k * lengths.length + b, hidden);
      List<double[]> dInputs = new ArrayList<>();
      List<Moment> moments = record.get(b).get(k);
      for (int t = moments.size() - 1; t >= 0; t--) {
        Moment m = moments.get(t);
        for (int j = 0; j < hidden; j++) {
          dh[j] += arriving.get(t)[j];
        }
        double[] dFromX = new double[cell.gates * hidden];
        double[] dFromH = new double[cell.gates * hidden];
        double[] direct = stepBack(m, dh, dc, dFromX, dFromH);
        dInputs.add(0, affineBack("weight_ih_l", "bias_ih_l", k, m.x, dFromX));
        dh = affineBack("weight_hh_l", "bias_hh_l", k, m.h, dFromH);
        for (int j = 0; j < hidden; j++) {
          dh[j] += direct[j];
        }
      }
      add("h0", k * lengths.length + b, dh);
      add("c0", k * lengths.length + b, dc);
      return dInputs;
    }

    /** Turns dc into the gradient of the state before; gives what reaches h past the weights. */
    private double[] stepBack(
        Moment m, double[] dh, double[] dc, double[] dFromX, double[] dFromH) {
      double[] direct = new double[hidden];
      for (int j = 0; j < hidden; j++) {
        switch (cell) {
          case RNN -> {
            double y = ElementOracle.value(f, m.gates[j]);
            dFromX[j] = dh[j] * ElementOracle.slope(f, m.gates[j], y);
            dFromH[j] = dFromX[j];
          }
          case LSTM -> lstmBack(m, j, dh[j], dc, dFromX, dFromH);
          case GRU -> direct[j] = gruBack(m, j, dh[j], dFromX, dFromH);
        }
      }
      return direct;
    }

    private void lstmBack(
        Moment m, int j, double dh, double[] dc, double[] dFromX, double[] dFromH) {
      double i = m.gates[j];
      double forget = m.gates[hidden + j];
      double g = m.gates[2 * hidden + j];
      double o = m.gates[3 * hidden + j];
      double tanh = StrictMath.tanh(m.other[j]);
      double d = dc[j] + dh * o * (1 - tanh * tanh);
      double[] slopes = {
        d * g * i * (1 - i),
        d * m.c[j] * forget * (1 - forget),
        d * i * (1 - g * g),
        dh * tanh * o * (1 - o)
      };
      for (int gate = 0; gate < 4; gate++) {
        dFromX[gate * hidden + j] = slopes[gate];
        dFromH[gate * hidden + j] = slopes[gate];
      }
      dc[j] = d * forget;
    }

    private double gruBack(Moment m, int j, double dh, double[] dFromX, double[] dFromH) {
      double r = m.gates[j];
      double z = m.gates[hidden + j];
      double n = m.gates[2 * hidden + j];
      double dn = dh * (1 - z) * (1 - n * n);
      double dz = dh * (m.h[j] - n) * z * (1 - z);
      double dr = dn * m.other[2 * hidden + j] * r * (1 - r);
      dFromX[j] = dr;
      dFromH[j] = dr;
      dFromX[hidden + j] = dz;
      dFromH[hidden + j] = dz;
      dFromX[2 * hidden + j] = dn;
      dFromH[2 * hidden + j] = dn * r;
      return dh * z;
    }

    private double[] affineBack(String weight, String bias, int k, double[] x, double[] d) {
      double[] w = weights(weight, k);
      double[] dw = gradients.get(weight + k);
      double[] db = gradients.get(bias + k);
      double[] dx = new double[x.length];
      for (int r = 0; r < d.length; r++) {
        for (int c = 0; c < x.length; c++) {
          dx[c] += w[r * x.length + c] * d[r];
          dw[r * x.length + c] += d[r] * x[c];
        }
        if (db != null) {
          db[r] += d[r];
        }
      }
      return dx;
    }

    private double[] affine(double[] w, double[] bias, double[] x) {
      double[] y = new double[cell.gates * hidden];
      for (int r = 0; r < y.length; r++) {
        y[r] = bias == null ? 0 : bias[r];
        for (int c = 0; c < x.length; c++) {
          y[r] += w[r * x.length + c] * x[c];
        }
      }
      return y;
    }

    private double[] weights(String name, int k) {
      return values.get(name + k);
    }

    private double[] part(String name, int block, int size) {
      return part(values, name, block, size);
    }

    private double[] part(Map<String, double[]> from, String name, int block, int size) {
      double[] part = new double[size];
      if (from.containsKey(name)) {
        System.arraycopy(from.get(name), block * size, part, 0, size);
      }
      return part;
    }

    private void put(String name, int block, double[] part) {
      System.arraycopy(part, 0, outputs.get(name), block * part.length, part.length);
    }

    private void add(String name, int block, double[] part) {
      double[] all = gradients.get(name);
      for (int i = 0; all != null && i < part.length; i++) {
        all[block * part.length + i] += part[i];
      }
    }
  }
}
