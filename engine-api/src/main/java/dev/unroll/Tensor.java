// SPDX-License-Identifier: Apache-2.0

package dev.unroll;

import java.util.Arrays;
import java.util.List;

/**
 * A strided view of a float32 matrix: element (r, c) lies at {@code offset + r * rowStride + c *
 * colStride} of its buffer. Leading axes of larger shapes are folded into rows; {@link #shape()}
 * keeps them for messages and files. Views cost nothing and replace operations: {@link #rows} is a
 * time step or a batch, {@link #cols} a gate, {@link #t} a transpose, {@link #repeatRows} a
 * broadcast.
 *
 * <p>A tensor belongs to the arena that made it and dies with it.
 */
public final class Tensor {
  private final Storage storage;
  private final int offset;
  private final int rows;
  private final int cols;
  private final int rowStride;
  private final int colStride;
  private final int[] shape;

  /** A dense tensor over a whole storage. */
  Tensor(Storage storage, int[] shape) {
    this.storage = storage;
    this.offset = 0;
    this.cols = shape.length == 0 ? 1 : shape[shape.length - 1];
    int folded = 1;
    for (int i = 0; i < shape.length - 1; i++) {
      folded *= shape[i];
    }
    this.rows = folded;
    this.rowStride = cols;
    this.colStride = 1;
    this.shape = shape;
  }

  private Tensor(
      Tensor of, int offset, int rows, int cols, int rowStride, int colStride, int[] shape) {
    this.storage = of.storage;
    this.offset = offset;
    this.rows = rows;
    this.cols = cols;
    this.rowStride = rowStride;
    this.colStride = colStride;
    this.shape = shape;
  }

  /**
   * The memory this is a view of; for backends.
   *
   * @return the buffer
   */
  public Buffer buffer() {
    return storage.buffer;
  }

  /**
   * Where element (0, 0) lies.
   *
   * @return element number in the buffer
   */
  public int offset() {
    return offset;
  }

  /**
   * Number of rows; the leading axes multiplied.
   *
   * @return rows, at least 0
   */
  public int rows() {
    return rows;
  }

  /**
   * Number of columns; the last axis.
   *
   * @return columns, at least 0
   */
  public int cols() {
    return cols;
  }

  /**
   * Distance between rows.
   *
   * @return elements; 0 in a broadcast view
   */
  public int rowStride() {
    return rowStride;
  }

  /**
   * Distance between columns.
   *
   * @return elements; 0 in a broadcast view
   */
  public int colStride() {
    return colStride;
  }

  /**
   * Number of elements.
   *
   * @return rows times columns
   */
  public int size() {
    return Math.multiplyExact(rows, cols);
  }

  /**
   * The logical shape: what the tensor was made with, or given by {@link #reshape}; [rows, cols] of
   * other views.
   *
   * @return a copy
   */
  public int[] shape() {
    return shape == null ? new int[] {rows, cols} : shape.clone();
  }

  /**
   * What the tensor was named when it was made.
   *
   * @return the label, or an empty string
   */
  public String label() {
    return storage.label;
  }

  /**
   * Whether the elements lie row after row without gaps.
   *
   * @return true if dense
   */
  public boolean isDense() {
    return (colStride == 1 || cols <= 1) && (rowStride == cols || rows <= 1);
  }

  /**
   * Some rows of this.
   *
   * @param from first row
   * @param count number of rows
   * @return a view [count, cols]
   */
  public Tensor rows(int from, int count) {
    return rows(from, count, 1);
  }

  /**
   * Every step-th row of this.
   *
   * @param from first row
   * @param count number of rows
   * @param step distance between rows taken, at least 1
   * @return a view [count, cols]
   */
  public Tensor rows(int from, int count, int step) {
    requireRange("rows", from, count, step, rows);
    return new Tensor(
        this,
        at(count, from, rowStride),
        count,
        cols,
        Math.multiplyExact(rowStride, step),
        colStride,
        null);
  }

  /**
   * Some columns of this.
   *
   * @param from first column
   * @param count number of columns
   * @return a view [rows, count]
   */
  public Tensor cols(int from, int count) {
    requireRange("cols", from, count, 1, cols);
    return new Tensor(this, at(count, from, colStride), rows, count, rowStride, colStride, null);
  }

  /**
   * The transpose.
   *
   * @return a view [cols, rows]
   */
  public Tensor t() {
    return new Tensor(this, offset, cols, rows, colStride, rowStride, null);
  }

  /**
   * One row many times.
   *
   * @param count number of rows
   * @return a view [count, cols]; an input only
   * @throws IllegalArgumentException unless this has exactly one row
   */
  public Tensor repeatRows(int count) {
    requireSingle("repeatRows", "row", rows, count);
    return new Tensor(this, offset, count, cols, 0, colStride, null);
  }

  /**
   * One column many times.
   *
   * @param count number of columns
   * @return a view [rows, count]; an input only
   * @throws IllegalArgumentException unless this has exactly one column
   */
  public Tensor repeatCols(int count) {
    requireSingle("repeatCols", "column", cols, count);
    return new Tensor(this, offset, rows, count, rowStride, 0, null);
  }

  /**
   * The same elements folded otherwise.
   *
   * @param newShape axes, outermost first; the last is columns, all others fold into rows
   * @return a view of that shape in row-major order
   * @throws IllegalArgumentException if the number of elements differs or this is not dense
   */
  public Tensor reshape(int... newShape) {
    int newCols = newShape.length == 0 ? 1 : newShape[newShape.length - 1];
    long newRows = 1;
    for (int i = 0; i < newShape.length - 1; i++) {
      newRows *= newShape[i];
    }
    if (newRows < 0 || newCols < 0 || newRows * newCols != size()) {
      throw new IllegalArgumentException(
          "reshape: " + this + " does not have " + text(newShape) + " elements");
    }
    if (!isDense()) {
      throw new IllegalArgumentException(
          "reshape: " + this + " is a view with gaps; copy it to a tensor of its own first");
    }
    return new Tensor(this, offset, (int) newRows, newCols, newCols, 1, newShape.clone());
  }

  /**
   * Several tensors that lie one behind the other in one buffer, as one, so that one operation
   * takes all of them.
   *
   * @param parts dense tensors of equally many columns
   * @return a view of all their rows, or null if they do not lie so
   */
  public static Tensor joined(List<Tensor> parts) {
    Tensor first = parts.get(0);
    int rows = 0;
    for (Tensor part : parts) {
      boolean next = part.offset == first.offset + rows * first.cols;
      if (part.storage != first.storage || part.cols != first.cols || !part.isDense() || !next) {
        return null;
      }
      rows += part.rows;
    }
    return new Tensor(first, first.offset, rows, first.cols, first.cols, 1, null);
  }

  Storage storage() {
    return storage;
  }

  /** An empty view starts nowhere in particular: keep its offset inside the buffer. */
  private int at(int count, int from, int stride) {
    return count == 0 ? offset : offset + from * stride;
  }

  private void requireRange(String view, int from, int count, int step, int bound) {
    if (step < 1
        || from < 0
        || count < 0
        || from > bound
        || (count > 0 && from + (long) (count - 1) * step >= bound)) {
      throw new IllegalArgumentException(
          view
              + ": "
              + count
              + " from "
              + from
              + (step == 1 ? "" : " in steps of " + step)
              + " is outside "
              + this);
    }
  }

  private void requireSingle(String view, String what, int have, int count) {
    if (have != 1) {
      throw new IllegalArgumentException(view + ": " + this + " must have exactly one " + what);
    }
    if (count < 0) {
      throw new IllegalArgumentException(view + ": count must not be negative: " + count);
    }
  }

  /** The shape as messages show it: {@code [3x4]}, with the label in front if there is one. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("tensor ");
    if (!storage.label.isEmpty()) {
      text.append('\'').append(storage.label).append("' ");
    }
    return text.append(shapeText()).toString();
  }

  String shapeText() {
    return text(shape());
  }

  private static String text(int... shape) {
    return Arrays.toString(shape).replace(", ", "x");
  }
}
