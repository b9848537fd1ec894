// SPDX-License-Identifier: Apache-2.0

package dev.unroll.check;

import dev.unroll.AdamStep;
import dev.unroll.RmspropStep;
import dev.unroll.SgdStep;

/**
 * Optimiser steps in double, for one parameter; everything but the gradient is updated in place.
 */
final class OptimizerOracle {
  private OptimizerOracle() {}

  /** buffer is null without momentum. */
  static void sgd(SgdStep step, double rate, double scale, Mat p, Mat grad, Mat buffer) {
    for (int i = 0; i < p.values.length; i++) {
      double g = scale * grad.values[i] + step.weightDecay() * p.values[i];
      if (buffer != null) {
        double old = step.momentum() * buffer.values[i] + step.oneMinusDampening() * g;
        buffer.values[i] = step.first() ? g : old;
        g = step.nesterov() ? g + step.momentum() * buffer.values[i] : buffer.values[i];
      }
      p.values[i] -= rate * g;
    }
  }

  /** scalars: step size, 1 / sqrt(1 - beta2^t), decay; vMax is null without AMSGrad. */
  static void adam(
      AdamStep step, Mat scalars, double scale, Mat p, Mat grad, Mat m, Mat v, Mat vMax) {
    for (int i = 0; i < p.values.length; i++) {
      double g = scale * grad.values[i] + step.weightDecay() * p.values[i];
      p.values[i] *= scalars.at(0, 2);
      m.values[i] = step.beta1() * m.values[i] + step.oneMinusBeta1() * g;
      v.values[i] = step.beta2() * v.values[i] + step.oneMinusBeta2() * g * g;
      double second = v.values[i];
      if (vMax != null) {
        second = Math.max(vMax.values[i], second);
        vMax.values[i] = second;
      }
      double root = Math.sqrt(second) * scalars.at(0, 1) + step.epsilon();
      p.values[i] -= scalars.at(0, 0) * m.values[i] / root;
    }
  }

  /** means is null unless centred, buffer without momentum. */
  static void rmsprop(
      RmspropStep step,
      double rate,
      double scale,
      Mat p,
      Mat grad,
      Mat squares,
      Mat means,
      Mat buffer) {
    for (int i = 0; i < p.values.length; i++) {
      double g = scale * grad.values[i] + step.weightDecay() * p.values[i];
      squares.values[i] = step.alpha() * squares.values[i] + step.oneMinusAlpha() * g * g;
      double variance = squares.values[i];
      if (means != null) {
        means.values[i] = step.alpha() * means.values[i] + step.oneMinusAlpha() * g;
        variance = Math.max(0, variance - means.values[i] * means.values[i]);
      }
      double update = g / (Math.sqrt(variance) + step.epsilon());
      if (buffer != null) {
        buffer.values[i] = step.momentum() * buffer.values[i] + update;
        update = buffer.values[i];
      }
      p.values[i] -= rate * update;
    }
  }
}
