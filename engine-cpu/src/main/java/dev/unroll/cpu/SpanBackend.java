// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import static dev.unroll.cpu.HostBuffer.floats;

import dev.unroll.Activation;
import dev.unroll.AdamStep;
import dev.unroll.Arithmetic;
import dev.unroll.ElementLoss;
import dev.unroll.SgdStep;
import dev.unroll.Tensor;
import dev.unroll.Unary;
import java.util.Arrays;
import java.util.List;

/**
 * Everything that treats each element alike - functions, losses, optimisers - by vectors over spans
 * of contiguous elements, dealt out to the threads. Where columns are not contiguous, {@link
 * ScalarBackend} does it.
 */
abstract class SpanBackend extends ScalarBackend {
  /** Deals out rows and elements. */
  final Spread spread;

  private final Updates updates;

  SpanBackend(String name, String description, Workers workers) {
    super(name, description);
    spread = new Spread(workers);
    updates = new Updates(spread);
  }

  /** Whether the elements of each row lie side by side. */
  static boolean contiguous(Tensor t) {
    return t.colStride() == 1 || t.cols() <= 1;
  }

  @Override
  public void fill(float value, Tensor out) {
    if (!contiguous(out)) {
      super.fill(value, out);
      return;
    }
    count();
    spread.operands().a = value;
    spread.spans(out, out, out, (o, n, x, y, at) -> Arrays.fill(o.out, at, at + n, o.a));
  }

  @Override
  public void axpby(float alpha, Tensor x, float beta, Tensor y) {
    if (!(contiguous(x) && contiguous(y))) {
      super.axpby(alpha, x, beta, y);
      return;
    }
    count();
    spread.operands().a = alpha;
    spread.operands().b = beta;
    if (beta == 0) {
      spread.spans(x, x, y, (o, n, xo, same, yo) -> Spans.scale(n, o.a, o.x, xo, o.out, yo));
    } else {
      spread.spans(x, x, y, (o, n, xo, same, yo) -> Spans.axpby(n, o.a, o.x, xo, o.b, o.out, yo));
    }
  }

  @Override
  public void binary(Arithmetic op, Tensor x, Tensor y, Tensor out) {
    if (!(contiguous(x) && contiguous(y) && contiguous(out))) {
      super.binary(op, x, y, out);
      return;
    }
    count();
    spread.spans(
        x,
        y,
        out,
        switch (op) {
          case ADD -> (o, n, xo, yo, oo) -> Spans.add(n, o.x, xo, o.y, yo, o.out, oo);
          case SUB -> (o, n, xo, yo, oo) -> Spans.sub(n, o.x, xo, o.y, yo, o.out, oo);
          case MUL -> (o, n, xo, yo, oo) -> Spans.mul(n, o.x, xo, o.y, yo, o.out, oo);
          case DIV -> (o, n, xo, yo, oo) -> Spans.div(n, o.x, xo, o.y, yo, o.out, oo);
        });
  }

  @Override
  public void map(Unary f, Tensor x, Tensor y) {
    Spread.Span span =
        switch (f.kind()) {
          case EXP -> (o, n, xo, same, yo) -> VectorLoops.EXP.run(n, o.x, xo, o.out, yo);
          case EXPM1 -> (o, n, xo, same, yo) -> VectorLoops.EXPM1.run(n, o.x, xo, o.out, yo);
          case LOG -> (o, n, xo, same, yo) -> VectorLoops.LOG.run(n, o.x, xo, o.out, yo);
          case LOG1P -> (o, n, xo, same, yo) -> VectorLoops.LOG1P.run(n, o.x, xo, o.out, yo);
          default -> null;
        };
    if (span == null || !(contiguous(x) && contiguous(y))) {
      super.map(f, x, y);
      return;
    }
    count();
    spread.spans(x, x, y, span);
  }

  @Override
  public void copy(Tensor x, Tensor y) {
    if (!(contiguous(x) && contiguous(y))) {
      super.copy(x, y);
      return;
    }
    count();
    spread.spans(x, x, y, (o, n, xo, same, yo) -> System.arraycopy(o.x, xo, o.out, yo, n));
  }

  @Override
  public void activate(Activation f, Tensor x, Tensor y) {
    if (!(contiguous(x) && contiguous(y))) {
      super.activate(f, x, y);
      return;
    }
    count();
    spread.operands().f = f;
    spread.spans(
        x, x, y, (o, n, xo, same, yo) -> SpanActivations.apply(o.f, n, o.x, xo, o.out, yo));
  }

  @Override
  public void activateGrad(Activation f, Tensor x, Tensor y, Tensor dy, Tensor dx) {
    Tensor given = f.gradNeedsX() ? x : f.gradNeedsY() ? y : dy;
    if (!(contiguous(given) && contiguous(dy) && contiguous(dx))) {
      super.activateGrad(f, x, y, dy, dx);
      return;
    }
    count();
    spread.operands().f = f;
    spread.spans(
        given,
        dy,
        dx,
        (o, n, go, dyo, dxo) ->
            SpanActivations.grad(o.f, n, o.x, go, o.x, go, o.y, dyo, o.out, dxo));
  }

  // ---- losses

  @Override
  public void elementLoss(ElementLoss loss, Tensor x, Tensor target, Tensor out) {
    if (loss.kind() != ElementLoss.Kind.SQUARED
        || !(contiguous(x) && contiguous(target) && contiguous(out))) {
      super.elementLoss(loss, x, target, out);
      return;
    }
    count();
    spread.spans(
        x,
        target,
        out,
        (o, n, xo, to, oo) -> Spans.squaredDifference(n, o.x, xo, o.y, to, o.out, oo));
  }

  @Override
  public void elementLossGrad(
      ElementLoss loss, Tensor x, Tensor target, Tensor dOut, float divisor, Tensor dx) {
    boolean one = dOut.rowStride() == 0 && dOut.colStride() == 0;
    if (loss.kind() != ElementLoss.Kind.SQUARED
        || !one
        || !(contiguous(x) && contiguous(target) && contiguous(dx))) {
      super.elementLossGrad(loss, x, target, dOut, divisor, dx);
      return;
    }
    count();
    spread.operands().a = floats(dOut)[dOut.offset()] / divisor;
    spread.spans(
        x,
        target,
        dx,
        (o, n, xo, to, dxo) -> Spans.twiceDifference(n, o.a, o.x, xo, o.y, to, o.out, dxo));
  }

  // ---- optimisers

  @Override
  public void adamStep(
      AdamStep step,
      Tensor scalars,
      Tensor gradScale,
      List<Tensor> params,
      List<Tensor> grads,
      List<Tensor> m,
      List<Tensor> v,
      List<Tensor> vMax) {
    if (step.weightDecay() != 0
        || !vMax.isEmpty()
        || !(allDense(params) && allDense(grads) && allDense(m) && allDense(v))) {
      super.adamStep(step, scalars, gradScale, params, grads, m, v, vMax);
      return;
    }
    count();
    updates.adam(step, scalars, gradScale, params, grads, m, v);
  }

  @Override
  public void sgdStep(
      SgdStep step,
      Tensor scalars,
      Tensor gradScale,
      List<Tensor> params,
      List<Tensor> grads,
      List<Tensor> buffers) {
    if (!(allDense(params) && allDense(grads) && allDense(buffers))) {
      super.sgdStep(step, scalars, gradScale, params, grads, buffers);
      return;
    }
    count();
    updates.sgd(step, scalars, gradScale, params, grads, buffers);
  }

  static boolean allDense(List<Tensor> tensors) {
    for (int i = 0; i < tensors.size(); i++) {
      if (!tensors.get(i).isDense()) {
        return false;
      }
    }
    return true;
  }
}
