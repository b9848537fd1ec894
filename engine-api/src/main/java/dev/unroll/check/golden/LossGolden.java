// SPDX-License-Identifier: Apache-2.0

package dev.unroll.check.golden;

import dev.unroll.ElementLoss;
import dev.unroll.Reduction;
import dev.unroll.Tensor;

/** Element-wise losses with their reductions. */
final class LossGolden {
  private LossGolden() {}

  static ElementLoss loss(String type) {
    return switch (type) {
      case "bce" -> ElementLoss.BINARY_CROSS_ENTROPY;
      case "bce_with_logits" -> ElementLoss.BINARY_CROSS_ENTROPY_WITH_LOGITS;
      case "mse" -> ElementLoss.SQUARED;
      default -> throw new IllegalArgumentException("unknown loss '" + type + "'");
    };
  }

  static void run(GoldenFile golden, Sheet sheet) {
    String op = golden.text("op");
    String name =
        switch (op) {
          case "bce" -> "p";
          case "mse" -> "pred";
          default -> "logits";
        };
    ElementLoss loss = loss(op);
    Reduction reduction = ClassGolden.reduction(golden.text("attr.reduction"));
    Tensor x = golden.tensor(sheet.arena, "in." + name);
    Tensor target = golden.tensor(sheet.arena, "in.target");
    Tensor elements = sheet.like(x);
    float divisor = reduction == Reduction.MEAN ? x.size() : 1;
    sheet.ops.elementLoss(loss, x, target, elements);
    if (reduction == Reduction.NONE) {
      sheet.put("out.loss", elements);
    } else {
      Tensor sum = sheet.arena.tensor();
      sheet.ops.sum(elements, divisor, sum);
      sheet.put("out.loss", sum);
    }
    Tensor dLoss = golden.tensorOrNull(sheet.arena, "seed.loss");
    if (dLoss != null) {
      boolean none = reduction == Reduction.NONE;
      Tensor dOut = none ? dLoss : dLoss.repeatRows(x.rows()).repeatCols(x.cols());
      Tensor dx = sheet.like(x);
      sheet.ops.elementLossGrad(loss, x, target, dOut, divisor, dx);
      sheet.put("grad." + name, dx);
    }
  }
}
