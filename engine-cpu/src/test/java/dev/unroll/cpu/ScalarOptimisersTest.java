// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import dev.unroll.AdamStep;
import dev.unroll.RmspropStep;
import dev.unroll.SgdStep;
import dev.unroll.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Optimiser steps, by values known by hand; the second parameter is a strided view. */
class ScalarOptimisersTest extends ScalarFixture {
  private static final List<Tensor> NONE = List.of();

  @Test
  void plainSgdOfSeveralParameters() {
    Tensor p = row(1f, INF);
    Tensor q = strided(2, 1, 1f, NAN);
    List<Tensor> grads = List.of(row(2f, 4f), strided(2, 1, 6f, 1f));
    SgdStep step = new SgdStep(0f, 0f, 1f, false, true);
    ops.sgdStep(step, row(0.5f), null, List.of(p, q), grads, NONE);
    assertBits(p, 0f, INF); // no weight decay: an infinite parameter is not multiplied by 0
    assertBits(q, -2f, NAN);
    ops.sgdStep(step, row(0.5f), row(0.25f), List.of(p, q), grads, NONE);
    assertBits(p, -0.25f, INF);
    assertBits(q, -2.75f, NAN);
  }

  @Test
  void sgdWeightDecayFollowsTheScale() {
    Tensor p = row(4f);
    ops.sgdStep(
        new SgdStep(0.5f, 0f, 1f, false, true),
        row(1f),
        row(0.25f),
        List.of(p),
        List.of(row(4f)),
        NONE);
    assertBits(p, 1f); // g = 4 / 4 + 4 / 2
  }

  @Test
  void sgdMomentumWithDampening() {
    Tensor p = row(1f);
    Tensor buffer = row(NAN);
    List<Tensor> grads = List.of(row(2f));
    ops.sgdStep(
        new SgdStep(0f, 0.5f, 0.25f, false, true),
        row(0.5f),
        null,
        List.of(p),
        grads,
        List.of(buffer));
    assertBits(buffer, 2f);
    assertBits(p, 0f);
    ops.sgdStep(
        new SgdStep(0f, 0.5f, 0.25f, false, false),
        row(0.5f),
        null,
        List.of(p),
        grads,
        List.of(buffer));
    assertBits(buffer, 1.5f);
    assertBits(p, -0.75f);
  }

  @Test
  void nesterovLooksAhead() {
    Tensor p = row(1f);
    Tensor buffer = row(8f);
    ops.sgdStep(
        new SgdStep(0f, 0.5f, 1f, true, false),
        row(0.5f),
        null,
        List.of(p),
        List.of(row(2f)),
        List.of(buffer));
    assertBits(buffer, 6f);
    assertBits(p, -1.5f); // 1 - (2 + 6 / 2) / 2
  }

  @Test
  void adamWithDecoupledDecay() {
    Tensor p = strided(1, 1, 1f);
    Tensor m = strided(1, 1, 0f);
    Tensor v = strided(1, 1, 0f);
    AdamStep step = new AdamStep(0.5f, 0.5f, 0.75f, 0.25f, 0f, 0f);
    ops.adamStep(
        step,
        row(0.5f, 2f, 0.5f),
        null,
        List.of(p),
        List.of(row(2f)),
        List.of(m),
        List.of(v),
        NONE);
    assertBits(m, 1f);
    assertBits(v, 1f);
    assertBits(p, 0.25f); // 1 / 2 - (1 / 2) * 1 / (1 * 2)
  }

  @Test
  void adamAddsEpsilonAfterTheCorrectionAndDecaysTheGradient() {
    Tensor p = row(4f);
    Tensor m = row(2f);
    Tensor v = row(4f);
    AdamStep step = new AdamStep(0.5f, 0.5f, 0.5f, 0.5f, 4f, 0.25f);
    ops.adamStep(
        step,
        row(1f, 2f, 1f),
        row(0.5f),
        List.of(p),
        List.of(row(2f)),
        List.of(m),
        List.of(v),
        NONE);
    assertBits(m, 2f); // g = 1 + 1
    assertBits(v, 4f);
    assertBits(p, 3.75f); // 4 - 2 / (2 * 2 + 4)
  }

  @Test
  void amsgradKeepsTheLargestAndNaN() {
    Tensor p = row(1f, 1f, 1f, 1f);
    Tensor m = row(0f, 0f, 0f, 0f);
    Tensor v = row(0f, 0f, NAN, 0f);
    Tensor vMax = row(4f, 0.25f, 9f, NAN);
    AdamStep step = new AdamStep(0.5f, 0.5f, 0.75f, 0.25f, 0f, 0f);
    ops.adamStep(
        step,
        row(1f, 1f, 1f),
        null,
        List.of(p),
        List.of(row(2f, 2f, 2f, 2f)),
        List.of(m),
        List.of(v),
        List.of(vMax));
    assertBits(vMax, 4f, 1f, NAN, NAN);
    assertBits(p, 0.5f, 0f, NAN, NAN);
  }

  @Test
  void rmsprop() {
    Tensor p = row(1f, 5f);
    Tensor squares = row(4f, 0f);
    ops.rmspropStep(
        new RmspropStep(0.5f, 0.5f, 2f, 0.25f, 0f),
        row(0.5f),
        null,
        List.of(p),
        List.of(row(1.75f, -1.25f)),
        List.of(squares),
        NONE,
        NONE);
    assertBits(squares, 4f, 0f);
    assertBits(p, 0.75f, 5f); // 1 - (2 / (2 + 2)) / 2
  }

  @Test
  void centredRmspropNeverTakesTheRootOfANegative() {
    Tensor p = row(1f, 1f);
    Tensor squares = row(4f, 4f);
    Tensor means = row(-2f, 6f);
    ops.rmspropStep(
        new RmspropStep(0.5f, 0.5f, 1f, 0f, 0f),
        row(0.5f),
        null,
        List.of(p),
        List.of(row(2f, 2f)),
        List.of(squares),
        List.of(means),
        NONE);
    assertBits(means, 0f, 4f);
    assertBits(p, 1f - 0.5f * (2f / 3f), 0f); // roots of 4 - 0 and of 4 - 16, taken as 0
  }

  @Test
  void rmspropMomentum() {
    Tensor p = strided(1, 1, 1f);
    Tensor buffer = strided(1, 1, 2f);
    ops.rmspropStep(
        new RmspropStep(0.5f, 0.5f, 0f, 0f, 0.5f),
        row(0.5f),
        null,
        List.of(p),
        List.of(row(2f)),
        List.of(row(4f)),
        NONE,
        List.of(buffer));
    assertBits(buffer, 2f); // 2 / 2 + 2 / 2
    assertBits(p, 0f);
  }
}
