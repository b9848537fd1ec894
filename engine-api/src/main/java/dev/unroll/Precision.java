// SPDX-License-Identifier: Apache-2.0

package dev.unroll;

/** How closely results are defined. */
public enum Precision {
  /** Every result is defined to the bit, equal on all backends (docs/numerics.md). */
  EXACT,
  /** A backend may reorder sums and use native functions, within the published tolerances. */
  FAST
}
