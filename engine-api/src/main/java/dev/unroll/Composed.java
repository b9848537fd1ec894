// SPDX-License-Identifier: Apache-2.0

package dev.unroll;

/**
 * The fused operations written with the primitive ones: what they mean, and what a backend uses
 * until it overrides them. No scratch memory: blocks of the outputs serve on the way.
 */
public final class Composed {
  private Composed() {}

  /**
   * {@link FusedOperations#linear} by primitives; shapes as there.
   *
   * @param ops where to run
   * @param bias as in {@link FusedOperations#linear}
   * @param x as in {@link FusedOperations#linear}
   * @param w as in {@link FusedOperations#linear}
   * @param out as in {@link FusedOperations#linear}
   */
  public static void linear(Operations ops, Tensor bias, Tensor x, Tensor w, Tensor out) {
    if (bias != null) {
      ops.copy(bias.repeatRows(out.rows()), out);
    }
    ops.matmul(x, w, bias == null ? 0 : 1, out);
  }

  /**
   * {@link FusedOperations#lstmCell} by primitives; shapes as there.
   *
   * @param ops where to run
   * @param gates as in {@link FusedOperations#lstmCell}
   * @param cPrev as in {@link FusedOperations#lstmCell}
   * @param c as in {@link FusedOperations#lstmCell}
   * @param tanhC as in {@link FusedOperations#lstmCell}
   * @param h as in {@link FusedOperations#lstmCell}
   */
  public static void lstmCell(
      Operations ops, Tensor gates, Tensor cPrev, Tensor c, Tensor tanhC, Tensor h) {
    int hidden = h.cols();
    Tensor i = gates.cols(0, hidden);
    Tensor f = gates.cols(hidden, hidden);
    Tensor g = gates.cols(2 * hidden, hidden);
    Tensor o = gates.cols(3 * hidden, hidden);
    ops.activate(Activation.SIGMOID, i, i);
    ops.activate(Activation.SIGMOID, f, f);
    ops.activate(Activation.TANH, g, g);
    ops.activate(Activation.SIGMOID, o, o);
    ops.binary(Arithmetic.MUL, f, cPrev, c);
    ops.binary(Arithmetic.MUL, i, g, tanhC);
    ops.binary(Arithmetic.ADD, c, tanhC, c);
    ops.activate(Activation.TANH, c, tanhC);
    ops.binary(Arithmetic.MUL, o, tanhC, h);
  }

  /**
   * {@link FusedOperations#lstmCellGrad} by primitives; shapes as there.
   *
   * @param ops where to run
   * @param gates as in {@link FusedOperations#lstmCellGrad}
   * @param cPrev as in {@link FusedOperations#lstmCellGrad}
   * @param tanhC as in {@link FusedOperations#lstmCellGrad}
   * @param dh as in {@link FusedOperations#lstmCellGrad}
   * @param dc as in {@link FusedOperations#lstmCellGrad}
   * @param dGates as in {@link FusedOperations#lstmCellGrad}
   */
  public static void lstmCellGrad(
      Operations ops,
      Tensor gates,
      Tensor cPrev,
      Tensor tanhC,
      Tensor dh,
      Tensor dc,
      Tensor dGates) {
    int hidden = dh.cols();
    Tensor i = gates.cols(0, hidden);
    Tensor f = gates.cols(hidden, hidden);
    Tensor g = gates.cols(2 * hidden, hidden);
    Tensor o = gates.cols(3 * hidden, hidden);
    Tensor di = dGates.cols(0, hidden);
    Tensor df = dGates.cols(hidden, hidden);
    Tensor dg = dGates.cols(2 * hidden, hidden);
    Tensor dO = dGates.cols(3 * hidden, hidden);
    ops.binary(Arithmetic.MUL, dh, tanhC, dO);
    ops.activateGrad(Activation.SIGMOID, null, o, dO, dO);
    ops.binary(Arithmetic.MUL, dh, o, di);
    ops.activateGrad(Activation.TANH, null, tanhC, di, di);
    ops.binary(Arithmetic.ADD, dc, di, dc);
    ops.binary(Arithmetic.MUL, dc, g, di);
    ops.activateGrad(Activation.SIGMOID, null, i, di, di);
    ops.binary(Arithmetic.MUL, dc, cPrev, df);
    ops.activateGrad(Activation.SIGMOID, null, f, df, df);
    ops.binary(Arithmetic.MUL, dc, i, dg);
    ops.activateGrad(Activation.TANH, null, g, dg, dg);
    ops.binary(Arithmetic.MUL, dc, f, dc);
  }

  /**
   * {@link FusedOperations#gruCell} by primitives; shapes as there.
   *
   * @param ops where to run
   * @param gates as in {@link FusedOperations#gruCell}
   * @param fromH as in {@link FusedOperations#gruCell}
   * @param hPrev as in {@link FusedOperations#gruCell}
   * @param h as in {@link FusedOperations#gruCell}
   */
  public static void gruCell(Operations ops, Tensor gates, Tensor fromH, Tensor hPrev, Tensor h) {
    int hidden = h.cols();
    Tensor rz = gates.cols(0, 2 * hidden);
    Tensor r = gates.cols(0, hidden);
    Tensor z = gates.cols(hidden, hidden);
    Tensor n = gates.cols(2 * hidden, hidden);
    Tensor scratch = fromH.cols(0, hidden);
    ops.binary(Arithmetic.ADD, rz, fromH.cols(0, 2 * hidden), rz);
    ops.activate(Activation.SIGMOID, rz, rz);
    ops.binary(Arithmetic.MUL, r, fromH.cols(2 * hidden, hidden), scratch);
    ops.binary(Arithmetic.ADD, n, scratch, n);
    ops.activate(Activation.TANH, n, n);
    ops.fill(1f, h);
    ops.binary(Arithmetic.SUB, h, z, h);
    ops.binary(Arithmetic.MUL, h, n, h);
    ops.binary(Arithmetic.MUL, z, hPrev, scratch);
    ops.binary(Arithmetic.ADD, h, scratch, h);
  }

  /**
   * {@link FusedOperations#gruCellGrad} by primitives; shapes as there.
   *
   * @param ops where to run
   * @param gates as in {@link FusedOperations#gruCellGrad}
   * @param fromH as in {@link FusedOperations#gruCellGrad}
   * @param hPrev as in {@link FusedOperations#gruCellGrad}
   * @param dh as in {@link FusedOperations#gruCellGrad}
   * @param dGates as in {@link FusedOperations#gruCellGrad}
   * @param dFromH as in {@link FusedOperations#gruCellGrad}
   */
  public static void gruCellGrad(
      Operations ops,
      Tensor gates,
      Tensor fromH,
      Tensor hPrev,
      Tensor dh,
      Tensor dGates,
      Tensor dFromH) {
    int hidden = dh.cols();
    Tensor r = gates.cols(0, hidden);
    Tensor z = gates.cols(hidden, hidden);
    Tensor n = gates.cols(2 * hidden, hidden);
    Tensor dr = dGates.cols(0, hidden);
    Tensor dz = dGates.cols(hidden, hidden);
    Tensor dn = dGates.cols(2 * hidden, hidden);
    ops.fill(1f, dn);
    ops.binary(Arithmetic.SUB, dn, z, dn);
    ops.binary(Arithmetic.MUL, dh, dn, dn);
    ops.activateGrad(Activation.TANH, null, n, dn, dn);
    ops.binary(Arithmetic.SUB, hPrev, n, dz);
    ops.binary(Arithmetic.MUL, dh, dz, dz);
    ops.activateGrad(Activation.SIGMOID, null, z, dz, dz);
    ops.binary(Arithmetic.MUL, dn, fromH.cols(2 * hidden, hidden), dr);
    ops.activateGrad(Activation.SIGMOID, null, r, dr, dr);
    ops.copy(dGates.cols(0, 2 * hidden), dFromH.cols(0, 2 * hidden));
    ops.binary(Arithmetic.MUL, dn, r, dFromH.cols(2 * hidden, hidden));
    ops.binary(Arithmetic.MUL, dh, z, dh);
  }

  /**
   * {@link FusedOperations#rnnSequence} by primitives; shapes as there.
   *
   * @param ops where to run
   * @param steps as in {@link FusedOperations#rnnSequence}
   * @param f as in {@link FusedOperations#rnnSequence}
   * @param wHh as in {@link FusedOperations#rnnSequence}
   * @param pre as in {@link FusedOperations#rnnSequence}
   * @param hs as in {@link FusedOperations#rnnSequence}
   */
  public static void rnnSequence(
      Operations ops, Steps steps, Activation f, Tensor wHh, Tensor pre, Tensor hs) {
    for (int t = 0; t < steps.count(); t++) {
      int n = steps.size(t);
      Tensor p = pre.rows(steps.offset(t), n);
      ops.matmul(hs.rows(steps.previous(t), n), wHh.t(), 1, p);
      ops.activate(f, p, hs.rows(steps.next(t), n));
    }
  }

  /**
   * {@link FusedOperations#rnnSequenceGrad} by primitives; shapes as there.
   *
   * @param ops where to run
   * @param steps as in {@link FusedOperations#rnnSequenceGrad}
   * @param f as in {@link FusedOperations#rnnSequenceGrad}
   * @param wHh as in {@link FusedOperations#rnnSequenceGrad}
   * @param pre as in {@link FusedOperations#rnnSequenceGrad}
   * @param hs as in {@link FusedOperations#rnnSequenceGrad}
   * @param dOut as in {@link FusedOperations#rnnSequenceGrad}
   * @param dh as in {@link FusedOperations#rnnSequenceGrad}
   * @param dPre as in {@link FusedOperations#rnnSequenceGrad}
   */
  public static void rnnSequenceGrad(
      Operations ops,
      Steps steps,
      Activation f,
      Tensor wHh,
      Tensor pre,
      Tensor hs,
      Tensor dOut,
      Tensor dh,
      Tensor dPre) {
    for (int t = steps.count() - 1; t >= 0; t--) {
      int at = steps.offset(t);
      int n = steps.size(t);
      Tensor dhT = dh.rows(0, n);
      Tensor dp = dPre.rows(at, n);
      addTo(ops, dhT, dOut, at, n);
      ops.activateGrad(f, pre.rows(at, n), hs.rows(steps.next(t), n), dhT, dp);
      ops.matmul(dp, wHh, 0, dhT);
    }
  }

  /**
   * {@link FusedOperations#lstmSequence} by primitives; shapes as there.
   *
   * @param ops where to run
   * @param steps as in {@link FusedOperations#lstmSequence}
   * @param wHh as in {@link FusedOperations#lstmSequence}
   * @param gates as in {@link FusedOperations#lstmSequence}
   * @param hs as in {@link FusedOperations#lstmSequence}
   * @param cs as in {@link FusedOperations#lstmSequence}
   * @param tanhC as in {@link FusedOperations#lstmSequence}
   */
  public static void lstmSequence(
      FusedOperations ops,
      Steps steps,
      Tensor wHh,
      Tensor gates,
      Tensor hs,
      Tensor cs,
      Tensor tanhC) {
    for (int t = 0; t < steps.count(); t++) {
      int at = steps.offset(t);
      int n = steps.size(t);
      int prev = steps.previous(t);
      int next = steps.next(t);
      Tensor g = gates.rows(at, n);
      ops.matmul(hs.rows(prev, n), wHh.t(), 1, g);
      ops.lstmCell(g, cs.rows(prev, n), cs.rows(next, n), tanhC.rows(at, n), hs.rows(next, n));
    }
  }

  /**
   * {@link FusedOperations#lstmSequenceGrad} by primitives; shapes as there.
   *
   * @param ops where to run
   * @param steps as in {@link FusedOperations#lstmSequenceGrad}
   * @param wHh as in {@link FusedOperations#lstmSequenceGrad}
   * @param gates as in {@link FusedOperations#lstmSequenceGrad}
   * @param cs as in {@link FusedOperations#lstmSequenceGrad}
   * @param tanhC as in {@link FusedOperations#lstmSequenceGrad}
   * @param dOut as in {@link FusedOperations#lstmSequenceGrad}
   * @param dh as in {@link FusedOperations#lstmSequenceGrad}
   * @param dc as in {@link FusedOperations#lstmSequenceGrad}
   * @param dGates as in {@link FusedOperations#lstmSequenceGrad}
   */
  public static void lstmSequenceGrad(
      FusedOperations ops,
      Steps steps,
      Tensor wHh,
      Tensor gates,
      Tensor cs,
      Tensor tanhC,
      Tensor dOut,
      Tensor dh,
      Tensor dc,
      Tensor dGates) {
    for (int t = steps.count() - 1; t >= 0; t--) {
      int at = steps.offset(t);
      int n = steps.size(t);
      Tensor dhT = dh.rows(0, n);
      Tensor dg = dGates.rows(at, n);
      addTo(ops, dhT, dOut, at, n);
      ops.lstmCellGrad(
          gates.rows(at, n),
          cs.rows(steps.previous(t), n),
          tanhC.rows(at, n),
          dhT,
          dc.rows(0, n),
          dg);
      ops.matmul(dg, wHh, 0, dhT);
    }
  }

  /**
   * {@link FusedOperations#gruSequence} by primitives; shapes as there.
   *
   * @param ops where to run
   * @param steps as in {@link FusedOperations#gruSequence}
   * @param wHh as in {@link FusedOperations#gruSequence}
   * @param bHh as in {@link FusedOperations#gruSequence}
   * @param gates as in {@link FusedOperations#gruSequence}
   * @param fromH as in {@link FusedOperations#gruSequence}
   * @param hs as in {@link FusedOperations#gruSequence}
   */
  public static void gruSequence(
      FusedOperations ops,
      Steps steps,
      Tensor wHh,
      Tensor bHh,
      Tensor gates,
      Tensor fromH,
      Tensor hs) {
    float beta = 0;
    if (bHh != null) {
      ops.copy(bHh.repeatRows(steps.rows()), fromH);
      beta = 1;
    }
    for (int t = 0; t < steps.count(); t++) {
      int at = steps.offset(t);
      int n = steps.size(t);
      Tensor hPrev = hs.rows(steps.previous(t), n);
      Tensor u = fromH.rows(at, n);
      ops.matmul(hPrev, wHh.t(), beta, u);
      ops.gruCell(gates.rows(at, n), u, hPrev, hs.rows(steps.next(t), n));
    }
  }

  /**
   * {@link FusedOperations#gruSequenceGrad} by primitives; shapes as there.
   *
   * @param ops where to run
   * @param steps as in {@link FusedOperations#gruSequenceGrad}
   * @param wHh as in {@link FusedOperations#gruSequenceGrad}
   * @param gates as in {@link FusedOperations#gruSequenceGrad}
   * @param fromH as in {@link FusedOperations#gruSequenceGrad}
   * @param hs as in {@link FusedOperations#gruSequenceGrad}
   * @param dOut as in {@link FusedOperations#gruSequenceGrad}
   * @param dh as in {@link FusedOperations#gruSequenceGrad}
   * @param dGates as in {@link FusedOperations#gruSequenceGrad}
   * @param dFromH as in {@link FusedOperations#gruSequenceGrad}
   */
  public static void gruSequenceGrad(
      FusedOperations ops,
      Steps steps,
      Tensor wHh,
      Tensor gates,
      Tensor fromH,
      Tensor hs,
      Tensor dOut,
      Tensor dh,
      Tensor dGates,
      Tensor dFromH) {
    for (int t = steps.count() - 1; t >= 0; t--) {
      int at = steps.offset(t);
      int n = steps.size(t);
      Tensor dhT = dh.rows(0, n);
      Tensor du = dFromH.rows(at, n);
      addTo(ops, dhT, dOut, at, n);
      ops.gruCellGrad(
          gates.rows(at, n),
          fromH.rows(at, n),
          hs.rows(steps.previous(t), n),
          dhT,
          dGates.rows(at, n),
          du);
      ops.matmul(du, wHh, 1, dhT);
    }
  }

  private static void addTo(Operations ops, Tensor dh, Tensor dOut, int at, int n) {
    if (dOut != null) {
      ops.binary(Arithmetic.ADD, dh, dOut.rows(at, n), dh);
    }
  }
}
