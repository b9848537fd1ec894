// SPDX-License-Identifier: Apache-2.0

package dev.unroll.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SplitTest {
  private static final int[] CLASSES =
      IntStream.range(0, 103).map(i -> i % 10 == 0 ? 1 : 0).toArray();

  private static long ofClass(int[] examples, int which) {
    return Arrays.stream(examples).filter(i -> CLASSES[i] == which).count();
  }

  private static int[] together(Split split) {
    return IntStream.concat(Arrays.stream(split.training()), Arrays.stream(split.heldOut()))
        .sorted()
        .toArray();
  }

  @Test
  void eachClassIsDividedInProportion() {
    Split split = Split.stratified(CLASSES, 0.2, 7);

    assertThat(together(split)).containsExactly(IntStream.range(0, 103).toArray());
    assertThat(ofClass(split.heldOut(), 1)).isEqualTo(2);
    assertThat(ofClass(split.heldOut(), 0)).isEqualTo(18);
  }

  @Test
  void seedDecides() {
    assertThat(Split.stratified(CLASSES, 0.2, 7).heldOut())
        .isEqualTo(Split.stratified(CLASSES, 0.2, 7).heldOut())
        .isNotEqualTo(Split.stratified(CLASSES, 0.2, 8).heldOut());
  }

  @Test
  void foldsHoldOutEverythingOnce() {
    List<Split> folds = Split.folds(CLASSES, 4, 1);

    assertThat(folds.stream().flatMapToInt(f -> Arrays.stream(f.heldOut())).sorted().toArray())
        .containsExactly(IntStream.range(0, 103).toArray());
    for (Split fold : folds) {
      assertThat(together(fold)).containsExactly(IntStream.range(0, 103).toArray());
      assertThat(fold.heldOut().length).isBetween(25, 26);
      assertThat(ofClass(fold.heldOut(), 1)).isBetween(2L, 3L);
    }
  }

  @Test
  void refusesWhatLeavesASideEmpty() {
    assertThatThrownBy(() -> Split.stratified(CLASSES, 1, 1))
        .hasMessageContaining("between 0 and 1");
    assertThatThrownBy(() -> Split.stratified(CLASSES, Double.NaN, 1))
        .hasMessageContaining("between 0 and 1");
    assertThatThrownBy(() -> Split.stratified(new int[1], 0.2, 1)).hasMessageContaining("too few");
    assertThatThrownBy(() -> Split.folds(CLASSES, 1, 1)).hasMessageContaining("at least 2 folds");
    assertThatThrownBy(() -> Split.folds(new int[2], 3, 1)).hasMessageContaining("too few");
  }
}
