// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import static dev.unroll.cpu.HostBuffer.floats;

import dev.unroll.AdamStep;
import dev.unroll.SgdStep;
import dev.unroll.Tensor;
import java.util.List;

/**
 * Optimiser steps of dense parameters, one after the other, each dealt out to the threads. Operands
 * stand in fields, so that a step allocates nothing.
 */
final class Updates {
  private final Spread spread;
  private final Spread.Range adamPart = this::adamPart;
  private final Spread.Range sgdPart = this::sgdPart;
  private AdamStep adam;
  private SgdStep sgd;
  private float rate;
  private float rootScale;
  private float decay;
  private float gradScale;
  private Tensor param;
  private Tensor grad;
  private Tensor first; // the first moment, or the momentum's buffer
  private Tensor second;

  Updates(Spread spread) {
    this.spread = spread;
  }

  /** Adam without L2 penalty. */
  void adam(
      AdamStep step,
      Tensor scalars,
      Tensor gradScale,
      List<Tensor> params,
      List<Tensor> grads,
      List<Tensor> m,
      List<Tensor> v) {
    adam = step;
    rate = scalar(scalars, 0);
    rootScale = scalar(scalars, 1);
    decay = scalar(scalars, 2);
    this.gradScale = gradScale == null ? 1f : scalar(gradScale, 0);
    for (int i = 0; i < params.size(); i++) {
      select(params.get(i), grads.get(i));
      first = m.get(i);
      second = v.get(i);
      spread.split(param.size(), 4 * param.size(), adamPart);
    }
    clear();
  }

  /** SGD; there are no buffers without momentum. */
  void sgd(
      SgdStep step,
      Tensor scalars,
      Tensor gradScale,
      List<Tensor> params,
      List<Tensor> grads,
      List<Tensor> buffers) {
    sgd = step;
    rate = scalar(scalars, 0);
    this.gradScale = gradScale == null ? 1f : scalar(gradScale, 0);
    for (int i = 0; i < params.size(); i++) {
      select(params.get(i), grads.get(i));
      first = buffers.isEmpty() ? null : buffers.get(i);
      spread.split(param.size(), param.size(), sgdPart);
    }
    clear();
  }

  private void select(Tensor p, Tensor g) {
    param = p;
    grad = g;
  }

  /** Drops the references to the caller's memory. */
  private void clear() {
    param = null;
    grad = null;
    first = null;
    second = null;
  }

  private static float scalar(Tensor t, int i) {
    return floats(t)[t.offset() + i * t.colStride()];
  }

  private void adamPart(int from, int to) {
    SpanOptimisers.adam(
        to - from,
        adam,
        rate,
        rootScale,
        decay,
        gradScale,
        floats(param),
        param.offset() + from,
        floats(grad),
        grad.offset() + from,
        floats(first),
        first.offset() + from,
        floats(second),
        second.offset() + from);
  }

  private void sgdPart(int from, int to) {
    int n = to - from;
    float[] p = floats(param);
    float[] g = floats(grad);
    int po = param.offset() + from;
    int go = grad.offset() + from;
    if (first == null && sgd.weightDecay() == 0f) {
      SpanOptimisers.plain(n, rate, gradScale, g, go, p, po);
    } else if (first == null) {
      SpanOptimisers.sgd(n, sgd, rate, gradScale, p, po, g, go, null, 0);
    } else {
      int bo = first.offset() + from;
      SpanOptimisers.sgd(n, sgd, rate, gradScale, p, po, g, go, floats(first), bo);
    }
  }
}
