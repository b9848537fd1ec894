// SPDX-License-Identifier: Apache-2.0

package dev.unroll.kernels;

import dev.unroll.Buffer;
import dev.unroll.Tensor;
import java.util.ArrayList;
import java.util.List;

/** Elements that lie next to each other, as kernels are given them: buffer and first element. */
record Run(Buffer buffer, int offset, int count) {
  /** Nothing, told by a buffer that is not touched. */
  static Run none(Buffer any) {
    return new Run(any, 0, 0);
  }

  /**
   * Tensors of one shape in runs, each with the same elements in all of them: as wholes if all are
   * dense, else by rows, by columns, or by elements.
   *
   * @param xs tensors; null for one that is not there, in place of which the first stands: vector
   *     code may go by its addresses
   * @param most elements of a run
   * @return lists of as many runs as there are tensors
   */
  static List<List<Run>> of(List<Tensor> xs, int most) {
    List<Tensor> all = xs.stream().map(x -> x == null ? xs.get(0) : x).toList();
    Tensor shape = all.get(0);
    boolean dense = all.stream().allMatch(Tensor::isDense);
    boolean byRows = all.stream().allMatch(x -> x.colStride() == 1);
    boolean byColumns = all.stream().allMatch(x -> x.rowStride() == 1);
    List<List<Run>> found = new ArrayList<>();
    if (dense) {
      for (int at = 0; shape.size() - at > 0; at += Math.min(most, shape.size() - at)) {
        int first = at;
        int count = Math.min(most, shape.size() - at);
        found.add(all.stream().map(x -> new Run(x.buffer(), x.offset() + first, count)).toList());
      }
    } else if (byRows || byColumns) {
      for (int i = 0; i < (byRows ? shape.rows() : shape.cols()); i++) {
        int line = i;
        found.add(all.stream().map(x -> line(x, byRows, line)).toList());
      }
    } else {
      for (int i = 0; i < shape.size(); i++) {
        int row = i / shape.cols();
        int col = i % shape.cols();
        found.add(all.stream().map(x -> line(x.rows(row, 1).cols(col, 1), true, 0)).toList());
      }
    }
    return found;
  }

  /** A row or a column. */
  private static Run line(Tensor x, boolean row, int number) {
    int stride = row ? x.rowStride() : x.colStride();
    return new Run(x.buffer(), x.offset() + number * stride, row ? x.cols() : x.rows());
  }

  /** Whether all elements lie inside the buffer. */
  boolean fits() {
    return count == 0 || (offset >= 0 && (long) offset + count <= buffer.capacity());
  }
}
