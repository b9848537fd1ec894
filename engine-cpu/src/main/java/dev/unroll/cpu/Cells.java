// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * One row of a recurrent cell, forward and backward, with the operations of {@link
 * dev.unroll.Composed} in its order. Functions run over a span each, the arithmetic between them in
 * one loop. Offsets are those of the first of n columns in each array; gates lie w columns apart.
 */
final class Cells {
  private static final VectorSpecies<Float> F = Lanes.F;
  private static final int L = F.length();

  private Cells() {}

  /** LSTM: gates [4w] become activations; c, tanhC and h are written. */
  static void lstm(
      int n,
      int w,
      float[] g,
      int go,
      float[] p,
      int po,
      float[] c,
      int co,
      float[] t,
      int to,
      float[] h,
      int ho) {
    sigmoidOfTwo(n, w, g, go);
    VectorLoops.TANH.run(n, g, go + 2 * w, g, go + 2 * w);
    VectorLoops.SIGMOID.run(n, g, go + 3 * w, g, go + 3 * w);
    lstmState(n, w, g, go, p, po, c, co);
    VectorLoops.TANH.run(n, c, co, t, to);
    Spans.mul(n, g, go + 3 * w, t, to, h, ho);
  }

  /** The first two gates, in one go where all their columns are wanted. */
  private static void sigmoidOfTwo(int n, int w, float[] g, int go) {
    if (n == w) {
      VectorLoops.SIGMOID.run(2 * n, g, go, g, go);
    } else {
      VectorLoops.SIGMOID.run(n, g, go, g, go);
      VectorLoops.SIGMOID.run(n, g, go + w, g, go + w);
    }
  }

  /** c = (f * cPrev) + (i * g). */
  private static void lstmState(
      int n, int w, float[] g, int go, float[] p, int po, float[] c, int co) {
    int i = 0;
    for (; i <= n - L; i += L) {
      FloatVector old = at(g, go + w + i).mul(at(p, po + i));
      old.add(at(g, go + i).mul(at(g, go + 2 * w + i))).intoArray(c, co + i);
    }
    for (; i < n; i++) {
      c[co + i] = g[go + w + i] * p[po + i] + g[go + i] * g[go + 2 * w + i];
    }
  }

  /** LSTM gradient: dGates are written, dc becomes the gradient of cPrev. */
  static void lstmGrad(
      int n,
      int w,
      float[] g,
      int go,
      float[] p,
      int po,
      float[] t,
      int to,
      float[] dh,
      int dho,
      float[] dc,
      int dco,
      float[] d,
      int d0) {
    int k = 0;
    for (; k <= n - L; k += L) {
      FloatVector i = at(g, go + k);
      FloatVector f = at(g, go + w + k);
      FloatVector u = at(g, go + 2 * w + k);
      FloatVector o = at(g, go + 3 * w + k);
      FloatVector tanh = at(t, to + k);
      FloatVector dy = at(dh, dho + k);
      dy.mul(tanh).mul(o.mul(one().sub(o))).intoArray(d, d0 + 3 * w + k);
      FloatVector dcT = at(dc, dco + k).add(dy.mul(o).mul(one().sub(tanh.mul(tanh))));
      dcT.mul(u).mul(i.mul(one().sub(i))).intoArray(d, d0 + k);
      dcT.mul(at(p, po + k)).mul(f.mul(one().sub(f))).intoArray(d, d0 + w + k);
      dcT.mul(i).mul(one().sub(u.mul(u))).intoArray(d, d0 + 2 * w + k);
      dcT.mul(f).intoArray(dc, dco + k);
    }
    for (; k < n; k++) {
      float i = g[go + k];
      float f = g[go + w + k];
      float u = g[go + 2 * w + k];
      float o = g[go + 3 * w + k];
      float tanh = t[to + k];
      float dy = dh[dho + k];
      d[d0 + 3 * w + k] = dy * tanh * (o * (1f - o));
      float dcT = dc[dco + k] + dy * o * (1f - tanh * tanh);
      d[d0 + k] = dcT * u * (i * (1f - i));
      d[d0 + w + k] = dcT * p[po + k] * (f * (1f - f));
      d[d0 + 2 * w + k] = dcT * i * (1f - u * u);
      dc[dco + k] = dcT * f;
    }
  }

  /** GRU: gates [3w] become activations; h is written. u [3w] is W_hh hPrev + b_hh. */
  static void gru(
      int n, int w, float[] g, int go, float[] u, int uo, float[] p, int po, float[] h, int ho) {
    Spans.add(n, g, go, u, uo, g, go);
    Spans.add(n, g, go + w, u, uo + w, g, go + w);
    sigmoidOfTwo(n, w, g, go);
    gruCandidate(n, w, g, go, u, uo);
    VectorLoops.TANH.run(n, g, go + 2 * w, g, go + 2 * w);
    gruState(n, w, g, go, p, po, h, ho);
  }

  /** n's pre-activation: a_n + (r * u_n). */
  private static void gruCandidate(int n, int w, float[] g, int go, float[] u, int uo) {
    int i = 0;
    for (; i <= n - L; i += L) {
      FloatVector inner = at(g, go + i).mul(at(u, uo + 2 * w + i));
      at(g, go + 2 * w + i).add(inner).intoArray(g, go + 2 * w + i);
    }
    for (; i < n; i++) {
      g[go + 2 * w + i] = g[go + 2 * w + i] + g[go + i] * u[uo + 2 * w + i];
    }
  }

  /** h = ((1 - z) * n) + (z * hPrev). */
  private static void gruState(
      int n, int w, float[] g, int go, float[] p, int po, float[] h, int ho) {
    int i = 0;
    for (; i <= n - L; i += L) {
      FloatVector z = at(g, go + w + i);
      FloatVector fresh = one().sub(z).mul(at(g, go + 2 * w + i));
      fresh.add(z.mul(at(p, po + i))).intoArray(h, ho + i);
    }
    for (; i < n; i++) {
      float z = g[go + w + i];
      h[ho + i] = (1f - z) * g[go + 2 * w + i] + z * p[po + i];
    }
  }

  /** GRU gradient: dGates and dFromH are written, dh becomes dh * z. */
  static void gruGrad(
      int n,
      int w,
      float[] g,
      int go,
      float[] u,
      int uo,
      float[] p,
      int po,
      float[] dh,
      int dho,
      float[] d,
      int d0,
      float[] e,
      int e0) {
    int k = 0;
    for (; k <= n - L; k += L) {
      FloatVector r = at(g, go + k);
      FloatVector z = at(g, go + w + k);
      FloatVector v = at(g, go + 2 * w + k);
      FloatVector dy = at(dh, dho + k);
      FloatVector dn = dy.mul(one().sub(z)).mul(one().sub(v.mul(v)));
      FloatVector dz = dy.mul(at(p, po + k).sub(v)).mul(z.mul(one().sub(z)));
      FloatVector dr = dn.mul(at(u, uo + 2 * w + k)).mul(r.mul(one().sub(r)));
      dr.intoArray(d, d0 + k);
      dz.intoArray(d, d0 + w + k);
      dn.intoArray(d, d0 + 2 * w + k);
      dr.intoArray(e, e0 + k);
      dz.intoArray(e, e0 + w + k);
      dn.mul(r).intoArray(e, e0 + 2 * w + k);
      dy.mul(z).intoArray(dh, dho + k);
    }
    for (; k < n; k++) {
      float r = g[go + k];
      float z = g[go + w + k];
      float v = g[go + 2 * w + k];
      float dy = dh[dho + k];
      float dn = dy * (1f - z) * (1f - v * v);
      float dz = dy * (p[po + k] - v) * (z * (1f - z));
      float dr = dn * u[uo + 2 * w + k] * (r * (1f - r));
      d[d0 + k] = dr;
      d[d0 + w + k] = dz;
      d[d0 + 2 * w + k] = dn;
      e[e0 + k] = dr;
      e[e0 + w + k] = dz;
      e[e0 + 2 * w + k] = dn * r;
      dh[dho + k] = dy * z;
    }
  }

  private static FloatVector at(float[] x, int i) {
    return FloatVector.fromArray(F, x, i);
  }

  private static FloatVector one() {
    return FloatVector.broadcast(F, 1f);
  }
}
