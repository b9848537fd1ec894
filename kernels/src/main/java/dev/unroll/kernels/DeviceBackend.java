// SPDX-License-Identifier: Apache-2.0

package dev.unroll.kernels;

import dev.unroll.Activation;
import dev.unroll.AdamStep;
import dev.unroll.Arithmetic;
import dev.unroll.Backend;
import dev.unroll.BackendException;
import dev.unroll.Buffer;
import dev.unroll.CrossEntropy;
import dev.unroll.ElementLoss;
import dev.unroll.ElementType;
import dev.unroll.Indices;
import dev.unroll.Placement;
import dev.unroll.Precision;
import dev.unroll.RmspropStep;
import dev.unroll.SgdStep;
import dev.unroll.Steps;
import dev.unroll.Tensor;
import dev.unroll.Unary;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A backend on any {@link Device}: each operation is a kernel of the same name, its shape and its
 * arguments. Nothing here waits for the device but {@link #read} and {@link #synchronize}.
 */
public final class DeviceBackend implements Backend {
  private final String provider;
  private final Device device;
  private final KernelLibrary kernels;
  private final Tuning tuning;
  private final Launcher launcher;
  private final Products products;
  private final Sums sums;
  private final Recurrence recurrence;
  private final Optional<String> inexact;
  private final boolean exact;
  private long bytesIn;
  private long bytesOut;

  private DeviceBackend(
      String provider, Device device, Sources sources, Precision asked, ProductLibrary library) {
    this.provider = provider;
    this.device = device;
    this.kernels = new KernelLibrary(device, sources);
    this.inexact = ExactCheck.run(device, kernels);
    if (inexact.isPresent() && asked == Precision.EXACT) {
      throw new BackendException(
          name()
              + ": the arithmetic of this device is not exact: "
              + inexact.get()
              + ". Ask for fast precision (--precision fast) or use another backend",
          true,
          null);
    }
    this.tuning = new Tuning(device.info());
    this.launcher = new Launcher(kernels, tuning, device.info().units());
    this.products = new Products(launcher, device, library);
    this.exact = inexact.isEmpty() && library == null;
    this.sums = new Sums(launcher, new Scratch(device));
    this.recurrence = new Recurrence(launcher, products);
  }

  /**
   * Builds the kernels, and tries whether the device is exact.
   *
   * @param provider name of the provider
   * @param device the device, closed with the backend or if this fails
   * @param sources the kernels, for the kind of device
   * @param asked the precision that is needed
   * @return the backend
   * @throws BackendException if the kernels can not be built, or exact results were asked for and
   *     the device does not give them
   */
  public static DeviceBackend open(
      String provider, Device device, Sources sources, Precision asked) {
    return open(provider, device, sources, asked, null);
  }

  /**
   * The same with a library for products.
   *
   * @param provider name of the provider
   * @param device the device, closed with the backend or if this fails
   * @param sources the kernels, for the kind of device
   * @param asked the precision that is needed
   * @param library computes what products it takes; null for none, as exact precision demands
   * @return the backend
   * @throws BackendException if the kernels can not be built, or exact results were asked for and
   *     the device does not give them
   */
  public static DeviceBackend open(
      String provider, Device device, Sources sources, Precision asked, ProductLibrary library) {
    try {
      return device.info().type() == DeviceInfo.Type.CPU
          ? new DeviceBackend(
              provider, new Batch(device), BatchSource.with(sources), asked, library)
          : new DeviceBackend(provider, device, sources, asked, library);
    } catch (RuntimeException | Error e) {
      device.close();
      throw e;
    }
  }

  @Override
  public String name() {
    return provider + " (" + device.info().name() + ")";
  }

  @Override
  public Placement placement() {
    List<String> notes = new ArrayList<>();
    notes.add(products.note());
    notes.add(kernels.fromCache() ? "kernels: built before" : "kernels: built at the start");
    notes.addAll(device.notes());
    if (!tuning.stored().isEmpty()) {
      notes.add("tuned: " + tuning.stored());
    }
    inexact.ifPresent(vector -> notes.add("not exact: " + vector));
    return new Placement(
        provider,
        device.info().name(),
        device.info().driver(),
        exact ? Precision.EXACT : Precision.FAST,
        kernels.launches(),
        bytesIn,
        bytesOut,
        notes);
  }

  /** What the device is driven with, for {@link Tuner}. */
  Tuning tuning() {
    return tuning;
  }

  /** What is known of the device. */
  DeviceInfo info() {
    return device.info();
  }

  // ---- memory

  @Override
  public Buffer allocate(ElementType type, long elements) {
    return device.allocate(type, elements);
  }

  @Override
  public void free(Buffer buffer) {
    device.free(buffer);
  }

  @Override
  public void write(float[] src, Tensor dst) {
    if (src.length > 0) {
      device.write(src, dst.buffer(), dst.offset());
      bytesIn += 4L * src.length;
    }
  }

  @Override
  public void write(int[] src, int from, Indices dst) {
    if (dst.length() > 0) {
      device.write(src, from, dst.length(), dst.buffer(), dst.offset());
      bytesIn += 4L * dst.length();
    }
  }

  @Override
  public void read(Tensor src, float[] dst) {
    if (src.size() > 0) {
      device.read(src.buffer(), src.offset(), src.size(), dst);
      bytesOut += 4L * src.size();
    }
  }

  @Override
  public void synchronize() {
    device.synchronize();
  }

  @Override
  public void close() {
    device.close();
  }

  // ---- element-wise

  @Override
  public void fill(float value, Tensor out) {
    launcher.elements("fill", out, value, out);
  }

  @Override
  public void axpby(float alpha, Tensor x, float beta, Tensor y) {
    launcher.elements("axpby", y, alpha, x, beta, y);
  }

  @Override
  public void binary(Arithmetic op, Tensor a, Tensor b, Tensor out) {
    launcher.elements("binary", out, op.ordinal(), a, b, out);
  }

  @Override
  public void map(Unary f, Tensor x, Tensor y) {
    launcher.elements("map", y, f.kind().ordinal(), f.low(), f.high(), x, y);
  }

  @Override
  public void copy(Tensor x, Tensor y) {
    launcher.elements("copy", y, x, y);
  }

  @Override
  public void activate(Activation f, Tensor x, Tensor y) {
    launcher.elements("activate", y, f.kind().ordinal(), f.alpha(), f.beta(), x, y);
  }

  @Override
  public void activateGrad(Activation f, Tensor x, Tensor y, Tensor dy, Tensor dx) {
    Tensor v = f.gradNeedsX() ? x : f.gradNeedsY() ? y : dy;
    launcher.elements("activate_grad", dx, f.kind().ordinal(), f.alpha(), f.beta(), v, dy, dx);
  }

  @Override
  public void dropout(float p, Indices key, int stream, Indices rowIds, Tensor x, Tensor y) {
    float scale = (float) (1.0 / (1.0 - p));
    Indices ids = rowIds == null ? key : rowIds;
    int hasIds = rowIds == null ? 0 : 1;
    launcher.table("dropout", y.rows(), y.cols(), p, scale, key, stream, ids, hasIds, x, y);
  }

  @Override
  public void elementLoss(ElementLoss loss, Tensor x, Tensor target, Tensor out) {
    launcher.elements("element_loss", out, loss.kind().ordinal(), loss.delta(), x, target, out);
  }

  @Override
  public void elementLossGrad(
      ElementLoss loss, Tensor x, Tensor target, Tensor dOut, float divisor, Tensor dx) {
    int kind = loss.kind().ordinal();
    launcher.elements("element_loss_grad", dx, kind, loss.delta(), divisor, x, target, dOut, dx);
  }

  // ---- sums and products

  @Override
  public void sumRows(Tensor x, float beta, Tensor out) {
    sums.rows(x, beta, out);
  }

  @Override
  public void sumColumns(Tensor x, Tensor out) {
    launcher.rows("sum_columns", x.rows(), x.cols(), x, out);
  }

  @Override
  public void maxColumns(Tensor x, Tensor out) {
    launcher.rows("max_columns", x.rows(), x.cols(), x, out);
  }

  @Override
  public void sum(Tensor x, float divisor, Tensor out) {
    sums.all(x, divisor, out);
  }

  @Override
  public void norm(List<Tensor> xs, Tensor out) {
    sums.norm(xs, out);
  }

  @Override
  public void clipCoefficient(Tensor norm, float maxNorm, Tensor coefficient) {
    launcher.single("clip_coefficient", norm, maxNorm, coefficient);
  }

  @Override
  public void matmul(Tensor a, Tensor b, float beta, Tensor out) {
    products.multiply(a, Products.once(b), beta, out);
  }

  @Override
  public void linear(Tensor bias, Tensor x, Tensor w, Tensor out) {
    products.linear(bias, x, Products.once(w), out);
  }

  // ---- rows of classes

  @Override
  public void softmax(Tensor x, Tensor y) {
    launcher.rows("softmax", x.rows(), x.cols(), x, y);
  }

  @Override
  public void softmaxGrad(Tensor y, Tensor dy, Tensor dx) {
    launcher.rows("softmax_grad", y.rows(), y.cols(), y, dy, dx);
  }

  @Override
  public void logSoftmax(Tensor x, Tensor y) {
    launcher.rows("log_softmax", x.rows(), x.cols(), x, y);
  }

  @Override
  public void logSoftmaxGrad(Tensor y, Tensor dy, Tensor dx) {
    launcher.rows("log_softmax_grad", y.rows(), y.cols(), y, dy, dx);
  }

  @Override
  public void layerNorm(float eps, Tensor x, Tensor y, Tensor rstd) {
    launcher.rows("layer_norm", x.rows(), x.cols(), eps, x, y, rstd);
  }

  @Override
  public void layerNormGrad(Tensor y, Tensor rstd, Tensor dy, Tensor dx) {
    launcher.rows("layer_norm_grad", y.rows(), y.cols(), y, rstd, dy, dx);
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
    new Classes(launcher, spec, scores, targets, weights).loss(rowLosses, loss, denominator);
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
    new Classes(launcher, spec, scores, targets, weights).gradient(denominator, dLoss, dScores);
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
    new Classes(launcher, spec, scores, targets, weights)
        .lossWithGradient(dLoss, rowLosses, loss, denominator, dScores);
  }

  // ---- rows by number

  @Override
  public void gather(Tensor table, Indices rows, Tensor out) {
    launcher.table("gather", out.rows(), out.cols(), View.of(table), rows, out);
  }

  @Override
  public void scatterAdd(Tensor dOut, Indices rows, Tensor dTable) {
    sums.scatterAdd(dOut, rows, dTable);
  }

  // ---- cells and sequences

  @Override
  public void lstmCell(Tensor gates, Tensor cPrev, Tensor c, Tensor tanhC, Tensor h) {
    launcher.table("lstm_cell", h.rows(), h.cols(), gates, cPrev, c, tanhC, h);
  }

  @Override
  public void lstmCellGrad(
      Tensor gates, Tensor cPrev, Tensor tanhC, Tensor dh, Tensor dc, Tensor dGates) {
    recurrence.lstmCellGrad(gates, cPrev, tanhC, dh, null, dc, dGates);
  }

  @Override
  public void gruCell(Tensor gates, Tensor fromH, Tensor hPrev, Tensor h) {
    launcher.table("gru_cell", h.rows(), h.cols(), gates, fromH, hPrev, h);
  }

  @Override
  public void gruCellGrad(
      Tensor gates, Tensor fromH, Tensor hPrev, Tensor dh, Tensor dGates, Tensor dFromH) {
    recurrence.gruCellGrad(gates, fromH, hPrev, dh, null, dGates, dFromH);
  }

  @Override
  public void rnnSequence(Steps steps, Activation f, Tensor wHh, Tensor pre, Tensor hs) {
    recurrence.rnn(this, steps, f, wHh, pre, hs);
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
    recurrence.rnnGrad(steps, f, wHh, pre, hs, dOut, dh, dPre);
  }

  @Override
  public void lstmSequence(
      Steps steps, Tensor wHh, Tensor gates, Tensor hs, Tensor cs, Tensor tanhC) {
    recurrence.lstm(this, steps, wHh, gates, hs, cs, tanhC);
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
    recurrence.lstmGrad(steps, wHh, gates, cs, tanhC, dOut, dh, dc, dGates);
  }

  @Override
  public void gruSequence(
      Steps steps, Tensor wHh, Tensor bHh, Tensor gates, Tensor fromH, Tensor hs) {
    recurrence.gru(this, steps, wHh, bHh, gates, fromH, hs);
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
    recurrence.gruGrad(steps, wHh, gates, fromH, hs, dOut, dh, dGates, dFromH);
  }

  // ---- optimiser steps: one launch for up to eight parameters

  @Override
  public void sgdStep(
      SgdStep step,
      Tensor scalars,
      Tensor gradScale,
      List<Tensor> params,
      List<Tensor> grads,
      List<Tensor> buffers) {
    new Updates(launcher, scalars, gradScale, params, grads).sgd(step, buffers);
    device.submit();
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
    new Updates(launcher, scalars, gradScale, params, grads).adam(step, m, v, vMax);
    device.submit();
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
    new Updates(launcher, scalars, gradScale, params, grads).rmsprop(step, squares, means, buffers);
    device.submit();
  }
}
