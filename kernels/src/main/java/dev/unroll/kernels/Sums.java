// SPDX-License-Identifier: Apache-2.0

package dev.unroll.kernels;

import dev.unroll.Buffer;
import dev.unroll.Indices;
import dev.unroll.Tensor;
import java.util.ArrayList;
import java.util.List;

/** The operations that add up over work-groups, some in two launches. */
final class Sums {
  /** Elements that one partial sum covers. */
  private static final int SEGMENT = 1024;

  /** Columns that a work-group of sum_rows takes. */
  private static final int COLUMNS = 64;

  private final Launcher launcher;
  private final Scratch scratch;

  Sums(Launcher launcher, Scratch scratch) {
    this.launcher = launcher;
    this.scratch = scratch;
  }

  void rows(Tensor x, float beta, Tensor out) {
    if (x.cols() > 0) {
      int groups = Launcher.ceilDiv(x.cols(), COLUMNS);
      launcher.columns("sum_rows", groups, x.size(), x, beta, out, x.rows(), x.cols());
    }
  }

  void all(Tensor x, float divisor, Tensor out) {
    int segments = segments(x);
    View partial = View.dense(scratch.floats(segments), 0, segments);
    if (segments > 0) {
      int groups = Math.min(segments, groups(x.size()));
      launcher.grouped("sum_segments", groups, SEGMENT, x, partial, x.rows(), x.cols());
    }
    launcher.single("sum_finish", partial, segments, divisor, out);
  }

  void norm(List<Tensor> xs, Tensor out) {
    int floats = 0;
    for (Tensor x : xs) {
      floats = Math.addExact(floats, floats(x));
    }
    Buffer partials = scratch.floats(floats);
    int at = 0;
    for (int from = 0; from < xs.size(); from += Updates.SLOTS) {
      List<Tensor> some = xs.subList(from, Math.min(xs.size(), from + Updates.SLOTS));
      int count = some.stream().mapToInt(Sums::floats).sum();
      normSegments(some, View.dense(partials, at, count));
      at += count;
    }
    launcher.single("norm_finish", View.dense(partials, 0, at), xs.size(), out);
  }

  private void normSegments(List<Tensor> xs, View partial) {
    List<Object> arguments = new ArrayList<>(List.of(partial, xs.size()));
    for (int slot = 0; slot < Updates.SLOTS; slot++) {
      Tensor x = xs.get(slot < xs.size() ? slot : 0);
      arguments.addAll(List.of(x, x.rows(), x.cols()));
    }
    int segments = Math.max(1, xs.stream().mapToInt(Sums::segments).sum());
    int groups = Math.min(segments, groups((long) segments * SEGMENT));
    launcher.grouped("norm_segments", groups, SEGMENT, arguments.toArray());
  }

  void scatterAdd(Tensor dOut, Indices rows, Tensor dTable) {
    int positions = dOut.rows();
    int cols = dOut.cols();
    if (positions == 0 || cols == 0) {
      return;
    }
    if (launcher.choice("scatter").equals("rows")) {
      launcher.columns(
          "scatter_add",
          dTable.rows(),
          dTable.size(),
          dOut,
          rows,
          dTable,
          positions,
          dTable.rows(),
          cols);
    } else {
      int groups = Launcher.ceilDiv(cols, COLUMNS);
      launcher.columns(
          "scatter_add_columns", groups, dOut.size(), dOut, rows, dTable, positions, cols);
    }
  }

  /** The most groups for so many elements. */
  private int groups(long elements) {
    return launcher.groups("rows.groups", "rows.least", elements);
  }

  private static int segments(Tensor x) {
    return x.size() == 0 ? 0 : Launcher.ceilDiv(x.size(), SEGMENT);
  }

  /** A count, and a plain and a scaled sum for each segment. */
  private static int floats(Tensor x) {
    return 1 + 2 * segments(x);
  }
}
