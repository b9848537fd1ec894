// SPDX-License-Identifier: Apache-2.0

package dev.unroll.check.golden;

import dev.unroll.Activation;
import dev.unroll.Tensor;

/** Cases of single operations: finds who runs each, and runs the activations. */
final class OpGolden {
  private OpGolden() {}

  static void run(GoldenFile golden, Sheet sheet) {
    String op = golden.text("op");
    switch (op) {
      case "matmul", "gemm" -> MatmulGolden.run(golden, sheet);
      case "add", "sub", "mul", "div", "exp", "log", "sqrt", "reduce_sum", "reduce_mean" ->
          ElementwiseGolden.run(golden, sheet);
      case "softmax", "log_softmax", "cross_entropy", "nll_loss" -> ClassGolden.run(golden, sheet);
      case "bce", "bce_with_logits", "mse" -> LossGolden.run(golden, sheet);
      case "clip_grad_norm", "clip_grad_value" -> ClipGolden.run(golden, sheet);
      default -> activation(activationOf(op, golden), golden, sheet);
    }
  }

  private static Activation activationOf(String op, GoldenFile golden) {
    return switch (op) {
      case "leaky_relu" -> Activation.leakyRelu(golden.attribute("negative_slope", 0.01));
      case "elu" -> Activation.elu(golden.attribute("alpha", 1));
      case "gelu" -> gelu(golden.text("attr.approximate", "none"));
      case "softplus" ->
          Activation.softplus(golden.attribute("beta", 1), golden.attribute("threshold", 20));
      case "hard_sigmoid" ->
          Activation.hardSigmoid(golden.attribute("alpha", 0.2), golden.attribute("beta", 0.5));
      default -> plain(op);
    };
  }

  /** An activation without parameters. */
  static Activation plain(String op) {
    return switch (op) {
      case "identity" -> Activation.IDENTITY;
      case "sigmoid" -> Activation.SIGMOID;
      case "tanh" -> Activation.TANH;
      case "relu" -> Activation.RELU;
      case "silu" -> Activation.SILU;
      case "softplus" -> Activation.softplus(1, 20);
      default -> throw new IllegalArgumentException("unknown op '" + op + "'");
    };
  }

  static Activation gelu(String approximate) {
    return approximate.equals("tanh") ? Activation.GELU_TANH : Activation.GELU_ERF;
  }

  private static void activation(Activation f, GoldenFile golden, Sheet sheet) {
    Tensor x = golden.tensor(sheet.arena, "in.x");
    Tensor y = sheet.like(x);
    sheet.ops.activate(f, x, y);
    sheet.put("out.y", y);
    if (golden.has("seed.y")) {
      Tensor dx = sheet.like(x);
      sheet.ops.activateGrad(f, x, y, golden.tensor(sheet.arena, "seed.y"), dx);
      sheet.put("grad.x", dx);
    }
  }
}
