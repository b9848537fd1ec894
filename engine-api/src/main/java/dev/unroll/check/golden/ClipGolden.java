// SPDX-License-Identifier: Apache-2.0

package dev.unroll.check.golden;

import dev.unroll.Arithmetic;
import dev.unroll.Tensor;
import dev.unroll.Unary;
import java.util.ArrayList;
import java.util.List;

/** Clipping of gradients by norm and by value. */
final class ClipGolden {
  private ClipGolden() {}

  static void run(GoldenFile golden, Sheet sheet) {
    List<Tensor> grads = new ArrayList<>();
    for (int i = 0; golden.has("in.grads." + i); i++) {
      grads.add(golden.tensor(sheet.arena, "in.grads." + i));
    }
    if (golden.text("op").equals("clip_grad_value")) {
      float bound = (float) golden.attribute("clip_value");
      grads.forEach(g -> sheet.ops.map(Unary.clamp(-bound, bound), g, g));
    } else {
      byNorm(golden, sheet, grads);
    }
    for (int i = 0; i < grads.size(); i++) {
      sheet.put("out.grads." + i, grads.get(i));
    }
  }

  private static void byNorm(GoldenFile golden, Sheet sheet, List<Tensor> grads) {
    Tensor total = sheet.arena.tensor();
    switch (golden.text("attr.norm_type")) {
      case "2", "2.0" -> sheet.ops.norm(grads, total);
      case "1", "1.0" -> combine(sheet, grads, false, total);
      case "inf" -> combine(sheet, grads, true, total);
      default ->
          throw new UnsupportedFeatureException("norm_type_" + golden.text("attr.norm_type"));
    }
    sheet.put("out.total_norm", total);
    Tensor coefficient = sheet.arena.tensor(1, 1);
    sheet.ops.clipCoefficient(total, (float) golden.attribute("max_norm"), coefficient);
    for (Tensor g : grads) {
      Tensor factor = coefficient.repeatRows(g.rows()).repeatCols(g.cols());
      sheet.ops.binary(Arithmetic.MUL, g, factor, g);
    }
  }

  /** Sum, or largest, of the absolute values of all gradients. */
  private static void combine(Sheet sheet, List<Tensor> grads, boolean largest, Tensor total) {
    Tensor parts = sheet.arena.tensor(1, grads.size());
    for (int i = 0; i < grads.size(); i++) {
      Tensor sizes = sheet.like(grads.get(i));
      sheet.ops.map(Unary.ABS, grads.get(i), sizes);
      if (largest) {
        sheet.ops.maxColumns(sizes.reshape(1, sizes.size()), parts.cols(i, 1));
      } else {
        sheet.ops.sum(sizes, 1, parts.cols(i, 1));
      }
    }
    if (largest) {
      sheet.ops.maxColumns(parts, total);
    } else {
      sheet.ops.sum(parts, 1, total);
    }
  }
}
