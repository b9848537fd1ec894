// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cli;

import dev.unroll.nn.Ragged;
import dev.unroll.text.Vocabulary;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Texts as sequences of ids, each cut to a largest length.
 *
 * @param ids the ids of each text
 */
record TextExamples(int[][] ids) {
  static TextExamples of(List<String> texts, Vocabulary vocabulary, int longest) {
    return new TextExamples(
        texts.stream()
            .map(text -> Arrays.stream(vocabulary.encode(text)).limit(longest).toArray())
            .toArray(int[][]::new));
  }

  int size() {
    return ids.length;
  }

  int[] lengths() {
    return Arrays.stream(ids).mapToInt(each -> each.length).toArray();
  }

  /** The mean length. */
  double meanLength() {
    return Arrays.stream(ids).mapToInt(each -> each.length).average().orElse(0);
  }

  /** The share of ids that are 0, which stand for words that are not in the vocabulary. */
  double unknownShare() {
    return Arrays.stream(ids)
        .flatMapToInt(Arrays::stream)
        .mapToDouble(id -> id == 0 ? 1 : 0)
        .average()
        .orElse(0);
  }

  /** A batch's layout in time. */
  Ragged ragged(int... chosen) {
    return Ragged.of(Arrays.stream(chosen).map(i -> ids[i].length).toArray());
  }

  /** A batch's ids in packed order. */
  int[] packed(Ragged ragged, int... chosen) {
    return ragged.pack(Arrays.stream(chosen).mapToObj(i -> ids[i]).toArray(int[][]::new));
  }

  /** Values of the examples in the order that the packed rows have. */
  static int[] ordered(Ragged ragged, int[] values, int... chosen) {
    return Arrays.stream(ragged.order()).map(i -> values[chosen[i]]).toArray();
  }

  /** Cuts examples into groups of at most {@code size}. */
  static List<int[]> groups(int[] examples, int size) {
    return IntStream.rangeClosed(0, (examples.length - 1) / size)
        .mapToObj(
            g -> Arrays.copyOfRange(examples, g * size, Math.min(examples.length, (g + 1) * size)))
        .toList();
  }
}
