// SPDX-License-Identifier: Apache-2.0

package dev.unroll.check;

import dev.unroll.Activation;
import dev.unroll.Steps;
import java.util.ArrayList;
import java.util.List;

/** Cases of whole sequences: equal and ragged lengths, rows of no length, no steps, no rows. */
final class SequenceCases {
  private static final List<Steps> STEPS =
      List.of(
          Steps.uniform(1, 1),
          Steps.uniform(3, 2),
          Steps.uniform(5, 17),
          Steps.uniform(2, 33),
          Steps.uniform(0, 2),
          Steps.uniform(2, 0),
          Steps.descending(5, 3, 3, 1),
          Steps.descending(4, 4, 2, 0, 0),
          Steps.descending(0, 0),
          Steps.descending(3, 1));

  private static final int[] HIDDEN = {1, 3, 16, 17, 33, 65, 0};
  private static final Values GATE = Values.uniform(0.02, 0.98);
  private static final Values WIDE = Values.uniform(-2, 2);
  private static final Values UNIT = Values.unit();

  private final List<OpCase> cases = new ArrayList<>();
  private final Steps steps;
  private final int batch;
  private final int rows;
  private final int hidden;
  private final int turn;

  private SequenceCases(Steps steps, int hidden, int turn) {
    this.steps = steps;
    this.batch = steps.batch();
    this.rows = steps.rows();
    this.hidden = hidden;
    this.turn = turn;
  }

  static List<OpCase> all() {
    List<OpCase> cases = new ArrayList<>();
    for (int i = 0; i < STEPS.size(); i++) {
      for (int k = 0; k < 3; k++) {
        int turn = k == 0 ? 0 : i + k;
        SequenceCases size = new SequenceCases(STEPS.get(i), HIDDEN[(i + 2 * k) % 7], turn);
        size.rnn(ElementCases.ACTIVATIONS.get((3 * i + k) % ElementCases.ACTIVATIONS.size()));
        size.rnn(k == 0 ? Activation.TANH : Activation.RELU);
        size.lstm(k != 1);
        size.gru(k != 1, k != 2);
        cases.addAll(size.cases);
      }
    }
    return cases;
  }

  /** Whole sequences and their gradients, at one size without gaps. */
  static List<OpCase> dense(Steps steps, int hidden) {
    SequenceCases size = new SequenceCases(steps, hidden, 0);
    size.rnn(Activation.TANH);
    size.lstm(true);
    size.gru(true, true);
    return size.cases;
  }

  private Layout layout(int operand) {
    return turn == 0
        ? Layout.DENSE
        : Layout.WRITABLE[(turn * 3 + operand) % Layout.WRITABLE.length];
  }

  private CaseBuilder of(String op, String note, int gates) {
    return CaseBuilder.of(op, (steps + " H=" + hidden + " " + note).trim())
        .flops(2L * rows * hidden * gates * hidden)
        .in(gates * hidden, hidden, layout(0), weights());
  }

  private Values weights() {
    double bound = 1 / Math.sqrt(Math.max(1, hidden));
    return Values.uniform(-bound, bound);
  }

  /** The golden tolerance of recurrent layers. */
  private static Judged judged(Mat value) {
    return Judged.relative(value, 1e-5, 64 * Judged.U);
  }

  private void rnn(Activation f) {
    String note = ElementCases.text(f);
    Values states = UNIT.firstRows(batch, hidden);
    cases.add(
        of("rnnSequence", note, 1)
            .updated(rows, hidden, layout(1), WIDE)
            .updated(batch + rows, hidden, layout(2), states)
            .build(
                (ops, t, n) -> ops.rnnSequence(steps, f, t[0], t[1], t[2]),
                m -> {
                  CellOracle.rnnSequence(steps, f, m[0], m[1], m[2]);
                  return List.of(judged(m[1]), judged(m[2]));
                }));
    cases.add(
        of("rnnSequenceGrad", note, 1)
            .in(rows, hidden, layout(1), WIDE)
            .in(batch + rows, hidden, layout(2), UNIT)
            .in(rows, hidden, layout(3), UNIT)
            .updated(batch, hidden, layout(4), UNIT)
            .out(rows, hidden, layout(5))
            .build(
                (ops, t, n) -> ops.rnnSequenceGrad(steps, f, t[0], t[1], t[2], t[3], t[4], t[5]),
                m -> {
                  CellOracle.rnnSequenceGrad(steps, f, m[0], m[1], m[2], m[3], m[4], m[5]);
                  return List.of(judged(m[4]), judged(m[5]));
                }));
  }

  private void lstm(boolean withOut) {
    Values states = UNIT.firstRows(batch, hidden);
    cases.add(
        of("lstmSequence", "", 4)
            .updated(rows, 4 * hidden, layout(1), WIDE)
            .updated(batch + rows, hidden, layout(2), states)
            .updated(batch + rows, hidden, layout(3), states)
            .out(rows, hidden, layout(4))
            .build(
                (ops, t, n) -> ops.lstmSequence(steps, t[0], t[1], t[2], t[3], t[4]),
                m -> {
                  CellOracle.lstmSequence(steps, m[0], m[1], m[2], m[3], m[4]);
                  return List.of(judged(m[1]), judged(m[2]), judged(m[3]), judged(m[4]));
                }));
    cases.add(
        of("lstmSequenceGrad", withOut ? "" : "no dOut", 4)
            .in(rows, 4 * hidden, layout(1), GATE)
            .in(batch + rows, hidden, layout(2), UNIT)
            .in(rows, hidden, layout(3), UNIT)
            .in(rows, hidden, layout(4), UNIT)
            .updated(batch, hidden, layout(5), UNIT)
            .updated(batch, hidden, layout(6), UNIT)
            .out(rows, 4 * hidden, layout(7))
            .build(
                (ops, t, n) ->
                    ops.lstmSequenceGrad(
                        steps, t[0], t[1], t[2], t[3], withOut ? t[4] : null, t[5], t[6], t[7]),
                m -> {
                  CellOracle.lstmSequenceGrad(
                      steps, m[0], m[1], m[2], m[3], withOut ? m[4] : null, m[5], m[6], m[7]);
                  return List.of(judged(m[5]), judged(m[6]), judged(m[7]));
                }));
  }

  private void gru(boolean withBias, boolean withOut) {
    Values states = UNIT.firstRows(batch, hidden);
    cases.add(
        of("gruSequence", withBias ? "" : "no bias", 3)
            .in(1, 3 * hidden, layout(1), UNIT)
            .updated(rows, 3 * hidden, layout(2), WIDE)
            .updatedFrom(2 * hidden, rows, 3 * hidden, layout(3), Values.POISON)
            .updated(batch + rows, hidden, layout(4), states)
            .build(
                (ops, t, n) ->
                    ops.gruSequence(steps, t[0], withBias ? t[1] : null, t[2], t[3], t[4]),
                m -> {
                  CellOracle.gruSequence(steps, m[0], withBias ? m[1] : null, m[2], m[3], m[4]);
                  return List.of(judged(m[2]), judged(m[3]), judged(m[4]));
                }));
    cases.add(
        of("gruSequenceGrad", withOut ? "" : "no dOut", 3)
            .in(rows, 3 * hidden, layout(1), GATE)
            .in(rows, 3 * hidden, layout(2), WIDE)
            .in(batch + rows, hidden, layout(3), UNIT)
            .in(rows, hidden, layout(4), UNIT)
            .updated(batch, hidden, layout(5), UNIT)
            .out(rows, 3 * hidden, layout(6))
            .out(rows, 3 * hidden, layout(7))
            .build(
                (ops, t, n) ->
                    ops.gruSequenceGrad(
                        steps, t[0], t[1], t[2], t[3], withOut ? t[4] : null, t[5], t[6], t[7]),
                m -> {
                  CellOracle.gruSequenceGrad(
                      steps, m[0], m[1], m[2], m[3], withOut ? m[4] : null, m[5], m[6], m[7]);
                  return List.of(judged(m[5]), judged(m[6]), judged(m[7]));
                }));
  }
}
