// SPDX-License-Identifier: Apache-2.0

package dev.unroll.bench.dl4j;

import dev.unroll.Arena;
import dev.unroll.Backends;
import dev.unroll.Ops;
import dev.unroll.bench.Engine;
import dev.unroll.bench.TrainingCase;
import dev.unroll.bench.TrainingCase.Cell;
import dev.unroll.bench.TrainingRun;
import dev.unroll.nn.Parameter;
import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.RNNFormat;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.conf.layers.RnnLossLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.LastTimeStep;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** A network of the table with DL4J's own layers, losses and updaters. */
final class Dl4jNetwork implements Engine.Run {
  /** Which gate of ours (i, f, g, o) is each of theirs: candidate, forget, output, input. */
  private static final int[] LSTM_GATES = {2, 1, 3, 0};

  private final TrainingCase test;
  private final boolean training;
  private final MultiLayerNetwork network;
  private final List<DataSet> batches = new ArrayList<>();
  private int next;

  Dl4jNetwork(TrainingCase test, boolean training) {
    this.test = test;
    this.training = training;
    NeuralNetConfiguration.ListBuilder layers =
        new NeuralNetConfiguration.Builder()
            .updater(
                test.adam()
                    ? new Adam(TrainingCase.LEARNING_RATE)
                    : new Sgd(TrainingCase.LEARNING_RATE))
            .list();
    layers().forEach(layers::layer);
    network = new MultiLayerNetwork(layers.build());
    network.init();
    copyWeights();
    for (int i = 0; i < TrainingRun.BATCHES; i++) {
      batches.add(batch(TrainingRun.batch(test, i)));
    }
  }

  private List<Layer> layers() {
    List<Layer> layers = new ArrayList<>();
    if (test.vocabulary() > 0) {
      layers.add(
          new EmbeddingSequenceLayer.Builder()
              .nIn(test.vocabulary())
              .nOut(test.input())
              .inputLength(test.length())
              .build());
    }
    for (int k = 0; k < test.layers(); k++) {
      Layer recurrent = recurrent(k == 0 ? test.input() : test.hidden());
      boolean last = test.lastOnly() && k == test.layers() - 1;
      layers.add(last ? new LastTimeStep(recurrent) : recurrent);
    }
    layers.add(output());
    return layers;
  }

  private Layer recurrent(int inputs) {
    return test.cell() == Cell.LSTM
        ? new LSTM.Builder().nIn(inputs).nOut(test.hidden()).activation(Activation.TANH).build()
        : new SimpleRnn.Builder()
            .nIn(inputs)
            .nOut(test.hidden())
            .activation(Activation.TANH)
            .build();
  }

  private Layer output() {
    if (test.classes() == 0) {
      return new RnnLossLayer.Builder(LossFunction.MSE).activation(Activation.IDENTITY).build();
    }
    return test.lastOnly()
        ? new OutputLayer.Builder(LossFunction.MCXENT)
            .nIn(test.hidden())
            .nOut(test.classes())
            .activation(Activation.SOFTMAX)
            .build()
        : new RnnOutputLayer.Builder(LossFunction.MCXENT)
            .nIn(test.hidden())
            .nOut(test.classes())
            .activation(Activation.SOFTMAX)
            .dataFormat(RNNFormat.NCW)
            .build();
  }

  private void copyWeights() {
    try (Ops ops = Backends.open("cpu-scalar");
        Arena arena = ops.arena("weights")) {
      List<INDArray> weights = new ArrayList<>();
      for (Parameter p : test.open(arena).parameters()) {
        int[] shape = p.shape();
        int rows = shape.length == 1 ? 1 : shape[0];
        float[] values = ops.read(p.value());
        weights.add(Nd4j.createFromArray(values).reshape(rows, values.length / rows));
      }
      copyWeights(weights);
    }
  }

  /** Ours come layer by layer: one table; W_ih, W_hh, b_ih, b_hh of each; W and b. */
  private void copyWeights(List<INDArray> weights) {
    int layer = 0;
    int from = 0;
    if (test.vocabulary() > 0) {
      network.setParam(layer++ + "_W", weights.get(from++));
    }
    for (int k = 0; k < test.layers(); k++, from += 4, layer++) {
      network.setParam(layer + "_W", gates(weights.get(from)).transpose());
      network.setParam(layer + "_RW", gates(weights.get(from + 1)).transpose());
      INDArray bias = weights.get(from + 2).add(weights.get(from + 3));
      INDArray rows = gates(bias.reshape(bias.length(), 1));
      network.setParam(layer + "_b", rows.reshape(1, rows.length()));
    }
    if (test.classes() > 0) {
      network.setParam(layer + "_W", weights.get(from).transpose());
      network.setParam(layer + "_b", weights.get(from + 1).reshape(1, test.classes()));
    }
  }

  /** Rows in the order of DL4J's gates. */
  private INDArray gates(INDArray rows) {
    if (test.cell() != Cell.LSTM) {
      return rows;
    }
    INDArray[] parts = new INDArray[LSTM_GATES.length];
    for (int g = 0; g < parts.length; g++) {
      long first = (long) LSTM_GATES[g] * test.hidden();
      parts[g] = rows.get(NDArrayIndex.interval(first, first + test.hidden()), NDArrayIndex.all());
    }
    return Nd4j.concat(0, parts);
  }

  /** Ours is [T * B, F], theirs [B, F, T]; classes become one-hot rows. */
  private DataSet batch(TrainingRun.Batch batch) {
    INDArray x =
        batch.ids() != null
            ? sequence(floats(batch.ids()), 1)
            : sequence(batch.input(), test.input());
    float[] target = batch.target() != null ? batch.target() : oneHot(batch.classes());
    INDArray y =
        test.lastOnly()
            ? Nd4j.createFromArray(target).reshape(test.batch(), test.classes())
            : sequence(target, test.outputCols());
    return new DataSet(x, y);
  }

  private INDArray sequence(float[] values, int columns) {
    return Nd4j.createFromArray(values)
        .reshape(test.length(), test.batch(), columns)
        .permute(1, 2, 0)
        .dup('f');
  }

  private static float[] floats(int... values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      floats[i] = values[i];
    }
    return floats;
  }

  private float[] oneHot(int... classes) {
    float[] rows = new float[classes.length * test.classes()];
    for (int r = 0; r < classes.length; r++) {
      rows[r * test.classes() + classes[r]] = 1;
    }
    return rows;
  }

  @Override
  public void once() {
    DataSet batch = batches.get(next);
    if (training) {
      network.fit(batch);
    } else {
      network.output(batch.getFeatures());
    }
    next = (next + 1) % TrainingRun.BATCHES;
  }

  /** Outputs of a dense layer are probabilities here, so they are not compared. */
  @Override
  public float[] check() {
    float[] numbers = new float[training || test.classes() == 0 ? CHECKED : 0];
    INDArray output = training ? null : network.output(batches.get(0).getFeatures());
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = training ? loss() : output.getFloat(0, i, 0);
    }
    return numbers;
  }

  /** Its losses are sums over time. */
  private float loss() {
    once();
    return (float) network.score() / (test.lastOnly() ? 1 : test.length());
  }

  @Override
  public void close() {
    network.close();
  }
}
