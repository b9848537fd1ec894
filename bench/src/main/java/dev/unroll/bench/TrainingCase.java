// SPDX-License-Identifier: Apache-2.0

package dev.unroll.bench;

import dev.unroll.Activation;
import dev.unroll.Arena;
import dev.unroll.Steps;
import dev.unroll.nn.Initializer;
import dev.unroll.nn.Recurrent;

/**
 * A network with its sizes, as the comparisons with other engines define it: embedding (or dense
 * input), recurrent layers, dense layer (or none), loss, update.
 *
 * @param name short name and what it is
 * @param cell kind of recurrent layer
 * @param vocabulary symbols of the embedding; 0: the input is dense
 * @param input columns of the embedding or of the dense input
 * @param hidden units of each recurrent layer
 * @param layers recurrent layers
 * @param classes outputs of the dense layer; 0: none, the loss is the squared error of the states
 * @param lastOnly whether the dense layer sees only the last step
 * @param batch sequences B
 * @param length steps T
 * @param adam Adam, else plain SGD
 */
public record TrainingCase(
    String name,
    Cell cell,
    int vocabulary,
    int input,
    int hidden,
    int layers,
    int classes,
    boolean lastOnly,
    int batch,
    int length,
    boolean adam) {
  /** The seed of weights and data. */
  public static final long SEED = 11;

  /**
   * So small that nothing drifts into subnormal numbers however long one batch is trained on, which
   * would slow every engine.
   */
  public static final double LEARNING_RATE = 1e-6;

  /** Kinds of recurrent layer. */
  public enum Cell {
    /** Simple, tanh. */
    RNN(1),
    /** LSTM. */
    LSTM(4),
    /** GRU, reset after the product. */
    GRU(3);

    final int gates;

    Cell(int gates) {
      this.gates = gates;
    }

    Recurrent layer(Initializer init, Recurrent.Shape shape) {
      return switch (this) {
        case RNN -> new dev.unroll.nn.Rnn(init, Activation.TANH, shape);
        case LSTM -> new dev.unroll.nn.Lstm(init, shape);
        case GRU -> new dev.unroll.nn.Gru(init, shape);
      };
    }
  }

  /**
   * The same network with another batch.
   *
   * @param newBatch sequences
   * @return the case; its name is unchanged
   */
  TrainingCase withBatch(int newBatch) {
    return new TrainingCase(
        name, cell, vocabulary, input, hidden, layers, classes, lastOnly, newBatch, length, adam);
  }

  Steps steps() {
    return Steps.uniform(length, batch);
  }

  /**
   * Builds network, optimiser and data.
   *
   * @param arena owns all of it
   * @return ready to step
   */
  public TrainingRun open(Arena arena) {
    return open(arena, 0);
  }

  /** The same with states kept every so many steps, see {@link dev.unroll.nn.Pass#recompute}. */
  TrainingRun open(Arena arena, int recompute) {
    return new TrainingRun(this, arena, recompute);
  }

  /**
   * Rows of the network's output.
   *
   * @return B, or T * B
   */
  public int outputRows() {
    return lastOnly ? batch : batch * length;
  }

  /**
   * Columns of the network's output.
   *
   * @return the classes, or the hidden units if there is no dense layer
   */
  public int outputCols() {
    return classes > 0 ? classes : hidden;
  }

  /** Weights and biases of all layers. */
  long parameters() {
    long count = (long) vocabulary * input + (long) classes * (hidden + 1);
    for (int k = 0; k < layers; k++) {
      count += (long) cell.gates * hidden * ((k == 0 ? input : hidden) + hidden + 2);
    }
    return count;
  }

  /** Additions and multiplications of all products of a forward pass. */
  long forwardFlops() {
    long rows = (long) batch * length;
    long flops = 2L * (lastOnly ? batch : rows) * classes * hidden;
    for (int k = 0; k < layers; k++) {
      flops += 2 * rows * cell.gates * hidden * ((k == 0 ? input : hidden) + hidden);
    }
    return flops;
  }

  /** Of forward and backward; a dense input needs no gradient. */
  long trainingFlops() {
    long unused = vocabulary > 0 ? 0 : 2L * batch * length * cell.gates * hidden * input;
    return 3 * forwardFlops() - unused;
  }

  /**
   * The traffic of the update: gradients are cleared, written and read, parameters and the state of
   * the optimiser read and written.
   */
  long trainingBytes() {
    return 4 * parameters() * (adam ? 9 : 5);
  }
}
