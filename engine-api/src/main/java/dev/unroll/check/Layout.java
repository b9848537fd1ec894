// SPDX-License-Identifier: Apache-2.0

package dev.unroll.check;

import dev.unroll.Arena;
import dev.unroll.Tensor;

/** How the elements of an operand lie in a larger buffer; what is around them guards it. */
enum Layout {
  /** Row after row. */
  DENSE("dense"),
  /** Every second row of a taller matrix. */
  ROWS("rows"),
  /** Some columns of a wider matrix, at an odd offset. */
  COLS("cols"),
  /** The transpose of a dense matrix. */
  TRANSPOSED("t"),
  /** The transpose of some columns of a wider matrix. */
  TRANSPOSED_COLS("t-cols"),
  /** One row for all; an input only. */
  ONE_ROW("one-row"),
  /** One column for all; an input only. */
  ONE_COL("one-col"),
  /** One number for all; an input only. */
  ONE_NUMBER("one-number");

  /** Layouts an output may have. */
  static final Layout[] WRITABLE = {DENSE, ROWS, COLS, TRANSPOSED, TRANSPOSED_COLS};

  private static final int GUARD = 48;

  final String text;

  Layout(String text) {
    this.text = text;
  }

  /** The buffer around an operand, guards included. */
  Tensor parent(Arena arena, int rows, int cols) {
    return switch (this) {
      case DENSE -> tensor(arena, rows, cols);
      case ROWS -> tensor(arena, 2 * rows, cols);
      case COLS -> tensor(arena, rows, cols + 8);
      case TRANSPOSED -> tensor(arena, cols, rows);
      case TRANSPOSED_COLS -> tensor(arena, cols, rows + 5);
      case ONE_ROW -> tensor(arena, 1, cols);
      case ONE_COL -> tensor(arena, rows, 1);
      case ONE_NUMBER -> tensor(arena, 1, 1);
    };
  }

  /** The operand inside its buffer. */
  Tensor view(Tensor parent, int rows, int cols) {
    int g = guardRows(parent.cols());
    return switch (this) {
      case DENSE -> parent.rows(g, rows);
      case ROWS -> parent.rows(g, rows, 2);
      case COLS -> parent.rows(g, rows).cols(3, cols);
      case TRANSPOSED -> parent.rows(g, cols).t();
      case TRANSPOSED_COLS -> parent.rows(g, cols).cols(2, rows).t();
      case ONE_ROW -> parent.rows(g, 1).repeatRows(rows);
      case ONE_COL -> parent.rows(g, rows).repeatCols(cols);
      case ONE_NUMBER -> parent.rows(g, 1).repeatRows(rows).repeatCols(cols);
    };
  }

  private static Tensor tensor(Arena arena, int rows, int cols) {
    return arena.tensor(rows + 2 * guardRows(cols), cols);
  }

  private static int guardRows(int cols) {
    return 1 + GUARD / Math.max(1, cols);
  }
}
