// SPDX-License-Identifier: Apache-2.0

package dev.unroll.check.golden;

import dev.unroll.Activation;
import dev.unroll.Indices;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import dev.unroll.nn.Bias;
import dev.unroll.nn.Dense;
import dev.unroll.nn.Embedding;
import dev.unroll.nn.Gru;
import dev.unroll.nn.Initializer;
import dev.unroll.nn.Layer;
import dev.unroll.nn.Lstm;
import dev.unroll.nn.Parameter;
import dev.unroll.nn.Pass;
import dev.unroll.nn.Ragged;
import dev.unroll.nn.Recurrent;
import dev.unroll.nn.RecurrentOptions;
import dev.unroll.nn.Rnn;
import dev.unroll.nn.State;
import dev.unroll.nn.Trace;
import java.util.Arrays;

/** Layers: embedding, dense, and the recurrent ones with their sequences of all kinds. */
final class LayerGolden {
  private final GoldenFile golden;
  private final Sheet sheet;

  private LayerGolden(GoldenFile golden, Sheet sheet) {
    this.golden = golden;
    this.sheet = sheet;
  }

  static void run(GoldenFile golden, Sheet sheet) {
    LayerGolden run = new LayerGolden(golden, sheet);
    String op = golden.text("op");
    switch (op) {
      case "embedding" -> run.embedding();
      case "dense" -> run.dense();
      case "rnn", "lstm", "gru" -> run.recurrent(op);
      default -> throw new IllegalArgumentException("unknown layer '" + op + "'");
    }
  }

  private Initializer init() {
    return new Initializer(sheet.arena, 0);
  }

  private void load(Layer<?> layer) {
    layer.parameters().forEach(p -> sheet.ops.write(golden.floats("param." + p.name()), p.value()));
  }

  private void putGradients(Layer<?> layer) {
    for (Parameter p : layer.parameters()) {
      sheet.put("grad." + p.name(), p.grad());
    }
  }

  private void embedding() {
    int count = (int) golden.attribute("num_embeddings");
    int size = (int) golden.attribute("embedding_dim");
    String padding = golden.text("attr.padding_idx", "none");
    Embedding layer =
        padding.equals("none")
            ? new Embedding(init(), count, size)
            : new Embedding(init(), count, size, (int) golden.attribute("padding_idx"));
    load(layer);
    Indices ids = golden.indices(sheet.arena, "in.ids");
    Pass pass = Pass.of(sheet.arena, Steps.uniform(1, ids.length()));
    Trace trace = layer.forward(pass, ids, State.NONE);
    int[] shape = golden.shape("in.ids");
    int[] whole = Arrays.copyOf(shape, shape.length + 1);
    whole[shape.length] = size;
    sheet.put("out.y", trace.output(), whole);
    if (golden.has("seed.y")) {
      trace.backward(golden.tensor(sheet.arena, "seed.y"), State.NONE);
      putGradients(layer);
    }
  }

  private void dense() {
    int in = (int) golden.attribute("in_features");
    int out = (int) golden.attribute("out_features");
    Dense layer = new Dense(init(), in, out, golden.has("param.bias"));
    load(layer);
    Tensor x = golden.tensor(sheet.arena, "in.x");
    Pass pass = Pass.of(sheet.arena, Steps.uniform(1, x.rows()));
    Trace trace = layer.forward(pass, x, State.NONE);
    int[] shape = x.shape();
    shape[shape.length - 1] = out;
    sheet.put("out.y", trace.output(), shape);
    if (golden.has("seed.y")) {
      Tensor dy = golden.tensor(sheet.arena, "seed.y");
      sheet.put("grad.x", trace.backward(dy, State.NONE).input(), x.shape());
      putGradients(layer);
    }
  }

  private Layer<Tensor> layer(String op) {
    Recurrent.Shape shape =
        new Recurrent.Shape(
            (int) golden.attribute("input_size"),
            (int) golden.attribute("hidden_size"),
            (int) golden.attribute("num_layers"),
            golden.flag("bias") ? Bias.PYTORCH : Bias.NONE);
    RecurrentOptions options = options(golden.flag("bidirectional"));
    return switch (op) {
      case "rnn" -> new Rnn(init(), nonlinearity(golden.text("attr.nonlinearity")), shape, options);
      case "lstm" -> new Lstm(init(), shape, options);
      default -> {
        boolean after = golden.flag("reset_after");
        yield new Gru(init(), shape, after ? options : options.withResetBefore());
      }
    };
  }

  static RecurrentOptions options(boolean bidirectional) {
    return bidirectional ? RecurrentOptions.PLAIN.withBidirectional() : RecurrentOptions.PLAIN;
  }

  static Activation nonlinearity(String name) {
    return OpGolden.plain(name);
  }

  private void recurrent(String op) {
    Layer<Tensor> layer = layer(op);
    load(layer);
    Sequences sequences = Sequences.of(golden, sheet);
    Tensor x = golden.tensor(sheet.arena, "in.x");
    State initial = sequences.state(golden, "in.", "0");
    Trace trace = layer.forward(sequences.pass(), sequences.pack(x), initial);
    int[] shape = x.shape();
    shape[2] = trace.output().cols();
    sheet.put("out.y", sequences.unpack(trace.output()), shape);
    putState("out.", "n", sequences.toCaller(trace.finalState()));
    if (golden.has("seed.y") || golden.has("seed.hn") || golden.has("seed.cn")) {
      Tensor dy = golden.tensorOrNull(sheet.arena, "seed.y");
      Trace.Gradients gradients =
          trace.backward(
              dy == null ? null : sequences.pack(dy), sequences.state(golden, "seed.", "n"));
      sheet.put("grad.x", sequences.unpack(gradients.input()), x.shape());
      putState("grad.", "0", sequences.toCaller(gradients.initial()));
      putGradients(layer);
    }
  }

  private void putState(String prefix, String suffix, State state) {
    state.tensors().forEach((name, t) -> sheet.put(prefix + name + suffix, t));
  }

  /** The layout of a batch of sequences, as the caller has it and as the layers want it. */
  private record Sequences(Pass pass, Ragged ragged, Ragged.Layout layout, int count) {
    static Sequences of(GoldenFile golden, Sheet sheet) {
      int[] shape = golden.shape("in.x");
      boolean batchFirst = golden.flag("batch_first");
      int batch = shape[batchFirst ? 0 : 1];
      int count = shape[batchFirst ? 1 : 0];
      if (!batchFirst && !golden.has("in.lengths")) {
        return new Sequences(Pass.of(sheet.arena, Steps.uniform(count, batch)), null, null, count);
      }
      int[] lengths = new int[batch];
      Arrays.fill(lengths, count);
      Ragged ragged = Ragged.of(golden.has("in.lengths") ? golden.ints("in.lengths") : lengths);
      return new Sequences(
          Pass.of(sheet.arena, ragged),
          ragged,
          batchFirst ? Ragged.Layout.BATCH_FIRST : Ragged.Layout.TIME_MAJOR,
          count);
    }

    Tensor pack(Tensor x) {
      return ragged == null ? x : ragged.pack(pass.arena(), x, layout);
    }

    Tensor unpack(Tensor y) {
      return ragged == null ? y : ragged.unpack(pass.arena(), y, layout, count);
    }

    State state(GoldenFile golden, String prefix, String suffix) {
      State state = State.NONE;
      for (String name : new String[] {"h", "c"}) {
        Tensor t = golden.tensorOrNull(pass.arena(), prefix + name + suffix);
        state = t == null ? state : state.with(name, t);
      }
      return ragged == null ? state : ragged.toPacked(pass.arena(), state);
    }

    State toCaller(State state) {
      return ragged == null ? state : ragged.toCaller(pass.arena(), state);
    }
  }
}
