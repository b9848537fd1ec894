// SPDX-License-Identifier: Apache-2.0

package dev.unroll.check;

import static dev.unroll.check.ElementOracle.sigmoid;

import dev.unroll.Activation;
import dev.unroll.Steps;

/** Recurrent cells and sequences in double, with the operands of the fused operations. */
final class CellOracle {
  private CellOracle() {}

  /** Activations in place, c, tanh(c) and h. */
  static void lstm(Mat gates, Mat cPrev, Mat c, Mat tanhC, Mat h) {
    int hidden = h.cols;
    for (int b = 0; b < h.rows; b++) {
      for (int j = 0; j < hidden; j++) {
        double i = sigmoid(gates.at(b, j));
        double f = sigmoid(gates.at(b, hidden + j));
        double g = StrictMath.tanh(gates.at(b, 2 * hidden + j));
        double o = sigmoid(gates.at(b, 3 * hidden + j));
        gates.set(b, j, i);
        gates.set(b, hidden + j, f);
        gates.set(b, 2 * hidden + j, g);
        gates.set(b, 3 * hidden + j, o);
        c.set(b, j, f * cPrev.at(b, j) + i * g);
        tanhC.set(b, j, StrictMath.tanh(c.at(b, j)));
        h.set(b, j, o * tanhC.at(b, j));
      }
    }
  }

  /** dc becomes the gradient of cPrev. */
  static void lstmGrad(Mat gates, Mat cPrev, Mat tanhC, Mat dh, Mat dc, Mat dGates) {
    int hidden = dh.cols;
    for (int b = 0; b < dh.rows; b++) {
      for (int j = 0; j < hidden; j++) {
        double i = gates.at(b, j);
        double f = gates.at(b, hidden + j);
        double g = gates.at(b, 2 * hidden + j);
        double o = gates.at(b, 3 * hidden + j);
        double t = tanhC.at(b, j);
        double d = dc.at(b, j) + dh.at(b, j) * o * (1 - t * t);
        dGates.set(b, j, d * g * i * (1 - i));
        dGates.set(b, hidden + j, d * cPrev.at(b, j) * f * (1 - f));
        dGates.set(b, 2 * hidden + j, d * i * (1 - g * g));
        dGates.set(b, 3 * hidden + j, dh.at(b, j) * t * o * (1 - o));
        dc.set(b, j, d * f);
      }
    }
  }

  /** gates become activations; fromH keeps what came from the state. */
  static void gru(Mat gates, Mat fromH, Mat hPrev, Mat h) {
    int hidden = h.cols;
    for (int b = 0; b < h.rows; b++) {
      for (int j = 0; j < hidden; j++) {
        double r = sigmoid(gates.at(b, j) + fromH.at(b, j));
        double z = sigmoid(gates.at(b, hidden + j) + fromH.at(b, hidden + j));
        double n = StrictMath.tanh(gates.at(b, 2 * hidden + j) + r * fromH.at(b, 2 * hidden + j));
        gates.set(b, j, r);
        gates.set(b, hidden + j, z);
        gates.set(b, 2 * hidden + j, n);
        h.set(b, j, (1 - z) * n + z * hPrev.at(b, j));
      }
    }
  }

  /** dh becomes dh * z. */
  static void gruGrad(Mat gates, Mat fromH, Mat hPrev, Mat dh, Mat dGates, Mat dFromH) {
    int hidden = dh.cols;
    for (int b = 0; b < dh.rows; b++) {
      for (int j = 0; j < hidden; j++) {
        double r = gates.at(b, j);
        double z = gates.at(b, hidden + j);
        double n = gates.at(b, 2 * hidden + j);
        double d = dh.at(b, j);
        double dn = d * (1 - z) * (1 - n * n);
        double dr = dn * fromH.at(b, 2 * hidden + j) * r * (1 - r);
        double dz = d * (hPrev.at(b, j) - n) * z * (1 - z);
        dGates.set(b, j, dr);
        dGates.set(b, hidden + j, dz);
        dGates.set(b, 2 * hidden + j, dn);
        dFromH.set(b, j, dr);
        dFromH.set(b, hidden + j, dz);
        dFromH.set(b, 2 * hidden + j, dn * r);
        dh.set(b, j, d * z);
      }
    }
  }

  static void rnnSequence(Steps steps, Activation f, Mat wHh, Mat pre, Mat hs) {
    for (int t = 0; t < steps.count(); t++) {
      int n = steps.size(t);
      Mat sum = plus(pre.rows(steps.offset(t), n), hs.rows(steps.previous(t), n), wHh.transposed());
      pre.setRows(steps.offset(t), sum);
      hs.setRows(steps.next(t), Mat.of(n, hs.cols, (r, c) -> ElementOracle.value(f, sum.at(r, c))));
    }
  }

  static void rnnSequenceGrad(
      Steps steps, Activation f, Mat wHh, Mat pre, Mat hs, Mat dOut, Mat dh, Mat dPre) {
    for (int t = steps.count() - 1; t >= 0; t--) {
      int at = steps.offset(t);
      int next = steps.next(t);
      Mat d = arriving(dh, dOut, at, steps.size(t));
      Mat dp =
          Mat.of(
              d.rows,
              d.cols,
              (r, c) -> d.at(r, c) * ElementOracle.slope(f, pre.at(at + r, c), hs.at(next + r, c)));
      dPre.setRows(at, dp);
      dh.setRows(0, dp.times(wHh));
    }
  }

  static void lstmSequence(Steps steps, Mat wHh, Mat gates, Mat hs, Mat cs, Mat tanhC) {
    for (int t = 0; t < steps.count(); t++) {
      int at = steps.offset(t);
      int n = steps.size(t);
      Mat g = plus(gates.rows(at, n), hs.rows(steps.previous(t), n), wHh.transposed());
      Mat c = new Mat(n, hs.cols);
      Mat tc = new Mat(n, hs.cols);
      Mat h = new Mat(n, hs.cols);
      lstm(g, cs.rows(steps.previous(t), n), c, tc, h);
      gates.setRows(at, g);
      cs.setRows(steps.next(t), c);
      tanhC.setRows(at, tc);
      hs.setRows(steps.next(t), h);
    }
  }

  static void lstmSequenceGrad(
      Steps steps, Mat wHh, Mat gates, Mat cs, Mat tanhC, Mat dOut, Mat dh, Mat dc, Mat dGates) {
    for (int t = steps.count() - 1; t >= 0; t--) {
      int at = steps.offset(t);
      int n = steps.size(t);
      Mat d = arriving(dh, dOut, at, n);
      Mat dcT = dc.rows(0, n);
      Mat dg = new Mat(n, gates.cols);
      lstmGrad(gates.rows(at, n), cs.rows(steps.previous(t), n), tanhC.rows(at, n), d, dcT, dg);
      dGates.setRows(at, dg);
      dc.setRows(0, dcT);
      dh.setRows(0, dg.times(wHh));
    }
  }

  static void gruSequence(Steps steps, Mat wHh, Mat bHh, Mat gates, Mat fromH, Mat hs) {
    for (int t = 0; t < steps.count(); t++) {
      int at = steps.offset(t);
      int n = steps.size(t);
      Mat hPrev = hs.rows(steps.previous(t), n);
      Mat bias = Mat.of(n, gates.cols, (r, c) -> bHh == null ? 0 : bHh.at(0, c));
      Mat u = plus(bias, hPrev, wHh.transposed());
      Mat g = gates.rows(at, n);
      Mat h = new Mat(n, hs.cols);
      gru(g, u, hPrev, h);
      gates.setRows(at, g);
      fromH.setRows(at, u);
      hs.setRows(steps.next(t), h);
    }
  }

  static void gruSequenceGrad(
      Steps steps,
      Mat wHh,
      Mat gates,
      Mat fromH,
      Mat hs,
      Mat dOut,
      Mat dh,
      Mat dGates,
      Mat dFromH) {
    for (int t = steps.count() - 1; t >= 0; t--) {
      int at = steps.offset(t);
      int n = steps.size(t);
      Mat d = arriving(dh, dOut, at, n);
      Mat dg = new Mat(n, gates.cols);
      Mat du = new Mat(n, gates.cols);
      Mat hPrev = hs.rows(steps.previous(t), n);
      gruGrad(gates.rows(at, n), fromH.rows(at, n), hPrev, d, dg, du);
      dGates.setRows(at, dg);
      dFromH.setRows(at, du);
      dh.setRows(0, plus(d, du, wHh));
    }
  }

  private static Mat plus(Mat base, Mat a, Mat b) {
    Mat product = a.times(b);
    return Mat.of(base.rows, base.cols, (r, c) -> base.at(r, c) + product.at(r, c));
  }

  private static Mat arriving(Mat dh, Mat dOut, int at, int n) {
    return Mat.of(n, dh.cols, (r, c) -> dh.at(r, c) + (dOut == null ? 0 : dOut.at(at + r, c)));
  }
}
