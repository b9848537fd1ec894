// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import dev.unroll.AdamStep;
import dev.unroll.SgdStep;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Optimiser steps over contiguous elements of a parameter. */
final class SpanOptimisers {
  private static final VectorSpecies<Float> F = Lanes.F;
  private static final int L = F.length();

  private SpanOptimisers() {}

  /** SGD with weight decay, momentum or both on n elements; b is null without momentum. */
  static void sgd(
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

  /** Adam without L2 penalty on n elements; a is the step size, k the factor of the root. */
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
