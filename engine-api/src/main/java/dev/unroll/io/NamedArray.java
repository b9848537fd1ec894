// SPDX-License-Identifier: Apache-2.0

package dev.unroll.io;

import java.util.Arrays;

/**
 * An array as files hold it.
 *
 * @param name its name
 * @param values row-major
 * @param shape sizes, outermost first; empty for one number
 */
public record NamedArray(String name, float[] values, int... shape) {
  /**
   * Checks the size.
   *
   * @param name its name
   * @param values row-major
   * @param shape sizes, outermost first; empty for one number
   */
  public NamedArray {
    if (values.length != elements(shape)) {
      throw new IllegalArgumentException(
          "array '"
              + name
              + "': "
              + values.length
              + " values do not fill the shape "
              + Arrays.toString(shape));
    }
  }

  /** The number of elements of a shape. */
  static int elements(int... shape) {
    long count = 1;
    for (int axis : shape) {
      count = axis < 0 ? -1 : count * axis;
      if (count < 0 || count > Integer.MAX_VALUE / 8) {
        throw new IllegalArgumentException(
            "array: the shape is too large: " + Arrays.toString(shape));
      }
    }
    return (int) count;
  }

  /**
   * The same values under another name.
   *
   * @param other the name
   * @return the array
   */
  public NamedArray named(String other) {
    return new NamedArray(other, values, shape);
  }
}
