// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import static dev.unroll.cpu.HostBuffer.floats;

import dev.unroll.AdamStep;
import dev.unroll.SgdStep;
import dev.unroll.Tensor;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Optimiser steps over contiguous parts of a parameter. */
final class SpanOptimisers {
  private static final VectorSpecies<Float> F = Lanes.F;
  private static final int L = F.length();

  private static final int BLOCK = 2048;

  private SpanOptimisers() {}

  /** SGD on elements from to to of dense tensors; buffer is the momentum's, null without. */
  static void sgd(
      SgdStep s,
      float rate,
      float scale,
      int from,
      int to,
      Tensor param,
      Tensor grad,
      Tensor buffer) {
    if (buffer == null && s.weightDecay() == 0f) {
      plain(
          to - from,
          rate,
          scale,
          floats(grad),
          grad.offset() + from,
          floats(param),
          param.offset() + from);
      return;
    }
    float[] u = new float[Math.min(BLOCK, to - from)];
    for (int i = from; i < to; i += BLOCK) {
      int n = Math.min(BLOCK, to - i);
      float[] p = floats(param);
      int po = param.offset() + i;
      Spans.scale(n, scale, floats(grad), grad.offset() + i, u, 0);
      if (s.weightDecay() != 0f) {
        Spans.axpby(n, s.weightDecay(), p, po, 1f, u, 0);
      }
      if (buffer != null) {
        momentum(s, n, u, floats(buffer), buffer.offset() + i);
      }
      plain(n, rate, 1f, u, 0, p, po);
    }
  }

  /** Moves the buffer b on and turns u from the gradient into the direction of the step. */
  private static void momentum(SgdStep s, int n, float[] u, float[] b, int bo) {
    if (s.first()) {
      System.arraycopy(u, 0, b, bo, n);
    } else {
      Spans.axpby(n, s.oneMinusDampening(), u, 0, s.momentum(), b, bo);
    }
    if (s.nesterov()) {
      Spans.axpby(n, s.momentum(), b, bo, 1f, u, 0);
    } else {
      System.arraycopy(b, bo, u, 0, n);
    }
  }

  /** p = p - rate * (scale * u). */
  static void plain(int n, float rate, float scale, float[] u, int uo, float[] p, int po) {
    int i = 0;
    for (; i <= n - L; i += L) {
      at(p, po + i).sub(at(u, uo + i).mul(scale).mul(rate)).intoArray(p, po + i);
    }
    for (; i < n; i++) {
      p[po + i] = p[po + i] - rate * (scale * u[uo + i]);
    }
  }

  /** Adam without L2 penalty on elements from to to of dense tensors. */
  static void adam(
      AdamStep s,
      Tensor scalars,
      float gradScale,
      int from,
      int to,
      Tensor param,
      Tensor grad,
      Tensor first,
      Tensor second) {
    float a = floats(scalars)[scalars.offset()];
    float k = floats(scalars)[scalars.offset() + scalars.colStride()];
    float decay = floats(scalars)[scalars.offset() + 2 * scalars.colStride()];
    float[] p = floats(param);
    float[] g = floats(grad);
    float[] m = floats(first);
    float[] v = floats(second);
    int po = param.offset();
    int go = grad.offset();
    int mo = first.offset();
    int vo = second.offset();
    adam(
        to - from, s, a, k, decay, gradScale, p, po + from, g, go + from, m, mo + from, v,
        vo + from);
  }

  /** Adam on n elements; a is the step size, k the factor of the root. */
  static void adam(
      int n,
      AdamStep s,
      float a,
      float k,
      float decay,
      float gradScale,
      float[] p,
      int po,
      float[] g,
      int go,
      float[] m,
      int mo,
      float[] v,
      int vo) {
    int i = 0;
    for (; i <= n - L; i += L) {
      FloatVector gi = at(g, go + i).mul(gradScale);
      FloatVector mi = at(m, mo + i).mul(s.beta1()).add(gi.mul(s.oneMinusBeta1()));
      FloatVector vi = at(v, vo + i).mul(s.beta2()).add(gi.mul(gi).mul(s.oneMinusBeta2()));
      mi.intoArray(m, mo + i);
      vi.intoArray(v, vo + i);
      FloatVector step = mi.div(vi.sqrt().mul(k).add(s.epsilon())).mul(a);
      at(p, po + i).mul(decay).sub(step).intoArray(p, po + i);
    }
    for (; i < n; i++) {
      float gi = g[go + i] * gradScale;
      float mi = s.beta1() * m[mo + i] + s.oneMinusBeta1() * gi;
      float vi = s.beta2() * v[vo + i] + s.oneMinusBeta2() * (gi * gi);
      m[mo + i] = mi;
      v[vo + i] = vi;
      float root = (float) Math.sqrt(vi) * k + s.epsilon();
      p[po + i] = p[po + i] * decay - a * (mi / root);
    }
  }

  private static FloatVector at(float[] x, int i) {
    return FloatVector.fromArray(F, x, i);
  }
}
