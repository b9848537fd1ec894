// SPDX-License-Identifier: Apache-2.0

package dev.unroll.check;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Where results are not what they should be: the first five positions, how many, and the worst. */
public final class Differences {
  private static final int SHOWN = 5;

  private final List<String> first = new ArrayList<>();
  private int count;
  private double worst;

  Differences() {}

  /**
   * Whether there are none.
   *
   * @return true if everything agrees
   */
  public boolean none() {
    return count == 0;
  }

  /**
   * How many elements differ.
   *
   * @return 0 or more
   */
  public int count() {
    return count;
  }

  /**
   * The largest difference, of passing elements too.
   *
   * @return error over bound when judged by the oracle, units in the last place when compared by
   *     bits; infinity if one side is NaN or infinite alone
   */
  public double worst() {
    return worst;
  }

  /**
   * The first positions that differ.
   *
   * @return at most five lines with position and both values
   */
  public List<String> first() {
    return List.copyOf(first);
  }

  /** Compares one result with the oracle's. */
  void judge(int result, Judged expected, int firstCol, float[] actual, double slack) {
    int cols = expected.value().cols - firstCol;
    requireLength(result, expected.value().rows * cols, actual.length);
    for (int i = 0; i < actual.length; i++) {
      int r = i / cols;
      int c = i % cols + firstCol;
      double badness = expected.badness(r, c, actual[i]) / slack;
      note(badness);
      if (!(badness <= 1)) {
        String bound = String.format(Locale.ROOT, ", bound %.3g", expected.bound().at(r, c));
        add(result, r, c, expected.value().at(r, c), actual[i], bound);
      }
    }
  }

  /** Compares one result with another backend's: equal bits, any NaN equals any NaN. */
  void bits(int result, float[] expected, float[] actual) {
    requireLength(result, expected.length, actual.length);
    for (int i = 0; i < actual.length; i++) {
      if (Float.floatToIntBits(expected[i]) != Float.floatToIntBits(actual[i])) {
        note(ulps(expected[i], actual[i]));
        add(result, 0, i, expected[i], actual[i], "");
      }
    }
  }

  private static void requireLength(int result, int expected, int actual) {
    if (expected != actual) {
      throw new AssertionError(
          "result " + result + " has " + actual + " elements, expected are " + expected);
    }
  }

  private void note(double badness) {
    worst = Math.max(worst, Double.isNaN(badness) ? Double.POSITIVE_INFINITY : badness);
  }

  private void add(int result, int r, int c, double expected, float actual, String bound) {
    count++;
    if (first.size() < SHOWN) {
      String place = "result " + result + " at (" + r + ", " + c + ")";
      first.add(place + ": expected " + expected + ", got " + actual + bound);
    }
  }

  /** Distance on the number line of floats. */
  static double ulps(float a, float b) {
    if (!Float.isFinite(a) || !Float.isFinite(b)) {
      return Double.POSITIVE_INFINITY;
    }
    return Math.abs((double) ordinal(a) - ordinal(b));
  }

  private static int ordinal(float value) {
    int bits = Float.floatToRawIntBits(value);
    return bits < 0 ? Integer.MIN_VALUE - bits : bits;
  }

  @Override
  public String toString() {
    return count + " elements differ; first: " + String.join("; ", first);
  }
}
