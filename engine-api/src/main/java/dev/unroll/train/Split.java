// SPDX-License-Identifier: Apache-2.0

package dev.unroll.train;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * Examples divided into those that train and those that are held out, by seed; each class is
 * divided in the same proportion (stratified).
 *
 * @param training numbers of examples, ascending
 * @param heldOut numbers of the others, ascending
 */
public record Split(int[] training, int[] heldOut) {
  private static final int INSTANCE = 0;

  /**
   * Holds out a share of each class.
   *
   * @param classes the class of each example; all equal where there are none
   * @param share of each class that is held out, rounded; between 0 and 1
   * @param seed another seed makes another split
   * @return the split
   * @throws IllegalArgumentException if the share is not between 0 and 1, or leaves one side empty
   */
  public static Split stratified(int[] classes, double share, long seed) {
    if (!(share > 0 && share < 1)) {
      throw new IllegalArgumentException("split: the share must be between 0 and 1: " + share);
    }
    boolean[] held = new boolean[classes.length];
    for (int[] members : shuffledByClass(classes, seed)) {
      int count = (int) Math.round(members.length * share);
      Arrays.stream(members, 0, count).forEach(i -> held[i] = true);
    }
    return of(held);
  }

  /**
   * Divides into k parts of nearly equal size, each held out once (k-fold cross-validation).
   *
   * @param classes the class of each example
   * @param k number of parts, at least 2
   * @param seed another seed makes other parts
   * @return k splits
   * @throws IllegalArgumentException if k is below 2 or a part would be empty
   */
  public static List<Split> folds(int[] classes, int k, long seed) {
    if (k < 2) {
      throw new IllegalArgumentException("split: there must be at least 2 folds: " + k);
    }
    int[] fold = new int[classes.length];
    int next = 0;
    for (int[] members : shuffledByClass(classes, seed)) {
      for (int i : members) {
        fold[i] = next++ % k;
      }
    }
    List<Split> splits = new ArrayList<>();
    for (int f = 0; f < k; f++) {
      boolean[] held = new boolean[classes.length];
      for (int i = 0; i < held.length; i++) {
        held[i] = fold[i] == f;
      }
      splits.add(of(held));
    }
    return splits;
  }

  private static List<int[]> shuffledByClass(int[] classes, long seed) {
    int[] order = IntStream.range(0, classes.length).toArray();
    Shuffle.inPlace(order, seed, INSTANCE, 0);
    Map<Integer, List<Integer>> members = new TreeMap<>();
    for (int i : order) {
      members.computeIfAbsent(classes[i], c -> new ArrayList<>()).add(i);
    }
    return members.values().stream()
        .map(m -> m.stream().mapToInt(Integer::intValue).toArray())
        .toList();
  }

  private static Split of(boolean... held) {
    IntStream all = IntStream.range(0, held.length);
    Split split =
        new Split(
            all.filter(i -> !held[i]).toArray(),
            IntStream.range(0, held.length).filter(i -> held[i]).toArray());
    if (split.training.length == 0 || split.heldOut.length == 0) {
      throw new IllegalArgumentException(
          "split: "
              + held.length
              + " examples are too few: "
              + split.training.length
              + " train, "
              + split.heldOut.length
              + " are held out; use more data");
    }
    return split;
  }
}
