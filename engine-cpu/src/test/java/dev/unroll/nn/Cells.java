// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Activation;
import java.util.function.BiFunction;

/** The recurrent layers that tests run through. */
enum Cells {
  RNN_TANH((init, shape) -> new Rnn(init, Activation.TANH, shape)),
  RNN_RELU((init, shape) -> new Rnn(init, Activation.RELU, shape)),
  RNN_GELU((init, shape) -> new Rnn(init, Activation.GELU_ERF, shape)),
  LSTM(Lstm::new),
  GRU(Gru::new);

  private final BiFunction<Initializer, Recurrent.Shape, Recurrent> maker;

  Cells(BiFunction<Initializer, Recurrent.Shape, Recurrent> maker) {
    this.maker = maker;
  }

  Recurrent make(Initializer init, Recurrent.Shape shape) {
    return maker.apply(init, shape);
  }
}
