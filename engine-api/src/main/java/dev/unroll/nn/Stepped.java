// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Arena;
import dev.unroll.Arithmetic;
import dev.unroll.Indices;
import dev.unroll.Ops;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import java.util.List;

/**
 * A run through time step by step with primitive operations, for the options that no fused
 * operation has. With plain options it gives the bits of the fused form.
 */
abstract class Stepped implements Unrolled {
  final Arena arena;
  final Ops ops;
  final Steps steps;
  final RecurrentOptions options;
  final RecurrentWeights w;

  /** [B + N, P]. */
  final Tensor hs;

  /** [N, gates * H]: first what comes from the input, then the pre-activations. */
  final Tensor pre;

  /** What recurrent dropout leaves of each sequence's h, [B, P]; null without. */
  private final Tensor mask;

  /** The h that the products read, [N, P], if it is not the state itself. */
  private final Tensor read;

  private final Normalized normal;
  private final int truncate;
  private final Tensor scratch;

  Stepped(Pass pass, Recurrent layer, int run, Tensor pre, Tensor hs) {
    this.arena = pass.arena();
    this.ops = pass.ops();
    this.steps = pass.steps();
    this.options = layer.options();
    this.truncate = pass.truncate();
    this.w = layer.weights(run);
    this.hs = hs;
    this.pre = pre;
    boolean drops = options.recurrentDropout() > 0 && pass.dropoutKey() != null;
    this.mask = drops ? mask(pass, layer.recurrentStream(run)) : null;
    this.read = drops ? arena.tensor(steps.rows(), hs.cols()) : null;
    this.normal =
        w.norms() == null ? null : Normalized.of(arena, steps.rows(), w.hh().value().rows());
    this.scratch = arena.tensor(steps.batch(), pre.cols());
  }

  private Tensor mask(Pass pass, int stream) {
    int batch = steps.batch();
    Indices ids = pass.ragged() == null ? null : arena.indices(pass.ragged().order());
    Tensor one = arena.tensor(1, 1);
    ops.fill(1, one);
    Tensor result = arena.tensor(batch, hs.cols());
    Tensor ones = one.repeatRows(batch).repeatCols(hs.cols());
    ops.dropout(options.recurrentDropout(), pass.dropoutKey(), stream, ids, ones, result);
    return result;
  }

  /** Computes the state of step t. */
  abstract void forward(int t);

  /**
   * Goes back over step t: turns dh [n, P] and the other gradients of its states into those of the
   * states that it read, and writes its rows of d.
   */
  abstract void backward(int t, Tensor dh, List<Tensor> dStates, Gates d);

  /** Runs forward over all steps. */
  final Unrolled run() {
    for (int t = 0; t < steps.count(); t++) {
      forward(t);
    }
    return this;
  }

  @Override
  public final void backward(Tensor dOutput, List<Tensor> dStates, Gates d) {
    for (int t = steps.count() - 1; t >= 0; t--) {
      int size = steps.size(t);
      Tensor dh = dStates.get(0).rows(0, size);
      if (dOutput != null) {
        ops.binary(Arithmetic.ADD, dh, at(t, dOutput), dh);
      }
      backward(t, dh, dStates, d);
      if (t > 0 && truncate > 0 && t % truncate == 0) {
        dStates.forEach(s -> ops.fill(0, s.rows(0, size)));
      }
    }
  }

  /** Step t's rows of a sequence tensor. */
  final Tensor at(int t, Tensor rows) {
    return rows.rows(steps.offset(t), steps.size(t));
  }

  final Tensor previous(int t, Tensor states) {
    return states.rows(steps.previous(t), steps.size(t));
  }

  final Tensor next(int t, Tensor states) {
    return states.rows(steps.next(t), steps.size(t));
  }

  /** The h that the products of step t read. */
  final Tensor readH(int t) {
    return read == null ? previous(t, hs) : at(t, read);
  }

  /** Makes {@link #readH} of step t. */
  final void drop(int t) {
    if (read != null) {
      ops.binary(Arithmetic.MUL, previous(t, hs), mask.rows(0, steps.size(t)), at(t, read));
    }
  }

  /** pre = pre + (b_hh + W_hh h), where b_hh is in pre already unless the product is normalised. */
  final void addProduct(int t) {
    drop(t);
    Tensor p = at(t, pre);
    if (normal == null) {
      ops.matmul(readH(t), w.hh().value().t(), 1, p);
      return;
    }
    Tensor u = scratch.rows(0, steps.size(t));
    product(t, u);
    ops.binary(Arithmetic.ADD, p, u, p);
  }

  /** u = b_hh + W_hh h, the product normalised if that is wanted. */
  final void product(int t, Tensor u) {
    if (normal == null) {
      product(readH(t), 0, u.cols(), u);
      return;
    }
    Normalized n = normal.part(steps.offset(t), steps.size(t));
    ops.matmul(readH(t), w.hh().value().t(), 0, n.rows());
    ops.layerNorm(LayerNorm.DEFAULT_EPS, n.rows(), n.rows(), n.rstd());
    n.scale(ops, w.norms().hh(), w.biasHh() == null ? null : w.biasHh().value(), u);
  }

  /** u = b + W h for some rows of W_hh. */
  final void product(Tensor h, int from, int count, Tensor u) {
    Tensor weights = w.hh().value().rows(from, count);
    if (w.biasHh() == null) {
      ops.matmul(h, weights.t(), 0, u);
      return;
    }
    ops.copy(w.biasHh().value().cols(from, count).repeatRows(u.rows()), u);
    ops.matmul(h, weights.t(), 1, u);
  }

  /** dh = beta * dh + the gradient through {@link #product}; writes step t's rows of d. */
  final void productGrad(int t, float beta, Tensor dh, Gates d) {
    Tensor dProduct = at(t, d.product());
    if (normal != null) {
      Normalized n = normal.part(steps.offset(t), steps.size(t));
      n.gradient(ops, w.norms().hh(), at(t, d.fromH()), dProduct);
    }
    if (mask == null) {
      ops.matmul(dProduct, w.hh().value(), beta, dh);
      return;
    }
    Tensor dRead = scratch.rows(0, dh.rows()).cols(0, dh.cols());
    ops.matmul(dProduct, w.hh().value(), 0, dRead);
    addRead(dRead, beta, dh);
  }

  /** dh = beta * dh + the gradient of {@link #readH} through the mask. */
  final void addRead(Tensor dRead, float beta, Tensor dh) {
    if (mask != null) {
      ops.binary(Arithmetic.MUL, dRead, mask.rows(0, dh.rows()), dRead);
    }
    ops.axpby(1, dRead, beta, dh);
  }

  /** The h that all products read, [N, P]. */
  final Tensor readRows(Tensor previousH) {
    return read == null ? previousH : read;
  }

  @Override
  public void weightGradients(Ops ops, RecurrentWeights w, Gates d, Tensor previousH) {
    ops.matmul(d.product().t(), readRows(previousH), 1, w.hh().grad());
    if (normal != null) {
      normal.weightGradient(arena, d.fromH(), w.norms().hh());
    }
  }
}
