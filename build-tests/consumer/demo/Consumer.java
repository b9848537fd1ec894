// SPDX-License-Identifier: Apache-2.0

package demo;

import dev.unroll.Arena;
import dev.unroll.Backends;
import dev.unroll.Ops;
import dev.unroll.Tensor;
import java.util.Arrays;

/** Opens a backend through its service and fills one tensor. */
public final class Consumer {
  private Consumer() {}

  /**
   * Exits with an error unless six ones come back.
   *
   * @param args not used
   */
  public static void main(String[] args) {
    try (Ops ops = Backends.open("cpu");
        Arena arena = ops.arena("demo")) {
      Tensor ones = arena.tensor(2, 3);
      ops.fill(1f, ones);
      float[] values = ops.read(ones);
      if (!Arrays.equals(values, new float[] {1, 1, 1, 1, 1, 1})) {
        throw new IllegalStateException("fill gave " + Arrays.toString(values));
      }
      System.out.println("module path: 6 ones read back");
    }
  }
}
