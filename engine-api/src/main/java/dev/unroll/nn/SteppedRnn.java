// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Activation;
import dev.unroll.Tensor;
import java.util.List;

/** {@link Rnn} step by step. */
final class SteppedRnn extends Stepped {
  private final Activation f;

  SteppedRnn(Pass pass, Recurrent layer, int run, Activation f, Tensor pre, Tensor hs) {
    super(pass, layer, run, pre, hs);
    this.f = f;
  }

  @Override
  void forward(int t) {
    addProduct(t);
    ops.activate(f, at(t, pre), next(t, hs));
  }

  @Override
  void backward(int t, Tensor dh, List<Tensor> dStates, Gates d) {
    ops.activateGrad(f, at(t, pre), next(t, hs), dh, at(t, d.fromX()));
    productGrad(t, 0, dh, d);
  }
}
