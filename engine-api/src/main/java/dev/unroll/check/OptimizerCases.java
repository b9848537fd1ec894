// SPDX-License-Identifier: Apache-2.0

package dev.unroll.check;

import dev.unroll.AdamStep;
import dev.unroll.RmspropStep;
import dev.unroll.SgdStep;
import dev.unroll.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Cases of the optimiser steps: three parameters of different shapes, every option. */
final class OptimizerCases {
  private static final int[][] SHAPES = {{7, 33}, {1, 130}, {0, 5}, {65, 3}};
  private static final Values SMALL = Values.uniform(-0.1, 0.1);
  private static final Values SQUARES = Values.uniform(0.05, 0.2);

  private final List<OpCase> cases = new ArrayList<>();

  private OptimizerCases() {}

  static List<OpCase> all() {
    OptimizerCases table = new OptimizerCases();
    for (boolean scaled : new boolean[] {false, true}) {
      table.sgd(new SgdStep(0, 0, 1, false, false), scaled);
      table.sgd(new SgdStep(0.01f, 0, 1, false, false), scaled);
      table.sgd(new SgdStep(0, 0.9f, 1, false, true), scaled);
      table.sgd(new SgdStep(0, 0.9f, 0.7f, false, false), scaled);
      table.sgd(new SgdStep(0.01f, 0.9f, 1, true, false), scaled);
      table.sgd(new SgdStep(0.01f, 0.9f, 1, true, true), scaled);
      for (boolean largest : new boolean[] {false, true}) {
        table.adam(0, 1, largest, scaled);
        table.adam(0.01f, 1, largest, scaled);
        table.adam(0, 0.9999f, largest, scaled);
        table.rmsprop(new RmspropStep(0.99f, 0.01f, 1e-8f, 0, 0), largest, scaled);
        table.rmsprop(new RmspropStep(0.99f, 0.01f, 1e-8f, 0.01f, 0), largest, scaled);
        table.rmsprop(new RmspropStep(0.99f, 0.01f, 1e-8f, 0, 0.9f), largest, scaled);
      }
      // Adagrad.
      table.rmsprop(new RmspropStep(1, 1, 1e-10f, 0.01f, 0), false, scaled);
    }
    return table.cases;
  }

  /** The operands that all steps share, then one group for each state. */
  private static CaseBuilder of(String op, String settings, boolean scaled, float... scalars) {
    CaseBuilder builder =
        CaseBuilder.of(op, settings + (scaled ? " scaled" : ""))
            .in(1, scalars.length, Layout.COLS, Values.given(scalars))
            .in(1, 1, Layout.ROWS, Values.constant(0.37f));
    group(builder, true, Values.unit());
    group(builder, false, SMALL);
    return builder;
  }

  private static void group(CaseBuilder builder, boolean updated, Values values) {
    for (int i = 0; i < SHAPES.length; i++) {
      Layout layout = Layout.WRITABLE[(i + builder.operands.size()) % Layout.WRITABLE.length];
      if (updated) {
        builder.updated(SHAPES[i][0], SHAPES[i][1], layout, values);
      } else {
        builder.in(SHAPES[i][0], SHAPES[i][1], layout, values);
      }
      builder.flops += (long) SHAPES[i][0] * SHAPES[i][1];
    }
  }

  /** Number g of the groups behind the two scalars; empty if it is not used. */
  private static <T> List<T> group(T[] all, int g, boolean used) {
    int from = 2 + g * SHAPES.length;
    return used ? Arrays.asList(all).subList(from, from + SHAPES.length) : List.of();
  }

  private static Tensor scale(Tensor[] t, boolean scaled) {
    return scaled ? t[1] : null;
  }

  /** One parameter's update on a row of groups: parameter, gradient, states or null. */
  @FunctionalInterface
  private interface Update {
    void apply(Mat p, Mat g, Mat s1, Mat s2, Mat s3);
  }

  private static List<Judged> results(Mat[] m, Update update, boolean... states) {
    List<Judged> results = new ArrayList<>();
    for (int i = 0; i < SHAPES.length; i++) {
      Mat[] s = new Mat[3];
      int group = 2;
      for (int k = 0; k < states.length; k++) {
        s[k] = states[k] ? group(m, group++, true).get(i) : null;
      }
      update.apply(group(m, 0, true).get(i), group(m, 1, true).get(i), s[0], s[1], s[2]);
    }
    int groups = 2;
    for (boolean state : states) {
      groups += state ? 1 : 0;
    }
    for (int g = 0; g < groups; g++) {
      if (g != 1) {
        group(m, g, true).forEach(x -> results.add(Judged.relative(x, 5e-6, 4 * Judged.U)));
      }
    }
    return results;
  }

  private void sgd(SgdStep step, boolean scaled) {
    boolean momentum = step.momentum() != 0;
    CaseBuilder builder = of("sgdStep", settings(step), scaled, 0.05f);
    if (momentum) {
      group(builder, true, step.first() ? Values.POISON : SMALL);
    }
    cases.add(
        builder.build(
            (ops, t, n) ->
                ops.sgdStep(
                    step,
                    t[0],
                    scale(t, scaled),
                    group(t, 0, true),
                    group(t, 1, true),
                    group(t, 2, momentum)),
            m ->
                results(
                    m,
                    (p, g, b, x, y) ->
                        OptimizerOracle.sgd(step, m[0].at(0, 0), scale(m, scaled), p, g, b),
                    momentum)));
  }

  private void adam(float weightDecay, float decay, boolean largest, boolean scaled) {
    AdamStep step = new AdamStep(0.9f, 0.1f, 0.999f, 0.001f, 1e-8f, weightDecay);
    String text = "wd=" + weightDecay + " decay=" + decay + (largest ? " amsgrad" : "");
    CaseBuilder builder = of("adamStep", text, scaled, 0.003f, 3.2f, decay);
    group(builder, true, SMALL);
    group(builder, true, SQUARES);
    if (largest) {
      group(builder, true, SQUARES);
    }
    cases.add(
        builder.build(
            (ops, t, n) ->
                ops.adamStep(
                    step,
                    t[0],
                    scale(t, scaled),
                    group(t, 0, true),
                    group(t, 1, true),
                    group(t, 2, true),
                    group(t, 3, true),
                    group(t, 4, largest)),
            m ->
                results(
                    m,
                    (p, g, first, second, most) ->
                        OptimizerOracle.adam(
                            step, m[0], scale(m, scaled), p, g, first, second, most),
                    true,
                    true,
                    largest)));
  }

  private void rmsprop(RmspropStep step, boolean centered, boolean scaled) {
    boolean buffered = step.momentum() != 0;
    String text =
        "alpha="
            + step.alpha()
            + " wd="
            + step.weightDecay()
            + " momentum="
            + step.momentum()
            + (centered ? " centered" : "");
    CaseBuilder builder = of("rmspropStep", text, scaled, 0.01f);
    group(builder, true, SQUARES);
    if (centered) {
      group(builder, true, SMALL);
    }
    if (buffered) {
      group(builder, true, SMALL);
    }
    cases.add(
        builder.build(
            (ops, t, n) ->
                ops.rmspropStep(
                    step,
                    t[0],
                    scale(t, scaled),
                    group(t, 0, true),
                    group(t, 1, true),
                    group(t, 2, true),
                    group(t, 3, centered),
                    group(t, centered ? 4 : 3, buffered)),
            m ->
                results(
                    m,
                    (p, g, squares, means, buffer) ->
                        OptimizerOracle.rmsprop(
                            step, m[0].at(0, 0), scale(m, scaled), p, g, squares, means, buffer),
                    true,
                    centered,
                    buffered)));
  }

  private static double scale(Mat[] m, boolean scaled) {
    return scaled ? m[1].at(0, 0) : 1;
  }

  private static String settings(SgdStep step) {
    return "wd="
        + step.weightDecay()
        + " momentum="
        + step.momentum()
        + " damped="
        + step.oneMinusDampening()
        + (step.nesterov() ? " nesterov" : "")
        + (step.first() ? " first" : "");
  }
}
