// SPDX-License-Identifier: Apache-2.0

package dev.unroll.kernels;

/**
 * How many work-items run a kernel: groups of equal size, in two dimensions.
 *
 * @param groups0 number of groups along the first dimension
 * @param groups1 number of groups along the second dimension
 * @param size0 work-items of a group along the first dimension
 * @param size1 work-items of a group along the second dimension
 */
public record Grid(int groups0, int groups1, int size0, int size1) {
  /**
   * Checks that there is something to run.
   *
   * @param groups0 at least 1
   * @param groups1 at least 1
   * @param size0 at least 1
   * @param size1 at least 1
   */
  public Grid {
    if (groups0 < 1 || groups1 < 1 || size0 < 1 || size1 < 1) {
      throw new IllegalArgumentException(
          "grid: " + groups0 + "x" + groups1 + " groups of " + size0 + "x" + size1 + " are empty");
    }
  }

  /** One dimension: groups of so many work-items. */
  static Grid of(int groups, int size) {
    return new Grid(groups, 1, size, 1);
  }

  /** Work-items of one group. */
  int groupSize() {
    return size0 * size1;
  }
}
