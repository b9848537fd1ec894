// SPDX-License-Identifier: Apache-2.0

package dev.unroll.bench.pytorch;

import dev.unroll.Arena;
import dev.unroll.Backends;
import dev.unroll.Ops;
import dev.unroll.bench.Engine;
import dev.unroll.bench.TrainingCase;
import dev.unroll.bench.TrainingRun;
import dev.unroll.nn.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Adam;
import org.bytedeco.pytorch.AdamOptions;
import org.bytedeco.pytorch.EmbeddingImpl;
import org.bytedeco.pytorch.GRUImpl;
import org.bytedeco.pytorch.GRUOptions;
import org.bytedeco.pytorch.LSTMImpl;
import org.bytedeco.pytorch.LSTMOptions;
import org.bytedeco.pytorch.LinearImpl;
import org.bytedeco.pytorch.Module;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Optimizer;
import org.bytedeco.pytorch.RNNImpl;
import org.bytedeco.pytorch.RNNOptions;
import org.bytedeco.pytorch.SGD;
import org.bytedeco.pytorch.SGDOptions;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** A network of the table with PyTorch's own layers, losses and optimisers. */
final class TorchNetwork implements Engine.Run {
  private final TrainingCase test;
  private final boolean training;
  private final PointerScope scope = new PointerScope();
  private final TensorVector parameters = new TensorVector();
  private final UnaryOperator<Tensor> network;
  private final Optimizer optimizer;
  private final List<Tensor> inputs = new ArrayList<>();
  private final List<Tensor> targets = new ArrayList<>();
  private int next;

  TorchNetwork(TrainingCase test, boolean training) {
    this.test = test;
    this.training = training;
    this.network = network();
    copyWeights();
    this.optimizer =
        test.adam()
            ? new Adam(parameters, new AdamOptions(TrainingCase.LEARNING_RATE))
            : new SGD(parameters, new SGDOptions(TrainingCase.LEARNING_RATE));
    for (int i = 0; i < TrainingRun.BATCHES; i++) {
      addBatch(TrainingRun.batch(test, i));
    }
  }

  private UnaryOperator<Tensor> network() {
    UnaryOperator<Tensor> first = x -> x;
    if (test.vocabulary() > 0) {
      EmbeddingImpl embedding = new EmbeddingImpl(test.vocabulary(), test.input());
      add(embedding);
      first = embedding::forward;
    }
    UnaryOperator<Tensor> embedded = first;
    UnaryOperator<Tensor> recurrent = recurrent();
    if (test.classes() == 0) {
      return x -> recurrent.apply(embedded.apply(x));
    }
    LinearImpl dense = new LinearImpl(test.hidden(), test.classes());
    add(dense);
    return x -> {
      Tensor states = recurrent.apply(embedded.apply(x));
      return dense.forward(
          test.lastOnly()
              ? states.select(0, test.length() - 1)
              : states.reshape(test.outputRows(), test.hidden()));
    };
  }

  private UnaryOperator<Tensor> recurrent() {
    return switch (test.cell()) {
      case RNN -> {
        RNNOptions options = new RNNOptions(test.input(), test.hidden());
        options.num_layers().put(test.layers());
        RNNImpl layer = new RNNImpl(options);
        add(layer);
        yield x -> layer.forward(x).get0();
      }
      case LSTM -> {
        LSTMOptions options = new LSTMOptions(test.input(), test.hidden());
        options.num_layers().put(test.layers());
        LSTMImpl layer = new LSTMImpl(options);
        add(layer);
        yield x -> layer.forward(x).get0();
      }
      case GRU -> {
        GRUOptions options = new GRUOptions(test.input(), test.hidden());
        options.num_layers().put(test.layers());
        GRUImpl layer = new GRUImpl(options);
        add(layer);
        yield x -> layer.forward(x).get0();
      }
    };
  }

  private void add(Module layer) {
    for (Tensor parameter : layer.parameters().get()) {
      parameters.push_back(parameter);
    }
  }

  /** Both list the layers' parameters in the same order. */
  private void copyWeights() {
    try (Ops ops = Backends.open("cpu-scalar");
        Arena arena = ops.arena("weights");
        NoGradGuard constant = new NoGradGuard()) {
      List<Parameter> weights = test.open(arena).parameters();
      if (weights.size() != parameters.size()) {
        throw new IllegalStateException(
            weights.size() + " parameters, but PyTorch has " + parameters.size());
      }
      for (int i = 0; i < weights.size(); i++) {
        Parameter weight = weights.get(i);
        long[] shape = IntStream.of(weight.shape()).asLongStream().toArray();
        parameters.get(i).copy_(Tensor.create(ops.read(weight.value()), shape));
      }
    }
  }

  private void addBatch(TrainingRun.Batch batch) {
    inputs.add(
        batch.ids() != null
            ? Tensor.create(longs(batch.ids()), test.length(), test.batch())
            : Tensor.create(batch.input(), test.length(), test.batch(), test.input()));
    targets.add(
        batch.classes() != null
            ? Tensor.create(longs(batch.classes()), batch.classes().length)
            : Tensor.create(batch.target(), test.length(), test.batch(), test.hidden()));
  }

  private static long[] longs(int... values) {
    return IntStream.of(values).asLongStream().toArray();
  }

  @Override
  public void once() {
    try (PointerScope step = new PointerScope()) {
      if (training) {
        step();
      } else {
        forward();
      }
    }
    next = (next + 1) % TrainingRun.BATCHES;
  }

  private Tensor step() {
    optimizer.zero_grad();
    Tensor output = network.apply(inputs.get(next));
    Tensor loss =
        test.classes() > 0
            ? torch.cross_entropy_loss(output, targets.get(next))
            : torch.mse_loss(output, targets.get(next));
    loss.backward();
    optimizer.step();
    return loss;
  }

  private Tensor forward() {
    try (NoGradGuard constant = new NoGradGuard()) {
      return network.apply(inputs.get(next));
    }
  }

  @Override
  public float[] check() {
    float[] numbers = new float[CHECKED];
    try (PointerScope steps = new PointerScope()) {
      Tensor output = training ? null : forward().reshape(-1);
      for (int i = 0; i < CHECKED; i++) {
        numbers[i] = training ? step().item_float() : output.select(0, i).item_float();
        next = (next + 1) % TrainingRun.BATCHES;
      }
    }
    next = 0;
    return numbers;
  }

  @Override
  public void close() {
    scope.close();
  }
}
