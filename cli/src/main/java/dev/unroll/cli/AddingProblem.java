// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.Philox;
import dev.unroll.train.Batches;

/**
 * A batch of the adding problem (S. Hochreiter, J. Schmidhuber, 1997): of T random numbers two are
 * marked, one in each half; the answer is their sum.
 *
 * @param length T
 * @param inputs [T*B, 2], time-major: value and mark
 * @param sums [B]
 */
record AddingProblem(int length, float[] inputs, float[] sums) {
  private static final int DATA = Philox.stream(Philox.DATA, Batches.FREE_INSTANCE);

  /** The batch of a seed and a step. */
  static AddingProblem draw(int length, int batch, long seed, long step) {
    float[] inputs = new float[2 * length * batch];
    float[] sums = new float[batch];
    int half = length / 2;
    for (int b = 0; b < batch; b++) {
      int places = length * batch + 2 * b;
      int first = (int) (Philox.uniform(seed, DATA, step, places) * half);
      int second = half + (int) (Philox.uniform(seed, DATA, step, places + 1) * (length - half));
      for (int t = 0; t < length; t++) {
        int row = t * batch + b;
        inputs[2 * row] = Philox.uniform(seed, DATA, step, row);
        if (t == first || t == second) {
          inputs[2 * row + 1] = 1;
          sums[b] += inputs[2 * row];
        }
      }
    }
    return new AddingProblem(length, inputs, sums);
  }

  /**
   * One sequence that a user wrote: values with marks, such as {@code 0.3:0,0.8:1,0.1:0,0.5:1}. Its
   * sum is not known.
   *
   * @throws IllegalArgumentException naming the step that is not such a pair
   */
  static AddingProblem parse(String line) {
    String[] pairs = line.split(",", -1);
    float[] inputs = new float[2 * pairs.length];
    for (int t = 0; t < pairs.length; t++) {
      String[] pair = pairs[t].split(":", -1);
      if (pair.length != 2) {
        throw new IllegalArgumentException("'" + pairs[t] + "' is not value:mark, such as 0.3:1");
      }
      inputs[2 * t] = (float) Table.number(pair[0], "step " + (t + 1) + ": ");
      inputs[2 * t + 1] = (float) Table.number(pair[1], "step " + (t + 1) + ": ");
    }
    return new AddingProblem(pairs.length, inputs, new float[1]);
  }
}
