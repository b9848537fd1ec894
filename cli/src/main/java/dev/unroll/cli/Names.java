// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import java.util.Collection;
import java.util.Comparator;

/** Helps users who mistyped a name. */
final class Names {
  private Names() {}

  /** {@code "; did you mean 'cpu'?"}, or nothing if no candidate is near. */
  static String suggestion(String given, Collection<String> candidates) {
    return candidates.stream()
        .filter(c -> distance(given, c) <= Math.max(1, Math.max(given.length(), c.length()) / 3))
        .min(Comparator.comparingInt(c -> distance(given, c)))
        .map(c -> "; did you mean '" + c + "'?")
        .orElse("");
  }

  /** Smallest number of letters inserted, deleted or replaced (Levenshtein, 1965). */
  static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j < row.length; j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j < row.length; j++) {
        int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }
}
