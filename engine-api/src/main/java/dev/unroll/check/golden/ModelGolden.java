// SPDX-License-Identifier: Apache-2.0

package dev.unroll.check.golden;

import dev.unroll.Activation;
import dev.unroll.Indices;
import dev.unroll.Tensor;
import dev.unroll.nn.ActivationLayer;
import dev.unroll.nn.Bias;
import dev.unroll.nn.Dense;
import dev.unroll.nn.Embedding;
import dev.unroll.nn.Gru;
import dev.unroll.nn.Initializer;
import dev.unroll.nn.LastStep;
import dev.unroll.nn.Layer;
import dev.unroll.nn.LogSoftmax;
import dev.unroll.nn.Lstm;
import dev.unroll.nn.Recurrent;
import dev.unroll.nn.RecurrentOptions;
import dev.unroll.nn.Rnn;
import dev.unroll.nn.Sequential;
import java.util.List;
import java.util.Map;

/** A model described as a JSON array of layers. */
final class ModelGolden {
  private final Initializer init;
  private final List<Map<String, Object>> layers;

  ModelGolden(Initializer init, List<Map<String, Object>> layers) {
    this.init = init;
    this.layers = layers;
  }

  boolean has(String... types) {
    return layers.stream().anyMatch(l -> List.of(types).contains(l.get("type")));
  }

  /** A model that starts with an embedding. */
  Sequential<Indices> onIndices() {
    Map<String, Object> first = layers.get(0);
    Embedding embedding =
        new Embedding(init, size(first, "num_embeddings"), size(first, "embedding_dim"));
    return rest(Sequential.of(name(0), embedding));
  }

  /** A model whose first layer takes numbers. */
  Sequential<Tensor> onTensor() {
    return rest(Sequential.of(name(0), layer(layers.get(0))));
  }

  private <I> Sequential<I> rest(Sequential<I> model) {
    Sequential<I> longer = model;
    for (int i = 1; i < layers.size(); i++) {
      longer = longer.then(name(i), layer(layers.get(i)));
    }
    return longer;
  }

  private String name(int i) {
    return (String) layers.get(i).getOrDefault("name", "layer" + i);
  }

  private Layer<Tensor> layer(Map<String, Object> l) {
    String type = (String) l.get("type");
    return switch (type) {
      case "dense" -> new Dense(init, size(l, "in_features"), size(l, "out_features"));
      case "rnn" ->
          new Rnn(
              init, LayerGolden.nonlinearity((String) l.get("nonlinearity")), shape(l), options(l));
      case "lstm" -> new Lstm(init, shape(l), options(l));
      case "gru" -> new Gru(init, shape(l), options(l));
      case "last_step" -> new LastStep();
      case "log_softmax" -> new LogSoftmax();
      case "leaky_relu" -> activation(Activation.leakyRelu(number(l, "negative_slope")));
      case "elu" -> activation(Activation.elu(number(l, "alpha")));
      case "gelu" -> activation(OpGolden.gelu((String) l.get("approximate")));
      default -> activation(OpGolden.plain(type));
    };
  }

  private static Layer<Tensor> activation(Activation f) {
    return new ActivationLayer(f);
  }

  private static Recurrent.Shape shape(Map<String, Object> l) {
    return new Recurrent.Shape(
        size(l, "input_size"), size(l, "hidden_size"), size(l, "num_layers"), Bias.PYTORCH);
  }

  private static RecurrentOptions options(Map<String, Object> l) {
    return LayerGolden.options(Boolean.TRUE.equals(l.get("bidirectional")));
  }

  private static int size(Map<String, Object> l, String name) {
    return ((Number) l.get(name)).intValue();
  }

  private static float number(Map<String, Object> l, String name) {
    return ((Number) l.get(name)).floatValue();
  }
}
