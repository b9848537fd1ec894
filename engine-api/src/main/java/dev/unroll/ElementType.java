// SPDX-License-Identifier: Apache-2.0

package dev.unroll;

/** What a buffer holds: four bytes an element, either way. */
public enum ElementType {
  /** IEEE 754 binary32. */
  FLOAT32,
  /** Two's complement 32-bit integers: token ids, class targets, row numbers. */
  INT32
}
