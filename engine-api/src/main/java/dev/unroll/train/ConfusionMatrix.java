// SPDX-License-Identifier: Apache-2.0

package dev.unroll.train;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Counts how often each class was taken for which, and what follows: accuracy, precision, recall
 * and F1. A quotient without cases to divide by is 0.
 */
public final class ConfusionMatrix {
  private final long[][] counts;

  /**
   * A matrix of zeros.
   *
   * @param classes number of classes
   */
  public ConfusionMatrix(int classes) {
    if (classes < 1) {
      throw new IllegalArgumentException("confusion matrix: needs a class at least: " + classes);
    }
    counts = new long[classes][classes];
  }

  /**
   * Counts one case.
   *
   * @param target the right class
   * @param predicted the class that was chosen
   */
  public void add(int target, int predicted) {
    require("target", target);
    require("prediction", predicted);
    counts[target][predicted]++;
  }

  /**
   * Counts a batch; in each row the class with the highest score is chosen, the first of equals. A
   * NaN is never highest.
   *
   * @param scores [R, C] row-major, as read from the device
   * @param targets [R] the right classes
   * @param ignoreIndex rows with this target are left out
   */
  public void add(float[] scores, int[] targets, int ignoreIndex) {
    int classes = counts.length;
    if (scores.length != targets.length * classes) {
      throw new IllegalArgumentException(
          "confusion matrix: "
              + scores.length
              + " scores are not "
              + classes
              + " for each of "
              + targets.length
              + " targets");
    }
    for (int r = 0; r < targets.length; r++) {
      if (targets[r] != ignoreIndex) {
        add(targets[r], largest(scores, r * classes, classes));
      }
    }
  }

  private static int largest(float[] scores, int from, int count) {
    int best = 0;
    for (int c = 1; c < count; c++) {
      if (scores[from + c] > scores[from + best] || Float.isNaN(scores[from + best])) {
        best = c;
      }
    }
    return best;
  }

  private void require(String what, int number) {
    if (number < 0 || number >= counts.length) {
      throw new IllegalArgumentException(
          "confusion matrix: " + what + " must be 0 to " + (counts.length - 1) + ": " + number);
    }
  }

  /**
   * The counts.
   *
   * @return a copy; first index the right class, second the chosen one
   */
  public long[][] counts() {
    return Arrays.stream(counts).map(long[]::clone).toArray(long[][]::new);
  }

  /**
   * Share of cases that were right.
   *
   * @return 0 to 1
   */
  public double accuracy() {
    long right = IntStream.range(0, counts.length).mapToLong(c -> counts[c][c]).sum();
    return quotient(right, Arrays.stream(counts).flatMapToLong(Arrays::stream).sum());
  }

  /**
   * Share of the choices of a class that were right.
   *
   * @param c class
   * @return 0 to 1
   */
  public double precision(int c) {
    return quotient(counts[c][c], Arrays.stream(counts).mapToLong(row -> row[c]).sum());
  }

  /**
   * Share of the cases of a class that were found.
   *
   * @param c class
   * @return 0 to 1
   */
  public double recall(int c) {
    return quotient(counts[c][c], Arrays.stream(counts[c]).sum());
  }

  /**
   * Harmonic mean of precision and recall.
   *
   * @param c class
   * @return 0 to 1
   */
  public double f1(int c) {
    double sum = precision(c) + recall(c);
    return sum == 0 ? 0 : 2 * precision(c) * recall(c) / sum;
  }

  /**
   * Mean of the classes' F1, each counted alike ("macro").
   *
   * @return 0 to 1
   */
  public double meanF1() {
    return IntStream.range(0, counts.length).mapToDouble(this::f1).average().orElse(0);
  }

  private static double quotient(long part, long whole) {
    return whole == 0 ? 0 : (double) part / whole;
  }
}
