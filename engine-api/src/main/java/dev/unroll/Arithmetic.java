// SPDX-License-Identifier: Apache-2.0

package dev.unroll;

/** The element-wise operations on two operands, each rounded once. */
public enum Arithmetic {
  /** a + b. */
  ADD,
  /** a - b. */
  SUB,
  /** a * b. */
  MUL,
  /** a / b. */
  DIV
}
