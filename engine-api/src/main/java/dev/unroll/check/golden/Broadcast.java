// SPDX-License-Identifier: Apache-2.0

package dev.unroll.check.golden;

import java.util.Arrays;

/** NumPy's broadcasting of shapes: axes are aligned at the end, and an axis of 1 is repeated. */
final class Broadcast {
  private Broadcast() {}

  static int[] shape(int[] a, int[] b) {
    int rank = Math.max(a.length, b.length);
    int[] shape = new int[rank];
    for (int i = 1; i <= rank; i++) {
      int sizeA = i > a.length ? 1 : a[a.length - i];
      int sizeB = i > b.length ? 1 : b[b.length - i];
      if (sizeA != sizeB && sizeA != 1 && sizeB != 1) {
        throw new IllegalArgumentException(
            "shapes do not broadcast: " + Arrays.toString(a) + " and " + Arrays.toString(b));
      }
      shape[rank - i] = sizeA == 1 ? sizeB : sizeA;
    }
    return shape;
  }

  /** For each element of the whole shape, the element of the smaller one that it repeats. */
  static int[] sources(int[] whole, int[] part) {
    int[] sources = new int[product(whole)];
    for (int i = 0; i < sources.length; i++) {
      int rest = i;
      int stride = 1;
      for (int axis = 1; axis <= part.length; axis++) {
        int size = whole[whole.length - axis];
        int own = part[part.length - axis];
        sources[i] += own == 1 ? 0 : rest % size * stride;
        rest /= size;
        stride *= own;
      }
    }
    return sources;
  }

  static int product(int... shape) {
    return Arrays.stream(shape).reduce(1, Math::multiplyExact);
  }
}
