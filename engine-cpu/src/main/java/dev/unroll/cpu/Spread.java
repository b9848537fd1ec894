// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import dev.unroll.Tensor;

/**
 * Deals the elements or rows of an operation out to the threads; small ones stay on the caller's.
 */
final class Spread {
  /** Elements below which waking another thread costs more than it saves. */
  private static final int MIN_PARALLEL_ELEMENTS = 1 << 15;

  private final Workers workers;

  Spread(Workers workers) {
    this.workers = workers;
  }

  /** One span of an element-wise operation; offsets into the arrays of its operands. */
  interface Span {
    void run(int n, int x, int y, int out);
  }

  /** A part of the rows or elements. */
  interface Range {
    void run(int from, int to);
  }

  /** Runs a span over every row, or over all elements at once where nothing lies between rows. */
  void spans(Tensor x, Tensor y, Tensor out, Span span) {
    if (x.isDense() && y.isDense() && out.isDense()) {
      int size = out.size();
      split(
          size,
          size,
          (from, to) ->
              span.run(to - from, x.offset() + from, y.offset() + from, out.offset() + from));
    } else {
      split(
          out.rows(),
          out.size(),
          (from, to) -> {
            for (int r = from; r < to; r++) {
              span.run(out.cols(), rowAt(x, r), rowAt(y, r), rowAt(out, r));
            }
          });
    }
  }

  /** Runs {@code count} rows that have {@code work} elements together. */
  void split(int count, int work, Range range) {
    if (workers.count() == 1 || work < MIN_PARALLEL_ELEMENTS) {
      range.run(0, count);
    } else {
      workers.run(part -> range.run(share(count, part), share(count, part + 1)));
    }
  }

  private int share(int count, int part) {
    return (int) ((long) count * part / workers.count());
  }

  /** Where a row starts in its array. */
  static int rowAt(Tensor t, int r) {
    return t.offset() + r * t.rowStride();
  }
}
