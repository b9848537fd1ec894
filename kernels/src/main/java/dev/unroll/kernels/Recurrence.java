// SPDX-License-Identifier: Apache-2.0

package dev.unroll.kernels;

import dev.unroll.Activation;
import dev.unroll.FusedOperations;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import dev.unroll.kernels.Products.Factor;

/**
 * The time loops, the recurrent weights made ready once for all steps: two launches for each step,
 * or one for all steps with the same number of rows ({@link Sequences}). What is computed is that
 * of {@link dev.unroll.Composed}; the gradient of the output joins inside the cell's kernel.
 */
final class Recurrence {
  private final Launcher launcher;
  private final Products products;
  private final Sequences sequences;

  Recurrence(Launcher launcher, Products products) {
    this.launcher = launcher;
    this.products = products;
    this.sequences = new Sequences(launcher);
  }

  void rnn(FusedOperations ops, Steps steps, Activation f, Tensor wHh, Tensor pre, Tensor hs) {
    Factor w = products.prepare(wHh.t()).oneLaunch();
    if (sequences.take(w)) {
      sequences.rnn(steps, f, w.packed(), pre, hs);
      return;
    }
    for (int t = 0; t < steps.count(); t++) {
      int n = steps.size(t);
      Tensor p = pre.rows(steps.offset(t), n);
      products.multiply(hs.rows(steps.previous(t), n), w, 1, p);
      ops.activate(f, p, hs.rows(steps.next(t), n));
    }
  }

  void rnnGrad(
      Steps steps,
      Activation f,
      Tensor wHh,
      Tensor pre,
      Tensor hs,
      Tensor dOut,
      Tensor dh,
      Tensor dPre) {
    Factor w = products.prepare(wHh);
    if (sequences.take(w)) {
      sequences.rnnGrad(steps, f, w.packed(), pre, hs, dOut, dh, dPre);
      return;
    }
    for (int t = steps.count() - 1; t >= 0; t--) {
      int at = steps.offset(t);
      int n = steps.size(t);
      Tensor dhT = dh.rows(0, n);
      Tensor dp = dPre.rows(at, n);
      Tensor v =
          f.gradNeedsX() ? pre.rows(at, n) : f.gradNeedsY() ? hs.rows(steps.next(t), n) : dhT;
      Tensor d = dOut == null ? null : dOut.rows(at, n);
      launcher.table(
          "rnn_cell_grad",
          n,
          dh.cols(),
          f.kind().ordinal(),
          f.alpha(),
          f.beta(),
          v,
          dhT,
          View.orAbsent(d, dhT),
          d == null ? 0 : 1,
          dp);
      products.multiply(dp, w, 0, dhT);
    }
  }

  void lstm(
      FusedOperations ops,
      Steps steps,
      Tensor wHh,
      Tensor gates,
      Tensor hs,
      Tensor cs,
      Tensor tanhC) {
    Factor w = products.prepare(wHh.t()).oneLaunch();
    if (sequences.take(w)) {
      sequences.lstm(steps, w.packed(), gates, hs, cs, tanhC);
      return;
    }
    for (int t = 0; t < steps.count(); t++) {
      int at = steps.offset(t);
      int n = steps.size(t);
      int prev = steps.previous(t);
      int next = steps.next(t);
      Tensor g = gates.rows(at, n);
      products.multiply(hs.rows(prev, n), w, 1, g);
      ops.lstmCell(g, cs.rows(prev, n), cs.rows(next, n), tanhC.rows(at, n), hs.rows(next, n));
    }
  }

  void lstmGrad(
      Steps steps,
      Tensor wHh,
      Tensor gates,
      Tensor cs,
      Tensor tanhC,
      Tensor dOut,
      Tensor dh,
      Tensor dc,
      Tensor dGates) {
    Factor w = products.prepare(wHh);
    if (sequences.take(w)) {
      sequences.lstmGrad(steps, w.packed(), gates, cs, tanhC, dOut, dh, dc, dGates);
      return;
    }
    for (int t = steps.count() - 1; t >= 0; t--) {
      int at = steps.offset(t);
      int n = steps.size(t);
      Tensor dhT = dh.rows(0, n);
      Tensor dg = dGates.rows(at, n);
      lstmCellGrad(
          gates.rows(at, n),
          cs.rows(steps.previous(t), n),
          tanhC.rows(at, n),
          dhT,
          dOut == null ? null : dOut.rows(at, n),
          dc.rows(0, n),
          dg);
      products.multiply(dg, w, 0, dhT);
    }
  }

  /** One step back; dOut [B, H] is added to dh first unless it is null, and dh is left as it is. */
  void lstmCellGrad(
      Tensor gates, Tensor cPrev, Tensor tanhC, Tensor dh, Tensor dOut, Tensor dc, Tensor dGates) {
    launcher.table(
        "lstm_cell_grad",
        dh.rows(),
        dh.cols(),
        gates,
        cPrev,
        tanhC,
        dh,
        View.orAbsent(dOut, dh),
        dOut == null ? 0 : 1,
        dc,
        dGates);
  }

  void gru(
      FusedOperations ops,
      Steps steps,
      Tensor wHh,
      Tensor bHh,
      Tensor gates,
      Tensor fromH,
      Tensor hs) {
    Factor w = products.prepare(wHh.t()).oneLaunch();
    if (sequences.take(w)) {
      sequences.gru(steps, w.packed(), bHh, gates, fromH, hs);
      return;
    }
    for (int t = 0; t < steps.count(); t++) {
      int at = steps.offset(t);
      int n = steps.size(t);
      Tensor hPrev = hs.rows(steps.previous(t), n);
      Tensor u = fromH.rows(at, n);
      products.linear(bHh, hPrev, w, u);
      ops.gruCell(gates.rows(at, n), u, hPrev, hs.rows(steps.next(t), n));
    }
  }

  void gruGrad(
      Steps steps,
      Tensor wHh,
      Tensor gates,
      Tensor fromH,
      Tensor hs,
      Tensor dOut,
      Tensor dh,
      Tensor dGates,
      Tensor dFromH) {
    Factor w = products.prepare(wHh);
    if (sequences.take(w)) {
      sequences.gruGrad(steps, w.packed(), gates, fromH, hs, dOut, dh, dGates, dFromH);
      return;
    }
    for (int t = steps.count() - 1; t >= 0; t--) {
      int at = steps.offset(t);
      int n = steps.size(t);
      Tensor dhT = dh.rows(0, n);
      Tensor du = dFromH.rows(at, n);
      gruCellGrad(
          gates.rows(at, n),
          fromH.rows(at, n),
          hs.rows(steps.previous(t), n),
          dhT,
          dOut == null ? null : dOut.rows(at, n),
          dGates.rows(at, n),
          du);
      products.multiply(du, w, 1, dhT);
    }
  }

  /** One step back; dOut [B, H] is added to dh first unless it is null. */
  void gruCellGrad(
      Tensor gates,
      Tensor fromH,
      Tensor hPrev,
      Tensor dh,
      Tensor dOut,
      Tensor dGates,
      Tensor dFromH) {
    launcher.table(
        "gru_cell_grad",
        dh.rows(),
        dh.cols(),
        gates,
        fromH,
        hPrev,
        dh,
        View.orAbsent(dOut, dh),
        dOut == null ? 0 : 1,
        dGates,
        dFromH);
  }
}
