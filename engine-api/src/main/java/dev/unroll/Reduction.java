// SPDX-License-Identifier: Apache-2.0

package dev.unroll;

/** How the losses of single rows or elements become the loss of a batch. */
public enum Reduction {
  /** Sum divided by the number of elements, or by the sum of the class weights that count. */
  MEAN,
  /** Sum. */
  SUM,
  /** No reduction: one loss for each row or element. */
  NONE
}
