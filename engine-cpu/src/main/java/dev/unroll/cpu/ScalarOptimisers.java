// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import dev.unroll.AdamStep;
import dev.unroll.RmspropStep;
import dev.unroll.SgdStep;

/**
 * One optimiser step of one parameter, element by element. States that a setting does without are
 * null; so is the factor of the gradients [1, 1] if there is none.
 */
final class ScalarOptimisers {
  private ScalarOptimisers() {}

  /** scalars [1, 1]: learning rate. */
  static void sgd(SgdStep step, Mat scalars, Mat gradScale, Mat p, Mat g, Mat buffer) {
    float rate = scalar(scalars, 0);
    for (int r = 0; r < p.rows; r++) {
      for (int c = 0; c < p.cols; c++) {
        float old = p.data[p.at(r, c)];
        float grad = gradient(g.data[g.at(r, c)], gradScale, step.weightDecay(), old);
        float u = buffer == null ? grad : sgdDirection(step, grad, buffer.data, buffer.at(r, c));
        p.data[p.at(r, c)] = old - (rate * u);
      }
    }
  }

  private static float sgdDirection(SgdStep step, float grad, float[] buffer, int at) {
    float u =
        step.first() ? grad : (step.momentum() * buffer[at]) + (step.oneMinusDampening() * grad);
    buffer[at] = u;
    return step.nesterov() ? grad + (step.momentum() * u) : u;
  }

  /** scalars [1, 3]: step size, factor of the root, decoupled decay. */
  static void adam(
      AdamStep step, Mat scalars, Mat gradScale, Mat p, Mat g, Mat m, Mat v, Mat vMax) {
    float size = scalar(scalars, 0);
    float rootScale = scalar(scalars, 1);
    float decay = scalar(scalars, 2);
    for (int r = 0; r < p.rows; r++) {
      for (int c = 0; c < p.cols; c++) {
        float old = p.data[p.at(r, c)];
        float grad = gradient(g.data[g.at(r, c)], gradScale, step.weightDecay(), old);
        float mean = average(step.beta1(), step.oneMinusBeta1(), m.data, m.at(r, c), grad);
        float square = average(step.beta2(), step.oneMinusBeta2(), v.data, v.at(r, c), grad * grad);
        float q = vMax == null ? square : largest(vMax.data, vMax.at(r, c), square);
        float root = (ScalarMath.sqrt(q) * rootScale) + step.epsilon();
        p.data[p.at(r, c)] = (old * decay) - (size * (mean / root));
      }
    }
  }

  /** scalars [1, 1]: learning rate. */
  static void rmsprop(
      RmspropStep step,
      Mat scalars,
      Mat gradScale,
      Mat p,
      Mat g,
      Mat squares,
      Mat means,
      Mat buffer) {
    float rate = scalar(scalars, 0);
    float alpha = step.alpha();
    float rest = step.oneMinusAlpha();
    for (int r = 0; r < p.rows; r++) {
      for (int c = 0; c < p.cols; c++) {
        float old = p.data[p.at(r, c)];
        float grad = gradient(g.data[g.at(r, c)], gradScale, step.weightDecay(), old);
        float q = average(alpha, rest, squares.data, squares.at(r, c), grad * grad);
        if (means != null) {
          float mean = average(alpha, rest, means.data, means.at(r, c), grad);
          q = q - (mean * mean);
          q = q <= 0f ? 0f : q;
        }
        float u = grad / (ScalarMath.sqrt(q) + step.epsilon());
        u = buffer == null ? u : average(step.momentum(), 1f, buffer.data, buffer.at(r, c), u);
        p.data[p.at(r, c)] = old - (rate * u);
      }
    }
  }

  private static float gradient(float g, Mat gradScale, float weightDecay, float p) {
    float scaled = gradScale == null ? g : g * scalar(gradScale, 0);
    return weightDecay == 0f ? scaled : scaled + (weightDecay * p);
  }

  /** state = (decay * state) + (weight * x). */
  private static float average(float decay, float weight, float[] state, int at, float x) {
    state[at] = (decay * state[at]) + (weight * x);
    return state[at];
  }

  /** state = the larger of state and x; NaN if either is. */
  private static float largest(float[] state, int at, float x) {
    if (x > state[at] || Float.isNaN(x)) {
      state[at] = x;
    }
    return state[at];
  }

  private static float scalar(Mat scalars, int i) {
    return scalars.data[scalars.at(0, i)];
  }
}
