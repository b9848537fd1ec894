// SPDX-License-Identifier: Apache-2.0

package dev.unroll.check.golden;

import dev.unroll.Arithmetic;
import dev.unroll.Indices;
import dev.unroll.Tensor;
import dev.unroll.Unary;
import java.util.Locale;

/** Arithmetic with broadcasting, functions of one operand, sums and means. */
final class ElementwiseGolden {
  private final GoldenFile golden;
  private final Sheet sheet;

  private ElementwiseGolden(GoldenFile golden, Sheet sheet) {
    this.golden = golden;
    this.sheet = sheet;
  }

  static void run(GoldenFile golden, Sheet sheet) {
    ElementwiseGolden run = new ElementwiseGolden(golden, sheet);
    String op = golden.text("op");
    switch (op) {
      case "add", "sub", "mul", "div" ->
          run.binary(Arithmetic.valueOf(op.toUpperCase(Locale.ROOT)));
      case "exp" -> run.map(Unary.EXP);
      case "log" -> run.map(Unary.LOG);
      case "sqrt" -> run.map(Unary.SQRT);
      default -> run.reduce(op.equals("reduce_mean"));
    }
  }

  private Tensor seed() {
    return golden.tensorOrNull(sheet.arena, "seed.y");
  }

  private Tensor binary(Arithmetic op, Tensor a, Tensor b) {
    Tensor y = sheet.like(a);
    sheet.ops.binary(op, a, b, y);
    return y;
  }

  private Tensor scaled(float factor, Tensor x) {
    Tensor y = sheet.like(x);
    sheet.ops.axpby(factor, x, 0, y);
    return y;
  }

  private void binary(Arithmetic op) {
    int[] whole = Broadcast.shape(golden.shape("in.a"), golden.shape("in.b"));
    Tensor a = repeated("in.a", whole);
    Tensor b = repeated("in.b", whole);
    Tensor y = binary(op, a, b);
    sheet.put("out.y", y, whole);
    if (golden.has("seed.y")) {
      Tensor dy = sheet.arena.tensor(golden.floats("seed.y"), a.rows(), 1);
      Tensor da =
          switch (op) {
            case ADD, SUB -> dy;
            case MUL -> binary(Arithmetic.MUL, dy, b);
            case DIV -> binary(Arithmetic.DIV, dy, b);
          };
      Tensor db =
          switch (op) {
            case ADD -> dy;
            case SUB -> scaled(-1, dy);
            case MUL -> binary(Arithmetic.MUL, dy, a);
            case DIV -> scaled(-1, binary(Arithmetic.DIV, binary(Arithmetic.MUL, dy, y), b));
          };
      putSummed("a", da, whole);
      putSummed("b", db, whole);
    }
  }

  /** All elements of the whole shape as a column, repeated by number. */
  private Tensor repeated(String name, int... whole) {
    Tensor flat = sheet.arena.tensor(golden.floats(name), Broadcast.product(golden.shape(name)), 1);
    Indices from = sheet.arena.indices(Broadcast.sources(whole, golden.shape(name)));
    Tensor all = sheet.arena.tensor(from.length(), 1);
    sheet.ops.gather(flat, from, all);
    return all;
  }

  private void putSummed(String name, Tensor gradient, int... whole) {
    int[] shape = golden.shape("in." + name);
    Tensor sum = sheet.arena.tensor(Broadcast.product(shape), 1);
    sheet.ops.fill(0, sum);
    Indices to = sheet.arena.indices(Broadcast.sources(whole, shape));
    sheet.ops.scatterAdd(gradient, to, sum);
    sheet.put("grad." + name, sum, shape);
  }

  private void map(Unary f) {
    Tensor x = golden.tensor(sheet.arena, "in.x");
    Tensor y = sheet.like(x);
    sheet.ops.map(f, x, y);
    sheet.put("out.y", y);
    Tensor dy = seed();
    if (dy != null) {
      sheet.put(
          "grad.x",
          switch (f.kind()) {
            case EXP -> binary(Arithmetic.MUL, dy, y);
            case LOG -> binary(Arithmetic.DIV, dy, x);
            default -> binary(Arithmetic.DIV, scaled(0.5f, dy), y);
          });
    }
  }

  private void reduce(boolean mean) {
    Tensor x = golden.tensor(sheet.arena, "in.x");
    String axis = golden.text("attr.axis");
    if (golden.shape("in.x").length != 2) {
      throw new UnsupportedFeatureException("reduce_rank" + golden.shape("in.x").length);
    }
    switch (axis) {
      case "all" -> {
        Tensor y = sheet.arena.tensor();
        sheet.ops.sum(x, mean ? x.size() : 1, y);
        put(y, mean ? x.size() : 1, spread(x, true, true));
      }
      case "0" -> {
        Tensor y = sheet.arena.tensor(1, x.cols());
        sheet.ops.sumRows(x, 0, y);
        int count = mean ? x.rows() : 1;
        put(divided(y, count), count, spread(x, true, false), x.cols());
      }
      default -> {
        Tensor y = sheet.arena.tensor(x.rows(), 1);
        sheet.ops.sumColumns(x, y);
        int count = mean ? x.cols() : 1;
        put(divided(y, count), count, spread(x, false, true), x.rows());
      }
    }
  }

  private void put(Tensor y, int count, Tensor gradient, int... shape) {
    sheet.put("out.y", y, shape);
    if (gradient != null) {
      sheet.put("grad.x", divided(gradient, count));
    }
  }

  private Tensor divided(Tensor x, int count) {
    Tensor divisor = sheet.like(x);
    sheet.ops.fill(count, divisor);
    return binary(Arithmetic.DIV, x, divisor);
  }

  /** The seed repeated to the shape of x, or null without a seed. */
  private Tensor spread(Tensor x, boolean overRows, boolean overCols) {
    if (!golden.has("seed.y")) {
      return null;
    }
    Tensor dy =
        sheet.arena.tensor(
            golden.floats("seed.y"), overRows ? 1 : x.rows(), overCols ? 1 : x.cols());
    dy = overRows ? dy.repeatRows(x.rows()) : dy;
    dy = overCols ? dy.repeatCols(x.cols()) : dy;
    Tensor all = sheet.like(x);
    sheet.ops.copy(dy, all);
    return all;
  }
}
