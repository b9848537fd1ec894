// SPDX-License-Identifier: Apache-2.0

package dev.unroll.check;

/**
 * One tensor of a case.
 *
 * @param role whether it is read, written or both
 * @param rows rows
 * @param cols columns
 * @param layout how it lies in memory
 * @param values its content before the operation
 * @param alias number of the operand whose view it shares (in place), or -1
 * @param firstCol first column whose result is defined
 */
record Operand(
    Role role, int rows, int cols, Layout layout, Values values, int alias, int firstCol) {
  /** What the operation does with an operand. */
  enum Role {
    /** Only read. */
    IN,
    /** Only written; starts as NaN. */
    OUT,
    /** Read and written. */
    UPDATED
  }

  boolean isResult() {
    return role != Role.IN;
  }

  long size() {
    return (long) rows * cols;
  }
}
