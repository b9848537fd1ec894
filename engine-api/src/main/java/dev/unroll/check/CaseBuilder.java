// SPDX-License-Identifier: Apache-2.0

package dev.unroll.check;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Describes a case: operands in the order in which the body and the oracle receive them. */
final class CaseBuilder {
  final String op;
  final String label;
  final List<Operand> operands = new ArrayList<>();
  final List<int[]> indices = new ArrayList<>();
  long flops;

  private CaseBuilder(String op, String label) {
    this.op = op;
    this.label = label;
  }

  static CaseBuilder of(String op, String label) {
    return new CaseBuilder(op, label);
  }

  CaseBuilder in(int rows, int cols, Layout layout, Values values) {
    return operand(Operand.Role.IN, rows, cols, layout, values);
  }

  CaseBuilder out(int rows, int cols, Layout layout) {
    return operand(Operand.Role.OUT, rows, cols, layout, Values.POISON);
  }

  CaseBuilder updated(int rows, int cols, Layout layout, Values values) {
    return operand(Operand.Role.UPDATED, rows, cols, layout, values);
  }

  /** Of which only the columns from firstCol on are a defined result. */
  CaseBuilder updatedFrom(int firstCol, int rows, int cols, Layout layout, Values values) {
    operands.add(new Operand(Operand.Role.UPDATED, rows, cols, layout, values, -1, firstCol));
    return this;
  }

  /** An output that is exactly the view of an earlier operand. */
  CaseBuilder inPlaceOf(int alias) {
    Operand of = operands.get(alias);
    operands.add(
        new Operand(Operand.Role.OUT, of.rows(), of.cols(), of.layout(), of.values(), alias, 0));
    return this;
  }

  /** As {@link #inPlaceOf} if asked, else an output of its own in the next layout. */
  CaseBuilder outOrInPlace(boolean inPlace, int alias, Layout layout) {
    Operand of = operands.get(alias);
    return inPlace ? inPlaceOf(alias) : out(of.rows(), of.cols(), layout);
  }

  CaseBuilder numbers(int... values) {
    indices.add(values);
    return this;
  }

  CaseBuilder flops(long count) {
    flops = count;
    return this;
  }

  OpCase build(OpCase.Body body, OpCase.Truth truth) {
    return new OpCase(this, body, truth);
  }

  String name() {
    List<String> layouts = new ArrayList<>();
    boolean inPlace = false;
    for (Operand operand : operands) {
      inPlace |= operand.alias() >= 0;
      layouts.add(operand.layout().text);
    }
    return op
        + (label.isEmpty() ? "" : " " + label)
        + (inPlace ? " in-place " : " ")
        + layouts(layouts);
  }

  /** Of each operand in order; each once where there are many. */
  private static String layouts(List<String> all) {
    Set<String> kinds = new LinkedHashSet<>(all);
    boolean each = kinds.size() > 1 && all.size() <= 8;
    return String.join("/", each ? all : kinds);
  }

  private CaseBuilder operand(Operand.Role role, int rows, int cols, Layout layout, Values values) {
    operands.add(new Operand(role, rows, cols, layout, values, -1, 0));
    return this;
  }
}
