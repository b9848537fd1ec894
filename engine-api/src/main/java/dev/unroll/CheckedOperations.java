// SPDX-License-Identifier: Apache-2.0

package dev.unroll;

import java.util.List;

/** The half of {@link Ops} that checks each operation and then runs it on the backend. */
abstract class CheckedOperations implements FusedOperations {
  final Checks checks;
  private final RecurrentChecks recurrent;

  /** Where checked operations run: the backend, or what records them on their way there. */
  private FusedOperations backend;

  /** What is being recorded, or null. */
  private Recording recording;

  CheckedOperations(FusedOperations backend) {
    this.backend = backend;
    this.checks = new Checks((Ops) this);
    this.recurrent = new RecurrentChecks(checks);
  }

  /** Refuses a call from the wrong thread, or after close. */
  abstract void begin(String op);

  /** What is being recorded, or null. */
  final Recording recording() {
    return recording;
  }

  /** Records from now on what runs; null: no longer. */
  final void record(Recording into, FusedOperations device) {
    recording = into;
    backend = into == null ? device : into.recorder(device);
  }

  // ---- operations

  @Override
  public void fill(float value, Tensor out) {
    begin("fill");
    checks.output("fill", "out", out);
    backend.fill(value, out);
  }

  @Override
  public void axpby(float alpha, Tensor x, float beta, Tensor y) {
    begin("axpby");
    checks.elementwise("axpby", y, x);
    backend.axpby(alpha, x, beta, y);
  }

  @Override
  public void binary(Arithmetic op, Tensor a, Tensor b, Tensor out) {
    begin("binary");
    checks.elementwise("binary", out, a, b);
    backend.binary(op, a, b, out);
  }

  @Override
  public void map(Unary f, Tensor x, Tensor y) {
    begin("map");
    checks.elementwise("map", y, x);
    backend.map(f, x, y);
  }

  @Override
  public void copy(Tensor x, Tensor y) {
    begin("copy");
    checks.elementwise("copy", y, x);
    backend.copy(x, y);
  }

  @Override
  public void activate(Activation f, Tensor x, Tensor y) {
    begin("activate");
    checks.elementwise("activate", y, x);
    backend.activate(f, x, y);
  }

  @Override
  public void activateGrad(Activation f, Tensor x, Tensor y, Tensor dy, Tensor dx) {
    begin("activateGrad");
    checks.elementwise("activateGrad", dx, dy);
    if (f.gradNeedsX()) {
      checks.elementwise("activateGrad", dx, x);
    }
    if (f.gradNeedsY()) {
      checks.elementwise("activateGrad", dx, y);
    }
    backend.activateGrad(f, x, y, dy, dx);
  }

  @Override
  public void dropout(float p, Indices key, int stream, Indices rowIds, Tensor x, Tensor y) {
    begin("dropout");
    checks.elementwise("dropout", y, x);
    checks.dropout(p, key, rowIds, x.rows());
    backend.dropout(p, key, stream, rowIds, x, y);
  }

  @Override
  public void sumRows(Tensor x, float beta, Tensor out) {
    begin("sumRows");
    checks.reduction("sumRows", x, out, 1, cols(x));
    backend.sumRows(x, beta, out);
  }

  @Override
  public void sumColumns(Tensor x, Tensor out) {
    begin("sumColumns");
    checks.reduction("sumColumns", x, out, rows(x), 1);
    backend.sumColumns(x, out);
  }

  @Override
  public void maxColumns(Tensor x, Tensor out) {
    begin("maxColumns");
    checks.reduction("maxColumns", x, out, rows(x), 1);
    backend.maxColumns(x, out);
  }

  @Override
  public void sum(Tensor x, float divisor, Tensor out) {
    begin("sum");
    checks.reduction("sum", x, out, 1, 1);
    backend.sum(x, divisor, out);
  }

  @Override
  public void norm(List<Tensor> xs, Tensor out) {
    begin("norm");
    checks.outputs("norm", 1, 1, out);
    xs.forEach(x -> checks.reduction("norm", x, out, 1, 1));
    backend.norm(xs, out);
  }

  @Override
  public void clipCoefficient(Tensor norm, float maxNorm, Tensor coefficient) {
    begin("clipCoefficient");
    checks.inputs("clipCoefficient", 1, 1, norm);
    checks.reduction("clipCoefficient", norm, coefficient, 1, 1);
    checks.positive("clipCoefficient", "maxNorm", maxNorm);
    backend.clipCoefficient(norm, maxNorm, coefficient);
  }

  @Override
  public void matmul(Tensor a, Tensor b, float beta, Tensor out) {
    begin("matmul");
    checks.matmul("matmul", a, b, out);
    backend.matmul(a, b, beta, out);
  }

  @Override
  public void linear(Tensor bias, Tensor x, Tensor w, Tensor out) {
    begin("linear");
    checks.linear(bias, x, w, out);
    backend.linear(bias, x, w, out);
  }

  @Override
  public void softmax(Tensor x, Tensor y) {
    begin("softmax");
    checks.elementwise("softmax", y, x);
    backend.softmax(x, y);
  }

  @Override
  public void softmaxGrad(Tensor y, Tensor dy, Tensor dx) {
    begin("softmaxGrad");
    checks.elementwise("softmaxGrad", dx, y, dy);
    backend.softmaxGrad(y, dy, dx);
  }

  @Override
  public void logSoftmax(Tensor x, Tensor y) {
    begin("logSoftmax");
    checks.elementwise("logSoftmax", y, x);
    backend.logSoftmax(x, y);
  }

  @Override
  public void logSoftmaxGrad(Tensor y, Tensor dy, Tensor dx) {
    begin("logSoftmaxGrad");
    checks.elementwise("logSoftmaxGrad", dx, y, dy);
    backend.logSoftmaxGrad(y, dy, dx);
  }

  @Override
  public void layerNorm(float eps, Tensor x, Tensor y, Tensor rstd) {
    begin("layerNorm");
    checks.layerNorm("layerNorm", x, rstd, y);
    checks.outputs("layerNorm", x.rows(), 1, rstd);
    backend.layerNorm(eps, x, y, rstd);
  }

  @Override
  public void layerNormGrad(Tensor y, Tensor rstd, Tensor dy, Tensor dx) {
    begin("layerNormGrad");
    checks.layerNorm("layerNormGrad", y, rstd, dx);
    checks.elementwise("layerNormGrad", dx, dy);
    backend.layerNormGrad(y, rstd, dy, dx);
  }

  @Override
  public void crossEntropy(
      CrossEntropy spec,
      Tensor scores,
      Indices targets,
      Tensor weights,
      Tensor rowLosses,
      Tensor loss,
      Tensor denominator) {
    begin("crossEntropy");
    checks.classes("crossEntropy", spec, scores, targets, weights);
    checks.losses("crossEntropy", scores, rowLosses, loss, denominator);
    backend.crossEntropy(spec, scores, targets, weights, rowLosses, loss, denominator);
  }

  @Override
  public void crossEntropyGrad(
      CrossEntropy spec,
      Tensor scores,
      Indices targets,
      Tensor weights,
      Tensor denominator,
      Tensor dLoss,
      Tensor dScores) {
    begin("crossEntropyGrad");
    checks.classes("crossEntropyGrad", spec, scores, targets, weights);
    checks.inputs("crossEntropyGrad", 1, 1, denominator);
    checks.lossGradient("crossEntropyGrad", spec, scores, dLoss, dScores);
    checks.apart("crossEntropyGrad", denominator, dScores);
    backend.crossEntropyGrad(spec, scores, targets, weights, denominator, dLoss, dScores);
  }

  @Override
  public void elementLoss(ElementLoss loss, Tensor x, Tensor target, Tensor out) {
    begin("elementLoss");
    checks.elementwise("elementLoss", out, x, target);
    backend.elementLoss(loss, x, target, out);
  }

  @Override
  public void elementLossGrad(
      ElementLoss loss, Tensor x, Tensor target, Tensor dOut, float divisor, Tensor dx) {
    begin("elementLossGrad");
    checks.elementwise("elementLossGrad", dx, x, target, dOut);
    backend.elementLossGrad(loss, x, target, dOut, divisor, dx);
  }

  @Override
  public void gather(Tensor table, Indices rows, Tensor out) {
    begin("gather");
    checks.rowsByNumber("gather", table, rows, out);
    checks.reduction("gather", table, out, rows.length(), table.cols());
    backend.gather(table, rows, out);
  }

  @Override
  public void scatterAdd(Tensor dOut, Indices rows, Tensor dTable) {
    begin("scatterAdd");
    checks.rowsByNumber("scatterAdd", dTable, rows, dOut);
    checks.reduction("scatterAdd", dOut, dTable, dTable.rows(), dOut.cols());
    backend.scatterAdd(dOut, rows, dTable);
  }

  @Override
  public void sgdStep(
      SgdStep step,
      Tensor scalars,
      Tensor gradScale,
      List<Tensor> params,
      List<Tensor> grads,
      List<Tensor> buffers) {
    begin("sgdStep");
    checks.scalars("sgdStep", 1, scalars, gradScale);
    checks.update("sgdStep", params, grads, step.momentum() != 0, buffers);
    backend.sgdStep(step, scalars, gradScale, params, grads, buffers);
  }

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
    begin("adamStep");
    checks.scalars("adamStep", 3, scalars, gradScale);
    checks.update("adamStep", params, grads, true, m);
    checks.update("adamStep", params, grads, true, v);
    checks.update("adamStep", params, grads, !vMax.isEmpty(), vMax);
    backend.adamStep(step, scalars, gradScale, params, grads, m, v, vMax);
  }

  @Override
  public void rmspropStep(
      RmspropStep step,
      Tensor scalars,
      Tensor gradScale,
      List<Tensor> params,
      List<Tensor> grads,
      List<Tensor> squares,
      List<Tensor> means,
      List<Tensor> buffers) {
    begin("rmspropStep");
    checks.scalars("rmspropStep", 1, scalars, gradScale);
    checks.update("rmspropStep", params, grads, true, squares);
    checks.update("rmspropStep", params, grads, !means.isEmpty(), means);
    checks.update("rmspropStep", params, grads, step.momentum() != 0, buffers);
    backend.rmspropStep(step, scalars, gradScale, params, grads, squares, means, buffers);
  }

  @Override
  public void crossEntropyWithGrad(
      CrossEntropy spec,
      Tensor scores,
      Indices targets,
      Tensor weights,
      Tensor dLoss,
      Tensor rowLosses,
      Tensor loss,
      Tensor denominator,
      Tensor dScores) {
    begin("crossEntropyWithGrad");
    checks.classes("crossEntropyWithGrad", spec, scores, targets, weights);
    checks.losses("crossEntropyWithGrad", scores, rowLosses, loss, denominator);
    checks.lossGradient("crossEntropyWithGrad", spec, scores, dLoss, dScores);
    checks.apart("crossEntropyWithGrad", rowLosses, loss, denominator, dScores);
    backend.crossEntropyWithGrad(
        spec, scores, targets, weights, dLoss, rowLosses, loss, denominator, dScores);
  }

  @Override
  public void lstmCell(Tensor gates, Tensor cPrev, Tensor c, Tensor tanhC, Tensor h) {
    begin("lstmCell");
    recurrent.lstmCell(gates, cPrev, c, tanhC, h);
    backend.lstmCell(gates, cPrev, c, tanhC, h);
  }

  @Override
  public void lstmCellGrad(
      Tensor gates, Tensor cPrev, Tensor tanhC, Tensor dh, Tensor dc, Tensor dGates) {
    begin("lstmCellGrad");
    recurrent.lstmCellGrad(gates, cPrev, tanhC, dh, dc, dGates);
    backend.lstmCellGrad(gates, cPrev, tanhC, dh, dc, dGates);
  }

  @Override
  public void gruCell(Tensor gates, Tensor fromH, Tensor hPrev, Tensor h) {
    begin("gruCell");
    recurrent.gruCell(gates, fromH, hPrev, h);
    backend.gruCell(gates, fromH, hPrev, h);
  }

  @Override
  public void gruCellGrad(
      Tensor gates, Tensor fromH, Tensor hPrev, Tensor dh, Tensor dGates, Tensor dFromH) {
    begin("gruCellGrad");
    recurrent.gruCellGrad(gates, fromH, hPrev, dh, dGates, dFromH);
    backend.gruCellGrad(gates, fromH, hPrev, dh, dGates, dFromH);
  }

  @Override
  public void rnnSequence(Steps steps, Activation f, Tensor wHh, Tensor pre, Tensor hs) {
    begin("rnnSequence");
    recurrent.rnnSequence(steps, wHh, pre, hs);
    backend.rnnSequence(steps, f, wHh, pre, hs);
  }

  @Override
  public void rnnSequenceGrad(
      Steps steps,
      Activation f,
      Tensor wHh,
      Tensor pre,
      Tensor hs,
      Tensor dOut,
      Tensor dh,
      Tensor dPre) {
    begin("rnnSequenceGrad");
    recurrent.rnnSequenceGrad(steps, wHh, pre, hs, dOut, dh, dPre);
    backend.rnnSequenceGrad(steps, f, wHh, pre, hs, dOut, dh, dPre);
  }

  @Override
  public void lstmSequence(
      Steps steps, Tensor wHh, Tensor gates, Tensor hs, Tensor cs, Tensor tanhC) {
    begin("lstmSequence");
    recurrent.lstmSequence(steps, wHh, gates, hs, cs, tanhC);
    backend.lstmSequence(steps, wHh, gates, hs, cs, tanhC);
  }

  @Override
  public void lstmSequenceGrad(
      Steps steps,
      Tensor wHh,
      Tensor gates,
      Tensor cs,
      Tensor tanhC,
      Tensor dOut,
      Tensor dh,
      Tensor dc,
      Tensor dGates) {
    begin("lstmSequenceGrad");
    recurrent.lstmSequenceGrad(steps, wHh, gates, cs, tanhC, dOut, dh, dc, dGates);
    backend.lstmSequenceGrad(steps, wHh, gates, cs, tanhC, dOut, dh, dc, dGates);
  }

  @Override
  public void gruSequence(
      Steps steps, Tensor wHh, Tensor bHh, Tensor gates, Tensor fromH, Tensor hs) {
    begin("gruSequence");
    recurrent.gruSequence(steps, wHh, bHh, gates, fromH, hs);
    backend.gruSequence(steps, wHh, bHh, gates, fromH, hs);
  }

  @Override
  public void gruSequenceGrad(
      Steps steps,
      Tensor wHh,
      Tensor gates,
      Tensor fromH,
      Tensor hs,
      Tensor dOut,
      Tensor dh,
      Tensor dGates,
      Tensor dFromH) {
    begin("gruSequenceGrad");
    recurrent.gruSequenceGrad(steps, wHh, gates, fromH, hs, dOut, dh, dGates, dFromH);
    backend.gruSequenceGrad(steps, wHh, gates, fromH, hs, dOut, dh, dGates, dFromH);
  }

  private static int rows(Tensor x) {
    return x == null ? 0 : x.rows();
  }

  private static int cols(Tensor x) {
    return x == null ? 0 : x.cols();
  }
}
