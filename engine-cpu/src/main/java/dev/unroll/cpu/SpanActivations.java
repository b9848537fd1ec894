// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import dev.unroll.Activation;
import dev.unroll.cpu.Elementwise.Function1;
import dev.unroll.cpu.Elementwise.Function2;

/** Activations over contiguous spans: as vectors where there is a loop for it, else one by one. */
final class SpanActivations {
  private SpanActivations() {}

  /** y = f(x). */
  static void apply(Activation f, int n, float[] x, int xo, float[] y, int yo) {
    switch (f.kind()) {
      case IDENTITY -> System.arraycopy(x, xo, y, yo, n);
      case SIGMOID -> VectorLoops.SIGMOID.run(n, x, xo, y, yo);
      case TANH -> VectorLoops.TANH.run(n, x, xo, y, yo);
      case RELU -> Spans.relu(n, x, xo, y, yo);
      case GELU_ERF -> VectorLoops.GELU_ERF.run(n, x, xo, y, yo);
      case GELU_TANH -> VectorLoops.GELU_TANH.run(n, x, xo, y, yo);
      case SILU -> VectorLoops.SILU.run(n, x, xo, y, yo);
      default -> {
        Function1 scalar = ScalarMath.activation(f);
        for (int i = 0; i < n; i++) {
          y[yo + i] = scalar.of(x[xo + i]);
        }
      }
    }
  }

  /** dx = dy * f'(x). x is read only if f needs it, y likewise. */
  static void grad(
      Activation f,
      int n,
      float[] x,
      int xo,
      float[] y,
      int yo,
      float[] dy,
      int dyo,
      float[] dx,
      int dxo) {
    switch (f.kind()) {
      case IDENTITY -> System.arraycopy(dy, dyo, dx, dxo, n);
      case SIGMOID -> Spans.sigmoidGrad(n, y, yo, dy, dyo, dx, dxo);
      case TANH -> Spans.tanhGrad(n, y, yo, dy, dyo, dx, dxo);
      case RELU -> Spans.reluGrad(n, y, yo, dy, dyo, dx, dxo);
      case GELU_ERF -> VectorLoops.GELU_ERF_GRAD.run(n, x, xo, dy, dyo, dx, dxo);
      case GELU_TANH -> VectorLoops.GELU_TANH_GRAD.run(n, x, xo, dy, dyo, dx, dxo);
      case SILU -> VectorLoops.SILU_GRAD.run(n, x, xo, dy, dyo, dx, dxo);
      default -> {
        Function2 scalar = ScalarMath.activationGrad(f);
        for (int i = 0; i < n; i++) {
          dx[dxo + i] = scalar.of(x[xo + i], dy[dyo + i]);
        }
      }
    }
  }
}
