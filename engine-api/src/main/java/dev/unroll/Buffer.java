// SPDX-License-Identifier: Apache-2.0

package dev.unroll;

/**
 * A piece of a backend's memory. Each backend has its own implementation and casts back to it;
 * others pass it on unread.
 */
public interface Buffer {
  /**
   * What the elements are.
   *
   * @return the element type given when the buffer was allocated
   */
  ElementType type();

  /**
   * How many elements fit.
   *
   * @return number of elements, 0 to 2^31 - 1
   */
  long capacity();
}
