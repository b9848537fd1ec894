// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import static dev.unroll.cpu.HostBuffer.floats;

import dev.unroll.AdamStep;
import dev.unroll.Tensor;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Optimiser steps over contiguous parts of a parameter. */
final class SpanOptimisers {
  private static final VectorSpecies<Float> F = Lanes.F;
  private static final int L = F.length();

  private SpanOptimisers() {}

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
    int i = from;
    for (; i <= to - L; i += L) {
      FloatVector gi = at(g, go + i).mul(gradScale);
      FloatVector mi = at(m, mo + i).mul(s.beta1()).add(gi.mul(s.oneMinusBeta1()));
      FloatVector vi = at(v, vo + i).mul(s.beta2()).add(gi.mul(gi).mul(s.oneMinusBeta2()));
      mi.intoArray(m, mo + i);
      vi.intoArray(v, vo + i);
      FloatVector step = mi.div(vi.sqrt().mul(k).add(s.epsilon())).mul(a);
      at(p, po + i).mul(decay).sub(step).intoArray(p, po + i);
    }
    for (; i < to; i++) {
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
