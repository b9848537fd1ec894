// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import dev.unroll.Activation;
import dev.unroll.Tensor;
import java.util.function.IntConsumer;

/**
 * Deals the elements or rows of an operation out to the threads; small ones stay on the caller's.
 * Operands stand in fields, so that an operation allocates nothing.
 */
final class Spread {
  /** Elements below which waking another thread costs more than it saves. */
  private static final int MIN_PARALLEL_ELEMENTS = 1 << 15;

  private final Workers workers;
  private final Operands operands = new Operands();
  private final IntConsumer part = this::part;
  private final Range elements = this::elements;
  private final Range rows = this::rows;
  private Span span;
  private Tensor x;
  private Tensor y;
  private Tensor out;
  private Range range;
  private int count;

  Spread(Workers workers) {
    this.workers = workers;
  }

  /** What an element-wise operation works on: arrays, and numbers if it has any. */
  static final class Operands {
    float[] x;
    float[] y;
    float[] out;
    float a;
    float b;
    Activation f;
  }

  /** One span of an element-wise operation; offsets into the arrays of its operands. */
  interface Span {
    void run(Operands o, int n, int x, int y, int out);
  }

  /** A part of the rows or elements. */
  interface Range {
    void run(int from, int to);
  }

  /** The operands of the next operation, whose arrays {@link #spans} fills in. */
  Operands operands() {
    return operands;
  }

  /** Runs a span over every row, or over all elements at once where nothing lies between rows. */
  void spans(Tensor x, Tensor y, Tensor out, Span span) {
    this.span = span;
    this.x = x;
    this.y = y;
    this.out = out;
    operands.x = HostBuffer.floats(x);
    operands.y = HostBuffer.floats(y);
    operands.out = HostBuffer.floats(out);
    boolean dense = x.isDense() && y.isDense() && out.isDense();
    split(dense ? out.size() : out.rows(), out.size(), dense ? elements : rows);
    clear();
  }

  /** Drops the references to the caller's memory. */
  private void clear() {
    x = null;
    y = null;
    out = null;
    operands.x = null;
    operands.y = null;
    operands.out = null;
  }

  private void elements(int from, int to) {
    span.run(operands, to - from, x.offset() + from, y.offset() + from, out.offset() + from);
  }

  private void rows(int from, int to) {
    for (int r = from; r < to; r++) {
      span.run(operands, out.cols(), rowAt(x, r), rowAt(y, r), rowAt(out, r));
    }
  }

  /** Runs {@code count} rows that have {@code work} elements together. */
  void split(int count, int work, Range range) {
    if (workers.count() == 1 || work < MIN_PARALLEL_ELEMENTS) {
      range.run(0, count);
    } else {
      this.range = range;
      this.count = count;
      workers.run(part);
    }
  }

  private void part(int part) {
    range.run(share(part), share(part + 1));
  }

  private int share(int part) {
    return (int) ((long) count * part / workers.count());
  }

  /** Where a row starts in its array. */
  static int rowAt(Tensor t, int r) {
    return t.offset() + r * t.rowStride();
  }
}
