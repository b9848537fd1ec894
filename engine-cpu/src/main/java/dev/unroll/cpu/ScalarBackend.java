// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import static dev.unroll.cpu.HostBuffer.mat;

import dev.unroll.Activation;
import dev.unroll.AdamStep;
import dev.unroll.Arithmetic;
import dev.unroll.Backend;
import dev.unroll.Buffer;
import dev.unroll.CrossEntropy;
import dev.unroll.ElementLoss;
import dev.unroll.ElementType;
import dev.unroll.Indices;
import dev.unroll.Philox;
import dev.unroll.Placement;
import dev.unroll.Precision;
import dev.unroll.RmspropStep;
import dev.unroll.SgdStep;
import dev.unroll.Tensor;
import dev.unroll.Unary;
import java.util.List;

/**
 * The reference: every operation as plain loops on one thread, the executable form of
 * docs/numerics.md. What another backend computes in {@link Precision#EXACT} must equal this in
 * every bit. The fused operations are left composed.
 */
class ScalarBackend implements Backend {
  private static final long WORD = 0xFFFFFFFFL;

  private final String provider;
  private final String name;
  private long operations;
  private long bytesIn;
  private long bytesOut;

  /**
   * Opens the reference.
   *
   * @param provider the name it was asked for by
   * @param name name and device, for people
   */
  ScalarBackend(String provider, String name) {
    ExactProbe.run(name);
    this.provider = provider;
    this.name = name;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Placement placement() {
    return new Placement(
        provider,
        Machine.processor(),
        Machine.virtualMachine(),
        Precision.EXACT,
        operations,
        bytesIn,
        bytesOut,
        notes());
  }

  /** How it computes, for the placement record. */
  List<String> notes() {
    return List.of("plain loops on one thread");
  }

  /** Counts one operation. */
  final void count() {
    operations++;
  }

  // ---- memory

  @Override
  public Buffer allocate(ElementType type, long elements) {
    return new HostBuffer(type, Math.toIntExact(elements));
  }

  @Override
  public void free(Buffer buffer) {
    // The garbage collector does it.
  }

  @Override
  public void write(float[] src, Tensor dst) {
    System.arraycopy(src, 0, HostBuffer.floats(dst), dst.offset(), dst.size());
    bytesIn += 4L * dst.size();
  }

  @Override
  public void write(int[] src, int from, Indices dst) {
    System.arraycopy(src, from, HostBuffer.ints(dst), dst.offset(), dst.length());
    bytesIn += 4L * dst.length();
  }

  @Override
  public void read(Tensor src, float[] dst) {
    System.arraycopy(HostBuffer.floats(src), src.offset(), dst, 0, src.size());
    bytesOut += 4L * src.size();
  }

  @Override
  public void synchronize() {
    // Each operation is done when its method returns.
  }

  @Override
  public void close() {
    // Nothing is held.
  }

  // ---- element-wise

  @Override
  public void fill(float value, Tensor out) {
    count();
    Elementwise.each(y -> value, mat(out), mat(out));
  }

  @Override
  public void axpby(float alpha, Tensor x, float beta, Tensor y) {
    count();
    if (beta == 0f) {
      Elementwise.each(a -> alpha * a, mat(x), mat(y));
    } else {
      Elementwise.each((a, b) -> (alpha * a) + (beta * b), mat(x), mat(y), mat(y));
    }
  }

  @Override
  public void binary(Arithmetic op, Tensor a, Tensor b, Tensor out) {
    count();
    Elementwise.each(ScalarMath.binary(op), mat(a), mat(b), mat(out));
  }

  @Override
  public void map(Unary f, Tensor x, Tensor y) {
    count();
    Elementwise.each(ScalarMath.map(f), mat(x), mat(y));
  }

  @Override
  public void copy(Tensor x, Tensor y) {
    count();
    Elementwise.each(v -> v, mat(x), mat(y));
  }

  @Override
  public void activate(Activation f, Tensor x, Tensor y) {
    count();
    Elementwise.each(ScalarMath.activation(f), mat(x), mat(y));
  }

  @Override
  public void activateGrad(Activation f, Tensor x, Tensor y, Tensor dy, Tensor dx) {
    count();
    Tensor v = f.gradNeedsX() ? x : f.gradNeedsY() ? y : dy;
    Elementwise.each(ScalarMath.activationGrad(f), mat(v), mat(dy), mat(dx));
  }

  @Override
  public void dropout(float p, Indices key, int stream, Indices rowIds, Tensor x, Tensor y) {
    count();
    Mat from = mat(x);
    Mat to = mat(y);
    float scale = (float) (1.0 / (1.0 - p));
    int[] words = new int[x.cols()];
    for (int r = 0; r < from.rows; r++) {
      int id = rowIds == null ? r : HostBuffer.ints(rowIds)[rowIds.offset() + r];
      Philox.bits(pair(key, 0), stream, pair(key, 2), id * from.cols, words, 0, from.cols);
      for (int c = 0; c < from.cols; c++) {
        boolean kept = Philox.uniform(words[c]) >= p;
        to.data[to.at(r, c)] = kept ? from.data[from.at(r, c)] * scale : 0f;
      }
    }
  }

  private static long pair(Indices key, int at) {
    int[] words = HostBuffer.ints(key);
    int low = key.offset() + at;
    return (words[low] & WORD) | ((long) words[low + 1] << 32);
  }

  // ---- sums

  @Override
  public void sumRows(Tensor x, float beta, Tensor out) {
    count();
    ScalarSums.ofRows(mat(x), beta, mat(out));
  }

  @Override
  public void sumColumns(Tensor x, Tensor out) {
    count();
    Mat rows = mat(x);
    for (int r = 0; r < rows.rows; r++) {
      put(ScalarSums.ofRow(rows, r), out, r);
    }
  }

  @Override
  public void maxColumns(Tensor x, Tensor out) {
    count();
    Mat rows = mat(x);
    for (int r = 0; r < rows.rows; r++) {
      put(ScalarSums.maxOfRow(rows, r), out, r);
    }
  }

  @Override
  public void sum(Tensor x, float divisor, Tensor out) {
    count();
    put(ScalarSums.ofAll(mat(x)) / divisor, out, 0);
  }

  @Override
  public void norm(List<Tensor> xs, Tensor out) {
    count();
    put(ScalarSums.norm(xs.stream().map(HostBuffer::mat).toList()), out, 0);
  }

  @Override
  public void clipCoefficient(Tensor norm, float maxNorm, Tensor coefficient) {
    count();
    float total = HostBuffer.floats(norm)[norm.offset()];
    float ratio = maxNorm / (total + 1e-6f);
    put(ratio > 1f ? 1f : ratio, coefficient, 0);
  }

  @Override
  public void matmul(Tensor a, Tensor b, float beta, Tensor out) {
    count();
    ScalarSums.matmul(mat(a), mat(b), beta, mat(out));
  }

  private static void put(float value, Tensor column, int r) {
    HostBuffer.floats(column)[column.offset() + r * column.rowStride()] = value;
  }

  // ---- rows of classes, losses

  @Override
  public void softmax(Tensor x, Tensor y) {
    count();
    ScalarSoftmax.softmax(mat(x), mat(y));
  }

  @Override
  public void softmaxGrad(Tensor y, Tensor dy, Tensor dx) {
    count();
    ScalarSoftmax.softmaxGrad(mat(y), mat(dy), mat(dx));
  }

  @Override
  public void logSoftmax(Tensor x, Tensor y) {
    count();
    ScalarSoftmax.logSoftmax(mat(x), mat(y));
  }

  @Override
  public void logSoftmaxGrad(Tensor y, Tensor dy, Tensor dx) {
    count();
    ScalarSoftmax.logSoftmaxGrad(mat(y), mat(dy), mat(dx));
  }

  @Override
  public void layerNorm(float eps, Tensor x, Tensor y, Tensor rstd) {
    count();
    ScalarLayerNorm.forward(eps, mat(x), mat(y), mat(rstd));
  }

  @Override
  public void layerNormGrad(Tensor y, Tensor rstd, Tensor dy, Tensor dx) {
    count();
    ScalarLayerNorm.gradient(mat(y), mat(rstd), mat(dy), mat(dx));
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
    count();
    new ScalarCrossEntropy(spec, mat(scores), targets, mat(weights))
        .loss(mat(rowLosses), mat(loss), mat(denominator));
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
    count();
    new ScalarCrossEntropy(spec, mat(scores), targets, mat(weights))
        .gradient(mat(denominator), mat(dLoss), mat(dScores));
  }

  @Override
  public void elementLoss(ElementLoss loss, Tensor x, Tensor target, Tensor out) {
    count();
    Elementwise.each(ScalarMath.loss(loss), mat(x), mat(target), mat(out));
  }

  @Override
  public void elementLossGrad(
      ElementLoss loss, Tensor x, Tensor target, Tensor dOut, float divisor, Tensor dx) {
    count();
    Elementwise.Function3 grad = ScalarMath.lossGrad(loss);
    Elementwise.each(
        (a, t, d) -> grad.of(a, t, d / divisor), mat(x), mat(target), mat(dOut), mat(dx));
  }

  // ---- rows by number

  @Override
  public void gather(Tensor table, Indices rows, Tensor out) {
    count();
    Mat from = mat(table);
    Mat to = mat(out);
    for (int i = 0; i < to.rows; i++) {
      int row = HostBuffer.ints(rows)[rows.offset() + i];
      for (int c = 0; c < to.cols; c++) {
        to.data[to.at(i, c)] = row < 0 ? 0f : from.data[from.at(row, c)];
      }
    }
  }

  @Override
  public void scatterAdd(Tensor dOut, Indices rows, Tensor dTable) {
    count();
    Mat from = mat(dOut);
    Mat to = mat(dTable);
    for (int i = 0; i < from.rows; i++) {
      int row = HostBuffer.ints(rows)[rows.offset() + i];
      for (int c = 0; row >= 0 && c < from.cols; c++) {
        to.data[to.at(row, c)] += from.data[from.at(i, c)];
      }
    }
  }

  // ---- optimiser steps

  @Override
  public void sgdStep(
      SgdStep step,
      Tensor scalars,
      Tensor gradScale,
      List<Tensor> params,
      List<Tensor> grads,
      List<Tensor> buffers) {
    count();
    for (int i = 0; i < params.size(); i++) {
      ScalarOptimisers.sgd(
          step,
          mat(scalars),
          mat(gradScale),
          mat(params.get(i)),
          mat(grads.get(i)),
          state(buffers, i));
    }
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
    count();
    for (int i = 0; i < params.size(); i++) {
      ScalarOptimisers.adam(
          step,
          mat(scalars),
          mat(gradScale),
          mat(params.get(i)),
          mat(grads.get(i)),
          mat(m.get(i)),
          mat(v.get(i)),
          state(vMax, i));
    }
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
    count();
    for (int i = 0; i < params.size(); i++) {
      ScalarOptimisers.rmsprop(
          step,
          mat(scalars),
          mat(gradScale),
          mat(params.get(i)),
          mat(grads.get(i)),
          mat(squares.get(i)),
          state(means, i),
          state(buffers, i));
    }
  }

  private static Mat state(List<Tensor> states, int i) {
    return states.isEmpty() ? null : mat(states.get(i));
  }
}
