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
    sgd(
        to - from,
        s,
        rate,
        scale,
        floats(param),
        param.offset() + from,
        floats(grad),
        grad.offset() + from,
        buffer == null ? null : floats(buffer),
        buffer == null ? 0 : buffer.offset() + from);
  }

  /** SGD with weight decay, momentum or both on n elements; b is null without momentum. */
  private static void sgd(
      int n,
      SgdStep s,
      float rate,
      float scale,
      float[] p,
      int po,
      float[] g,
      int go,
      float[] b,
      int bo) {
    int i = 0;
    for (; i <= n - L; i += L) {
      FloatVector pi = at(p, po + i);
      FloatVector u = at(g, go + i).mul(scale);
      if (s.weightDecay() != 0f) {
        u = u.add(pi.mul(s.weightDecay()));
      }
      if (b != null) {
        FloatVector bi =
            s.first() ? u : at(b, bo + i).mul(s.momentum()).add(u.mul(s.oneMinusDampening()));
        bi.intoArray(b, bo + i);
        u = s.nesterov() ? u.add(bi.mul(s.momentum())) : bi;
      }
      pi.sub(u.mul(rate)).intoArray(p, po + i);
    }
    for (; i < n; i++) {
      float pi = p[po + i];
      float u = g[go + i] * scale;
      if (s.weightDecay() != 0f) {
        u = u + s.weightDecay() * pi;
      }
      if (b != null) {
        float bi = s.first() ? u : s.momentum() * b[bo + i] + s.oneMinusDampening() * u;
        b[bo + i] = bi;
        u = s.nesterov() ? u + s.momentum() * bi : bi;
      }
      p[po + i] = pi - rate * u;
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
