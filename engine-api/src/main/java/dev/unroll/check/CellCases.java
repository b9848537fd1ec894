// SPDX-License-Identifier: Apache-2.0

package dev.unroll.check;

import java.util.ArrayList;
import java.util.List;

/** Cases of single recurrent steps. */
final class CellCases {
  private static final int[][] SIZES = {
    {0, 3}, {1, 0}, {1, 1}, {2, 3}, {3, 7}, {7, 16}, {5, 17}, {4, 31}, {2, 33}, {1, 64}, {33, 65},
    {3, 129}
  };

  /** What a sigmoid leaves. */
  private static final Values GATE = Values.uniform(0.02, 0.98);

  private static final Values WIDE = Values.uniform(-5, 5);
  private static final Values UNIT = Values.unit();

  private final List<OpCase> cases = new ArrayList<>();

  private CellCases() {}

  static List<OpCase> all() {
    CellCases table = new CellCases();
    for (int i = 0; i < SIZES.length; i++) {
      for (int k = 0; k < 2; k++) {
        int turn = k == 0 ? 0 : i + 1;
        int batch = SIZES[i][0];
        int hidden = SIZES[i][1];
        table.lstm(batch, hidden, turn);
        table.lstmGrad(batch, hidden, turn);
        table.gru(batch, hidden, turn);
        table.gruGrad(batch, hidden, turn);
      }
    }
    return table.cases;
  }

  /** All dense in turn 0, else another layout for each operand. */
  private static Layout layout(int turn, int operand) {
    return turn == 0
        ? Layout.DENSE
        : Layout.WRITABLE[(turn * 3 + operand) % Layout.WRITABLE.length];
  }

  private static CaseBuilder of(String op, int batch, int hidden) {
    return CaseBuilder.of(op, "B=" + batch + " H=" + hidden).flops(10L * batch * hidden);
  }

  /** A sum of few products of functions that are each good to a few units in the last place. */
  private static Judged judged(Mat value) {
    return Judged.relative(value, 4e-6, 16 * Judged.U);
  }

  private void lstm(int batch, int hidden, int turn) {
    cases.add(
        of("lstmCell", batch, hidden)
            .updated(batch, 4 * hidden, layout(turn, 0), WIDE)
            .in(batch, hidden, layout(turn, 1), UNIT)
            .out(batch, hidden, layout(turn, 2))
            .out(batch, hidden, layout(turn, 3))
            .out(batch, hidden, layout(turn, 4))
            .build(
                (ops, t, n) -> ops.lstmCell(t[0], t[1], t[2], t[3], t[4]),
                m -> {
                  CellOracle.lstm(m[0], m[1], m[2], m[3], m[4]);
                  return List.of(judged(m[0]), judged(m[2]), judged(m[3]), judged(m[4]));
                }));
  }

  private void lstmGrad(int batch, int hidden, int turn) {
    cases.add(
        of("lstmCellGrad", batch, hidden)
            .in(batch, 4 * hidden, layout(turn, 0), GATE)
            .in(batch, hidden, layout(turn, 1), UNIT)
            .in(batch, hidden, layout(turn, 2), UNIT)
            .in(batch, hidden, layout(turn, 3), WIDE)
            .updated(batch, hidden, layout(turn, 4), WIDE)
            .out(batch, 4 * hidden, layout(turn, 5))
            .build(
                (ops, t, n) -> ops.lstmCellGrad(t[0], t[1], t[2], t[3], t[4], t[5]),
                m -> {
                  CellOracle.lstmGrad(m[0], m[1], m[2], m[3], m[4], m[5]);
                  return List.of(judged(m[4]), judged(m[5]));
                }));
  }

  private void gru(int batch, int hidden, int turn) {
    cases.add(
        of("gruCell", batch, hidden)
            .updated(batch, 3 * hidden, layout(turn, 0), WIDE)
            .updatedFrom(2 * hidden, batch, 3 * hidden, layout(turn, 1), WIDE)
            .in(batch, hidden, layout(turn, 2), UNIT)
            .out(batch, hidden, layout(turn, 3))
            .build(
                (ops, t, n) -> ops.gruCell(t[0], t[1], t[2], t[3]),
                m -> {
                  CellOracle.gru(m[0], m[1], m[2], m[3]);
                  return List.of(judged(m[0]), Judged.exact(m[1]), judged(m[3]));
                }));
  }

  private void gruGrad(int batch, int hidden, int turn) {
    cases.add(
        of("gruCellGrad", batch, hidden)
            .in(batch, 3 * hidden, layout(turn, 0), GATE)
            .in(batch, 3 * hidden, layout(turn, 1), WIDE)
            .in(batch, hidden, layout(turn, 2), UNIT)
            .updated(batch, hidden, layout(turn, 3), WIDE)
            .out(batch, 3 * hidden, layout(turn, 4))
            .out(batch, 3 * hidden, layout(turn, 5))
            .build(
                (ops, t, n) -> ops.gruCellGrad(t[0], t[1], t[2], t[3], t[4], t[5]),
                m -> {
                  CellOracle.gruGrad(m[0], m[1], m[2], m[3], m[4], m[5]);
                  return List.of(judged(m[3]), judged(m[4]), judged(m[5]));
                }));
  }
}
