// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * One row of a recurrent cell, forward and backward, with the operations of {@link
 * dev.unroll.Composed} in its order. Functions run over a span each, the arithmetic between them in
 * one loop. Offsets are those of the row in each array; gates lie side by side, n columns each.
 */
final class Cells {
  private static final VectorSpecies<Float> F = Lanes.F;
  private static final int L = F.length();

  private Cells() {}

  /** LSTM: gates [4n] become activations; c, tanhC and h are written. */
  static void lstm(
      int n,
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
    VectorLoops.SIGMOID.run(2 * n, g, go, g, go);
    VectorLoops.TANH.run(n, g, go + 2 * n, g, go + 2 * n);
    VectorLoops.SIGMOID.run(n, g, go + 3 * n, g, go + 3 * n);
    lstmState(n, g, go, p, po, c, co);
    VectorLoops.TANH.run(n, c, co, t, to);
    Spans.mul(n, g, go + 3 * n, t, to, h, ho);
  }

  /** c = (f * cPrev) + (i * g). */
  private static void lstmState(int n, float[] g, int go, float[] p, int po, float[] c, int co) {
    int i = 0;
    for (; i <= n - L; i += L) {
      FloatVector old = at(g, go + n + i).mul(at(p, po + i));
      old.add(at(g, go + i).mul(at(g, go + 2 * n + i))).intoArray(c, co + i);
    }
    for (; i < n; i++) {
      c[co + i] = g[go + n + i] * p[po + i] + g[go + i] * g[go + 2 * n + i];
    }
  }

  /** LSTM gradient: dGates are written, dc becomes the gradient of cPrev. */
  static void lstmGrad(
      int n,
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
      FloatVector f = at(g, go + n + k);
      FloatVector u = at(g, go + 2 * n + k);
      FloatVector o = at(g, go + 3 * n + k);
      FloatVector tanh = at(t, to + k);
      FloatVector dy = at(dh, dho + k);
      dy.mul(tanh).mul(o.mul(one().sub(o))).intoArray(d, d0 + 3 * n + k);
      FloatVector dcT = at(dc, dco + k).add(dy.mul(o).mul(one().sub(tanh.mul(tanh))));
      dcT.mul(u).mul(i.mul(one().sub(i))).intoArray(d, d0 + k);
      dcT.mul(at(p, po + k)).mul(f.mul(one().sub(f))).intoArray(d, d0 + n + k);
      dcT.mul(i).mul(one().sub(u.mul(u))).intoArray(d, d0 + 2 * n + k);
      dcT.mul(f).intoArray(dc, dco + k);
    }
    for (; k < n; k++) {
      float i = g[go + k];
      float f = g[go + n + k];
      float u = g[go + 2 * n + k];
      float o = g[go + 3 * n + k];
      float tanh = t[to + k];
      float dy = dh[dho + k];
      d[d0 + 3 * n + k] = dy * tanh * (o * (1f - o));
      float dcT = dc[dco + k] + dy * o * (1f - tanh * tanh);
      d[d0 + k] = dcT * u * (i * (1f - i));
      d[d0 + n + k] = dcT * p[po + k] * (f * (1f - f));
      d[d0 + 2 * n + k] = dcT * i * (1f - u * u);
      dc[dco + k] = dcT * f;
    }
  }

  /** GRU: gates [3n] become activations; h is written. u [3n] is W_hh hPrev + b_hh. */
  static void gru(
      int n, float[] g, int go, float[] u, int uo, float[] p, int po, float[] h, int ho) {
    Spans.add(2 * n, g, go, u, uo, g, go);
    VectorLoops.SIGMOID.run(2 * n, g, go, g, go);
    gruCandidate(n, g, go, u, uo);
    VectorLoops.TANH.run(n, g, go + 2 * n, g, go + 2 * n);
    gruState(n, g, go, p, po, h, ho);
  }

  /** n's pre-activation: a_n + (r * u_n). */
  private static void gruCandidate(int n, float[] g, int go, float[] u, int uo) {
    int i = 0;
    for (; i <= n - L; i += L) {
      FloatVector inner = at(g, go + i).mul(at(u, uo + 2 * n + i));
      at(g, go + 2 * n + i).add(inner).intoArray(g, go + 2 * n + i);
    }
    for (; i < n; i++) {
      g[go + 2 * n + i] = g[go + 2 * n + i] + g[go + i] * u[uo + 2 * n + i];
    }
  }

  /** h = ((1 - z) * n) + (z * hPrev). */
  private static void gruState(int n, float[] g, int go, float[] p, int po, float[] h, int ho) {
    int i = 0;
    for (; i <= n - L; i += L) {
      FloatVector z = at(g, go + n + i);
      FloatVector fresh = one().sub(z).mul(at(g, go + 2 * n + i));
      fresh.add(z.mul(at(p, po + i))).intoArray(h, ho + i);
    }
    for (; i < n; i++) {
      float z = g[go + n + i];
      h[ho + i] = (1f - z) * g[go + 2 * n + i] + z * p[po + i];
    }
  }

  /** GRU gradient: dGates and dFromH are written, dh becomes dh * z. */
  static void gruGrad(
      int n,
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
      FloatVector z = at(g, go + n + k);
      FloatVector v = at(g, go + 2 * n + k);
      FloatVector dy = at(dh, dho + k);
      FloatVector dn = dy.mul(one().sub(z)).mul(one().sub(v.mul(v)));
      FloatVector dz = dy.mul(at(p, po + k).sub(v)).mul(z.mul(one().sub(z)));
      FloatVector dr = dn.mul(at(u, uo + 2 * n + k)).mul(r.mul(one().sub(r)));
      dr.intoArray(d, d0 + k);
      dz.intoArray(d, d0 + n + k);
      dn.intoArray(d, d0 + 2 * n + k);
      dr.intoArray(e, e0 + k);
      dz.intoArray(e, e0 + n + k);
      dn.mul(r).intoArray(e, e0 + 2 * n + k);
      dy.mul(z).intoArray(dh, dho + k);
    }
    for (; k < n; k++) {
      float r = g[go + k];
      float z = g[go + n + k];
      float v = g[go + 2 * n + k];
      float dy = dh[dho + k];
      float dn = dy * (1f - z) * (1f - v * v);
      float dz = dy * (p[po + k] - v) * (z * (1f - z));
      float dr = dn * u[uo + 2 * n + k] * (r * (1f - r));
      d[d0 + k] = dr;
      d[d0 + n + k] = dz;
      d[d0 + 2 * n + k] = dn;
      e[e0 + k] = dr;
      e[e0 + n + k] = dz;
      e[e0 + 2 * n + k] = dn * r;
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
