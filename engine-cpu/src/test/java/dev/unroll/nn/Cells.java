// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Activation;

/** The recurrent layers that tests run through. */
enum Cells {
  RNN_TANH((init, shape, options) -> new Rnn(init, Activation.TANH, shape, options)),
  RNN_RELU((init, shape, options) -> new Rnn(init, Activation.RELU, shape, options)),
  RNN_GELU((init, shape, options) -> new Rnn(init, Activation.GELU_ERF, shape, options)),
  LSTM(Lstm::new),
  GRU(Gru::new);

  /** A constructor. */
  @FunctionalInterface
  private interface Maker {
    Recurrent make(Initializer init, Recurrent.Shape shape, RecurrentOptions options);
  }

  private final Maker maker;

  Cells(Maker maker) {
    this.maker = maker;
  }

  Recurrent make(Initializer init, Recurrent.Shape shape) {
    return make(init, shape, RecurrentOptions.PLAIN);
  }

  Recurrent make(Initializer init, Recurrent.Shape shape, RecurrentOptions options) {
    return maker.make(init, shape, options);
  }
}
