// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Activation;
import dev.unroll.Ops;
import dev.unroll.Tensor;
import dev.unroll.io.NamedArray;
import dev.unroll.io.OnnxGraph;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes a trained model as an ONNX file, for sequences of equal length and states of zeros. Its
 * input is {@code input}, ids [T, B] or numbers [T, B, F]; its output is {@code output}, [T, B, F],
 * or [B, F] after {@link LastStep}.
 *
 * <p>Layers: {@link Embedding}, {@link Rnn}, {@link Lstm}, {@link Gru} (any number of layers, both
 * directions, either place of the reset; no layer normalisation, no projection), {@link Dense},
 * {@link LayerNorm}, {@link LastStep}, {@link ActivationLayer}, {@link Softmax}, {@link
 * LogSoftmax}; {@link Dropout} does nothing in evaluation.
 */
public final class OnnxExport {
  private final Ops ops;
  private final OnnxGraph graph = new OnnxGraph();

  private OnnxExport(Ops ops) {
    this.ops = ops;
  }

  /**
   * Writes a model, atomically.
   *
   * @param file where to
   * @param ops where the model lives
   * @param model the model
   * @param inputs columns of the input; not used where the model starts with an embedding
   * @throws IllegalArgumentException if a layer or an option of it can not be expressed: names it
   * @throws IOException if the file can not be written
   */
  public static void write(Path file, Ops ops, Sequential<?> model, int inputs) throws IOException {
    OnnxExport export = new OnnxExport(ops);
    boolean ids = model.layers().values().iterator().next() instanceof Embedding;
    Object[] axes = ids ? new Object[] {"T", "B"} : new Object[] {"T", "B", inputs};
    export.graph.input("input", ids, axes);
    String value = "input";
    boolean last = false;
    for (Map.Entry<String, Layer<?>> entry : model.layers().entrySet()) {
      value = export.add(entry.getKey(), entry.getValue(), value);
      last |= entry.getValue() instanceof LastStep;
    }
    String output = export.graph.node("Identity", List.of(value), Map.of());
    export.graph.output(output, last ? new Object[] {"B", "F"} : new Object[] {"T", "B", "F"});
    export.graph.write(file);
  }

  private String add(String name, Layer<?> layer, String x) {
    if (layer instanceof Embedding) {
      return graph.node("Gather", List.of(parameter(name, layer, 0), x), Map.of());
    } else if (layer instanceof Recurrent recurrent) {
      return recurrent(name, recurrent, x);
    } else if (layer instanceof Dense) {
      return dense(name, layer, x);
    } else if (layer instanceof LayerNorm norm) {
      List<String> inputs = List.of(x, parameter(name, layer, 0), parameter(name, layer, 1));
      return graph.node(
          "LayerNormalization", inputs, Map.of("axis", -1L, "epsilon", norm.epsilon()));
    } else if (layer instanceof LastStep) {
      String index = graph.constant(new long[] {-1});
      return graph.node("Gather", List.of(x, index), Map.of("axis", 0L));
    } else if (layer instanceof Softmax) {
      return graph.node("Softmax", List.of(x), Map.of("axis", -1L));
    } else if (layer instanceof LogSoftmax) {
      return graph.node("LogSoftmax", List.of(x), Map.of("axis", -1L));
    } else if (layer instanceof ActivationLayer activation) {
      return activation(activation.f(), x);
    } else if (layer instanceof Dropout) {
      return x;
    }
    throw unknown("layer '" + name + "' (" + layer.getClass().getSimpleName() + ")");
  }

  private static IllegalArgumentException unknown(String what) {
    return new IllegalArgumentException("onnx: " + what + " can not be written; leave it out");
  }

  private String parameter(String name, Layer<?> layer, int number) {
    Parameter p = layer.parameters().get(number);
    return graph.constant(new NamedArray(name + "." + p.name(), ops.read(p.value()), p.shape()));
  }

  private String dense(String name, Layer<?> layer, String x) {
    Tensor weight = layer.parameters().get(0).value();
    float[] transposed = new float[weight.size()];
    float[] values = ops.read(weight);
    for (int out = 0; out < weight.rows(); out++) {
      for (int in = 0; in < weight.cols(); in++) {
        transposed[in * weight.rows() + out] = values[out * weight.cols() + in];
      }
    }
    String kernel =
        graph.constant(new NamedArray(name + ".weight", transposed, weight.cols(), weight.rows()));
    String product = graph.node("MatMul", List.of(x, kernel), Map.of());
    return layer.parameters().size() == 1
        ? product
        : graph.node("Add", List.of(product, parameter(name, layer, 1)), Map.of());
  }

  private String recurrent(String name, Recurrent layer, String x) {
    RecurrentOptions options = layer.options();
    if (options.layerNorm() || options.projection() > 0) {
      throw unknown("layer normalisation or projection of '" + name + "'");
    }
    String value = x;
    for (int k = 0; k < layer.layers(); k++) {
      value = stackLayer(name + ".l" + k, layer, k, value);
    }
    return value;
  }

  /** One layer in all its directions; Y [T, D, B, H] becomes [T, B, D * H]. */
  private String stackLayer(String name, Recurrent layer, int k, String x) {
    int[] order =
        layer instanceof Lstm
            ? new int[] {0, 3, 1, 2}
            : layer instanceof Gru ? new int[] {1, 0, 2} : new int[] {0};
    int directions = layer.directions();
    List<float[]> w = new ArrayList<>();
    List<float[]> r = new ArrayList<>();
    List<float[]> b = new ArrayList<>();
    for (int d = 0; d < directions; d++) {
      RecurrentWeights weights = layer.weights(k * directions + d);
      w.add(reordered(weights.ih(), order));
      r.add(reordered(weights.hh(), order));
      b.add(weights.biasIh() == null ? new float[0] : reordered(weights.biasIh(), order));
      b.add(
          weights.biasHh() == null
              ? new float[b.get(b.size() - 1).length]
              : reordered(weights.biasHh(), order));
    }
    Tensor ih = layer.weights(k * directions).ih().value();
    Tensor hh = layer.weights(k * directions).hh().value();
    List<String> inputs = new ArrayList<>(List.of(x));
    inputs.add(constant(name + ".W", w, directions, ih.rows(), ih.cols()));
    inputs.add(constant(name + ".R", r, directions, hh.rows(), hh.cols()));
    if (b.get(0).length > 0) {
      inputs.add(constant(name + ".B", b, directions, 2 * ih.rows()));
    }
    String y = graph.node(operator(layer), inputs, attributes(layer, hh.cols()));
    String inOrder = graph.node("Transpose", List.of(y), Map.of("perm", List.of(0L, 2L, 1L, 3L)));
    String shape = graph.constant(new long[] {0, 0, (long) directions * hh.cols()}, 3);
    return graph.node("Reshape", List.of(inOrder, shape), Map.of());
  }

  private static String operator(Recurrent layer) {
    return layer instanceof Lstm ? "LSTM" : layer instanceof Gru ? "GRU" : "RNN";
  }

  private static Map<String, Object> attributes(Recurrent layer, int hidden) {
    RecurrentOptions options = layer.options();
    Map<String, Object> attributes = new LinkedHashMap<>();
    attributes.put("hidden_size", (long) hidden);
    attributes.put("direction", options.bidirectional() ? "bidirectional" : "forward");
    List<String> once = new ArrayList<>();
    if (layer instanceof Rnn rnn) {
      once.add(cellActivation(rnn.activation()));
    } else {
      once.add(cellActivation(options.recurrentActivation()));
      once.add(cellActivation(options.activation()));
      if (layer instanceof Lstm) {
        once.add(cellActivation(options.activation()));
      } else {
        attributes.put("linear_before_reset", options.resetAfter() ? 1L : 0L);
      }
    }
    List<String> all = new ArrayList<>(once);
    if (options.bidirectional()) {
      all.addAll(once);
    }
    attributes.put("activations", all);
    return attributes;
  }

  private static String cellActivation(Activation f) {
    return switch (f.kind()) {
      case TANH -> "Tanh";
      case SIGMOID -> "Sigmoid";
      case RELU -> "Relu";
      default -> throw unknown("the activation " + f.kind() + " inside a recurrent layer");
    };
  }

  private String constant(String name, List<float[]> parts, int... shape) {
    int size = parts.stream().mapToInt(p -> p.length).sum();
    float[] all = new float[size];
    int at = 0;
    for (float[] part : parts) {
      System.arraycopy(part, 0, all, at, part.length);
      at += part.length;
    }
    return graph.constant(new NamedArray(name, all, shape));
  }

  private float[] reordered(Parameter parameter, int... order) {
    float[] values = ops.read(parameter.value());
    int block = values.length / order.length;
    float[] ordered = new float[values.length];
    for (int g = 0; g < order.length; g++) {
      System.arraycopy(values, order[g] * block, ordered, g * block, block);
    }
    return ordered;
  }

  private String activation(Activation f, String x) {
    List<String> in = List.of(x);
    return switch (f.kind()) {
      case IDENTITY -> x;
      case SIGMOID -> graph.node("Sigmoid", in, Map.of());
      case TANH -> graph.node("Tanh", in, Map.of());
      case RELU -> graph.node("Relu", in, Map.of());
      case LEAKY_RELU -> graph.node("LeakyRelu", in, Map.of("alpha", f.alpha()));
      case ELU -> graph.node("Elu", in, Map.of("alpha", f.alpha()));
      case GELU_ERF -> graph.node("Gelu", in, Map.of("approximate", "none"));
      case GELU_TANH -> graph.node("Gelu", in, Map.of("approximate", "tanh"));
      case SILU -> graph.node("Mul", List.of(x, graph.node("Sigmoid", in, Map.of())), Map.of());
      case HARD_SIGMOID ->
          graph.node("HardSigmoid", in, Map.of("alpha", f.alpha(), "beta", f.beta()));
      case MISH -> graph.node("Mish", in, Map.of());
      case SOFTPLUS -> {
        if (f.alpha() != 1) {
          throw unknown("softplus with beta " + f.alpha());
        }
        yield graph.node("Softplus", in, Map.of());
      }
    };
  }
}
