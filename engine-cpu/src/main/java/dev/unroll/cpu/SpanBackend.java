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

  SpanBackend(String name, String description, Workers workers) {
    super(name, description);
    spread = new Spread(workers);
  }

  /** Whether the elements of each row lie side by side. */
  static boolean contiguous(Tensor... tensors) {
    for (Tensor t : tensors) {
      if (t.colStride() != 1 && t.cols() > 1) {
        return false;
      }
    }
    return true;
  }

  @Override
  public void fill(float value, Tensor out) {
    if (!contiguous(out)) {
      super.fill(value, out);
      return;
    }
    count();
    float[] os = floats(out);
    spread.spans(out, out, out, (n, same, again, oo) -> Arrays.fill(os, oo, oo + n, value));
  }

  @Override
  public void axpby(float alpha, Tensor x, float beta, Tensor y) {
    if (!contiguous(x, y)) {
      super.axpby(alpha, x, beta, y);
      return;
    }
    count();
    float[] xs = floats(x);
    float[] ys = floats(y);
    if (beta == 0) {
      spread.spans(x, x, y, (n, xo, same, yo) -> Spans.scale(n, alpha, xs, xo, ys, yo));
    } else {
      spread.spans(x, x, y, (n, xo, same, yo) -> Spans.axpby(n, alpha, xs, xo, beta, ys, yo));
    }
  }

  @Override
  public void binary(Arithmetic op, Tensor x, Tensor y, Tensor out) {
    if (!contiguous(x, y, out)) {
      super.binary(op, x, y, out);
      return;
    }
    count();
    float[] xs = floats(x);
    float[] ys = floats(y);
    float[] os = floats(out);
    spread.spans(
        x,
        y,
        out,
        switch (op) {
          case ADD -> (n, xo, yo, oo) -> Spans.add(n, xs, xo, ys, yo, os, oo);
          case SUB -> (n, xo, yo, oo) -> Spans.sub(n, xs, xo, ys, yo, os, oo);
          case MUL -> (n, xo, yo, oo) -> Spans.mul(n, xs, xo, ys, yo, os, oo);
          case DIV -> (n, xo, yo, oo) -> Spans.div(n, xs, xo, ys, yo, os, oo);
        });
  }

  @Override
  public void map(Unary f, Tensor x, Tensor y) {
    float[] xs = floats(x);
    float[] ys = floats(y);
    Spread.Span span =
        switch (f.kind()) {
          case EXP -> (n, xo, same, yo) -> VectorLoops.EXP.run(n, xs, xo, ys, yo);
          case EXPM1 -> (n, xo, same, yo) -> VectorLoops.EXPM1.run(n, xs, xo, ys, yo);
          case LOG -> (n, xo, same, yo) -> VectorLoops.LOG.run(n, xs, xo, ys, yo);
          case LOG1P -> (n, xo, same, yo) -> VectorLoops.LOG1P.run(n, xs, xo, ys, yo);
          default -> null;
        };
    if (span == null || !contiguous(x, y)) {
      super.map(f, x, y);
      return;
    }
    count();
    spread.spans(x, x, y, span);
  }

  @Override
  public void copy(Tensor x, Tensor y) {
    if (!contiguous(x, y)) {
      super.copy(x, y);
      return;
    }
    count();
    float[] xs = floats(x);
    float[] ys = floats(y);
    spread.spans(x, x, y, (n, xo, same, yo) -> System.arraycopy(xs, xo, ys, yo, n));
  }

  @Override
  public void activate(Activation f, Tensor x, Tensor y) {
    if (!contiguous(x, y)) {
      super.activate(f, x, y);
      return;
    }
    count();
    float[] xs = floats(x);
    float[] ys = floats(y);
    spread.spans(x, x, y, (n, xo, same, yo) -> SpanActivations.apply(f, n, xs, xo, ys, yo));
  }

  @Override
  public void activateGrad(Activation f, Tensor x, Tensor y, Tensor dy, Tensor dx) {
    Tensor given = f.gradNeedsX() ? x : f.gradNeedsY() ? y : dy;
    if (!contiguous(given, dy, dx)) {
      super.activateGrad(f, x, y, dy, dx);
      return;
    }
    count();
    float[] g = floats(given);
    float[] dys = floats(dy);
    float[] dxs = floats(dx);
    spread.spans(
        given,
        dy,
        dx,
        (n, go, dyo, dxo) -> SpanActivations.grad(f, n, g, go, g, go, dys, dyo, dxs, dxo));
  }

  // ---- losses

  @Override
  public void elementLoss(ElementLoss loss, Tensor x, Tensor target, Tensor out) {
    if (loss.kind() != ElementLoss.Kind.SQUARED || !contiguous(x, target, out)) {
      super.elementLoss(loss, x, target, out);
      return;
    }
    count();
    spread.spans(
        x,
        target,
        out,
        (n, xo, to, oo) ->
            Spans.squaredDifference(n, floats(x), xo, floats(target), to, floats(out), oo));
  }

  @Override
  public void elementLossGrad(
      ElementLoss loss, Tensor x, Tensor target, Tensor dOut, float divisor, Tensor dx) {
    boolean one = dOut.rowStride() == 0 && dOut.colStride() == 0;
    if (loss.kind() != ElementLoss.Kind.SQUARED || !one || !contiguous(x, target, dx)) {
      super.elementLossGrad(loss, x, target, dOut, divisor, dx);
      return;
    }
    count();
    float g = floats(dOut)[dOut.offset()] / divisor;
    spread.spans(
        x,
        target,
        dx,
        (n, xo, to, dxo) ->
            Spans.twiceDifference(n, g, floats(x), xo, floats(target), to, floats(dx), dxo));
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
    float scale = gradScale == null ? 1f : floats(gradScale)[gradScale.offset()];
    for (int i = 0; i < params.size(); i++) {
      Tensor p = params.get(i);
      Tensor g = grads.get(i);
      Tensor mi = m.get(i);
      Tensor vi = v.get(i);
      spread.split(
          p.size(),
          4 * p.size(),
          (from, to) -> SpanOptimisers.adam(step, scalars, scale, from, to, p, g, mi, vi));
    }
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
    float rate = floats(scalars)[scalars.offset()];
    float scale = gradScale == null ? 1f : floats(gradScale)[gradScale.offset()];
    for (int i = 0; i < params.size(); i++) {
      Tensor p = params.get(i);
      Tensor g = grads.get(i);
      Tensor buffer = buffers.isEmpty() ? null : buffers.get(i);
      spread.split(
          p.size(),
          p.size(),
          (from, to) -> SpanOptimisers.sgd(step, rate, scale, from, to, p, g, buffer));
    }
  }

  private static boolean allDense(List<Tensor> tensors) {
    return tensors.stream().allMatch(Tensor::isDense);
  }
}
