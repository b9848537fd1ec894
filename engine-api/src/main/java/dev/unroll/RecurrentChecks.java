// SPDX-License-Identifier: Apache-2.0

package dev.unroll;

/** The rules of cells and sequences: shapes follow from the hidden size, and nothing overlaps. */
final class RecurrentChecks {
  private final Checks checks;

  RecurrentChecks(Checks checks) {
    this.checks = checks;
  }

  void lstmCell(Tensor gates, Tensor cPrev, Tensor c, Tensor tanhC, Tensor h) {
    String op = "lstmCell";
    checks.output(op, "h", h);
    checks.outputs(op, h.rows(), 4 * h.cols(), gates);
    checks.outputs(op, h.rows(), h.cols(), c, tanhC);
    checks.inputs(op, h.rows(), h.cols(), cPrev);
    checks.apart(op, gates, cPrev, c, tanhC, h);
  }

  void lstmCellGrad(Tensor gates, Tensor cPrev, Tensor tanhC, Tensor dh, Tensor dc, Tensor dGates) {
    String op = "lstmCellGrad";
    checks.usable(op, "dh", dh);
    checks.inputs(op, dh.rows(), 4 * dh.cols(), gates);
    checks.inputs(op, dh.rows(), dh.cols(), cPrev, tanhC);
    checks.outputs(op, dh.rows(), dh.cols(), dc);
    checks.outputs(op, dh.rows(), 4 * dh.cols(), dGates);
    checks.apart(op, gates, dh, dc, dGates);
    checks.apart(op, cPrev, dc, dGates);
    checks.apart(op, tanhC, dc, dGates);
  }

  void gruCell(Tensor gates, Tensor fromH, Tensor hPrev, Tensor h) {
    String op = "gruCell";
    checks.output(op, "h", h);
    checks.outputs(op, h.rows(), 3 * h.cols(), gates, fromH);
    checks.inputs(op, h.rows(), h.cols(), hPrev);
    checks.apart(op, gates, fromH, hPrev, h);
  }

  void gruCellGrad(
      Tensor gates, Tensor fromH, Tensor hPrev, Tensor dh, Tensor dGates, Tensor dFromH) {
    String op = "gruCellGrad";
    checks.output(op, "dh", dh);
    checks.inputs(op, dh.rows(), 3 * dh.cols(), gates, fromH);
    checks.inputs(op, dh.rows(), dh.cols(), hPrev);
    checks.outputs(op, dh.rows(), 3 * dh.cols(), dGates, dFromH);
    checks.apart(op, gates, fromH, hPrev, dh, dGates, dFromH);
  }

  void rnnSequence(Steps steps, Tensor wHh, Tensor pre, Tensor hs) {
    String op = "rnnSequence";
    int hidden = hidden(op, 1, wHh);
    checks.outputs(op, steps.rows(), hidden, pre);
    checks.outputs(op, steps.batch() + steps.rows(), hidden, hs);
    checks.apart(op, wHh, pre, hs);
  }

  void rnnSequenceGrad(
      Steps steps, Tensor wHh, Tensor pre, Tensor hs, Tensor dOut, Tensor dh, Tensor dPre) {
    String op = "rnnSequenceGrad";
    int hidden = hidden(op, 1, wHh);
    checks.inputs(op, steps.rows(), hidden, pre);
    checks.inputs(op, steps.batch() + steps.rows(), hidden, hs);
    gradients(op, steps, hidden, hidden, dOut, dh, dPre);
    checks.apart(op, wHh, pre, hs, dh, dPre);
  }

  void lstmSequence(Steps steps, Tensor wHh, Tensor gates, Tensor hs, Tensor cs, Tensor tanhC) {
    String op = "lstmSequence";
    int hidden = hidden(op, 4, wHh);
    checks.outputs(op, steps.rows(), 4 * hidden, gates);
    checks.outputs(op, steps.batch() + steps.rows(), hidden, hs, cs);
    checks.outputs(op, steps.rows(), hidden, tanhC);
    checks.apart(op, wHh, gates, hs, cs, tanhC);
  }

  void lstmSequenceGrad(
      Steps steps,
      Tensor wHh,
      Tensor gates,
      Tensor cs,
      Tensor tanhC,
      Tensor dOut,
      Tensor dh,
      Tensor dc,
      Tensor dGates) {
    String op = "lstmSequenceGrad";
    int hidden = hidden(op, 4, wHh);
    checks.inputs(op, steps.rows(), 4 * hidden, gates);
    checks.inputs(op, steps.batch() + steps.rows(), hidden, cs);
    checks.inputs(op, steps.rows(), hidden, tanhC);
    gradients(op, steps, hidden, 4 * hidden, dOut, dh, dGates);
    checks.outputs(op, steps.batch(), hidden, dc);
    checks.apart(op, wHh, gates, cs, tanhC, dh, dc, dGates);
    if (dOut != null) {
      checks.apart(op, dOut, dc);
    }
  }

  void gruSequence(Steps steps, Tensor wHh, Tensor bHh, Tensor gates, Tensor fromH, Tensor hs) {
    String op = "gruSequence";
    int hidden = hidden(op, 3, wHh);
    if (bHh != null) {
      checks.inputs(op, 1, 3 * hidden, bHh);
      checks.apart(op, bHh, gates, fromH, hs);
    }
    checks.outputs(op, steps.rows(), 3 * hidden, gates, fromH);
    checks.outputs(op, steps.batch() + steps.rows(), hidden, hs);
    checks.apart(op, wHh, gates, fromH, hs);
  }

  void gruSequenceGrad(
      Steps steps,
      Tensor wHh,
      Tensor gates,
      Tensor fromH,
      Tensor hs,
      Tensor dOut,
      Tensor dh,
      Tensor dGates,
      Tensor dFromH) {
    String op = "gruSequenceGrad";
    int hidden = hidden(op, 3, wHh);
    checks.inputs(op, steps.rows(), 3 * hidden, gates, fromH);
    checks.inputs(op, steps.batch() + steps.rows(), hidden, hs);
    gradients(op, steps, hidden, 3 * hidden, dOut, dh, dGates);
    checks.outputs(op, steps.rows(), 3 * hidden, dFromH);
    checks.apart(op, wHh, gates, fromH, hs, dh, dGates, dFromH);
    if (dOut != null) {
      checks.apart(op, dOut, dFromH);
    }
  }

  private void gradients(
      String op, Steps steps, int hidden, int gateCols, Tensor dOut, Tensor dh, Tensor dGates) {
    checks.outputs(op, steps.batch(), hidden, dh);
    checks.outputs(op, steps.rows(), gateCols, dGates);
    if (dOut != null) {
      checks.inputs(op, steps.rows(), hidden, dOut);
      checks.apart(op, dOut, dh, dGates);
    }
  }

  private int hidden(String op, int gates, Tensor wHh) {
    checks.usable(op, "wHh", wHh);
    checks.inputs(op, gates * wHh.cols(), wHh.cols(), wHh);
    return wHh.cols();
  }
}
