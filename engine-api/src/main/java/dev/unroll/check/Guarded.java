// SPDX-License-Identifier: Apache-2.0

package dev.unroll.check;

import dev.unroll.Arena;
import dev.unroll.Ops;
import dev.unroll.Tensor;
import java.util.Arrays;

/** An operand inside a larger buffer of canaries. */
final class Guarded {
  /** Large enough that reading one shows in any result. */
  private static final float CANARY = -1.2345678e31f;

  final Tensor view;
  private final Ops ops;
  private final Tensor parent;
  private final float[] before;

  Guarded(Ops ops, Arena arena, Operand operand, long seed, int stream) {
    this.ops = ops;
    parent = operand.layout().parent(arena, operand.rows(), operand.cols());
    view = operand.layout().view(parent, operand.rows(), operand.cols());
    before = new float[parent.size()];
    Arrays.fill(before, CANARY);
    for (int i = 0; i < view.size(); i++) {
      before[address(i)] = operand.values().at(seed, stream, i);
    }
    ops.write(before, parent);
  }

  /** The elements as the operation sees them; a broadcast view repeats what was written last. */
  static Mat logical(Operand operand, long seed, int stream) {
    int rows = operand.rows();
    int cols = operand.cols();
    boolean oneRow = operand.layout() == Layout.ONE_ROW || operand.layout() == Layout.ONE_NUMBER;
    boolean oneCol = operand.layout() == Layout.ONE_COL || operand.layout() == Layout.ONE_NUMBER;
    return Mat.of(
        rows,
        cols,
        (r, c) ->
            operand
                .values()
                .at(seed, stream, (oneRow ? rows - 1 : r) * cols + (oneCol ? cols - 1 : c)));
  }

  /** Whether nothing changed, outside the view only if that was to be written. */
  boolean intact(boolean written) {
    float[] now = ops.read(parent);
    if (written) {
      for (int i = 0; i < view.size(); i++) {
        now[address(i)] = before[address(i)];
      }
    }
    for (int i = 0; i < now.length; i++) {
      if (Float.floatToIntBits(now[i]) != Float.floatToIntBits(before[i])) {
        return false;
      }
    }
    return true;
  }

  private int address(int i) {
    int r = i / view.cols();
    int c = i % view.cols();
    return view.offset() + r * view.rowStride() + c * view.colStride();
  }
}
