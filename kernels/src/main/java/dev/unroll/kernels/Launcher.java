// SPDX-License-Identifier: Apache-2.0

package dev.unroll.kernels;

import dev.unroll.Tensor;
import java.util.Arrays;

/**
 * Chooses grids. Every kernel is right for any grid, so that this is about speed alone; only
 * nothing at all may not be launched.
 */
final class Launcher {
  /** More groups along the second dimension are not possible on every device. */
  private static final int MOST_GROUPS1 = 65_535;

  /** On GPUs groups that fold are a multiple of these. */
  private static final int LANES = 32;

  /** Terms that 32 lanes add up at a time. */
  private static final int SEGMENT = 1024;

  private final KernelLibrary kernels;
  private final Tuning tuning;
  private final int units;

  Launcher(KernelLibrary kernels, Tuning tuning, int units) {
    this.kernels = kernels;
    this.tuning = tuning;
    this.units = units;
  }

  /**
   * An element-wise kernel, given rows and columns last. Tensors among the arguments have the shape
   * of out; dense ones become one row, and columns far apart change places with the rows.
   */
  void elements(String kernel, Tensor out, Object... arguments) {
    boolean dense = true;
    for (Object argument : arguments) {
      dense &= !(argument instanceof Tensor tensor) || tensor.isDense();
    }
    boolean swapped = !dense && (out.cols() == 1 || out.colStride() > out.rowStride());
    Object[] views = arguments.clone();
    for (int i = 0; i < views.length; i++) {
      if (views[i] instanceof Tensor x) {
        views[i] = dense ? View.folded(x) : swapped ? View.of(x).transposed() : View.of(x);
      }
    }
    int rows = dense ? 1 : swapped ? out.cols() : out.rows();
    table(kernel, rows, out.size() / Math.max(1, rows), views);
  }

  /** A kernel over rows and columns, given both last. */
  void table(String kernel, int rows, int cols, Object... arguments) {
    if (rows == 0 || cols == 0) {
      return;
    }
    int most = groups("elementwise.groups", "elementwise.least", (long) rows * cols);
    int groups0 = Math.min(most, ceilDiv(cols, tuning.number("elementwise.columns")));
    int groups1 = Math.min(Math.min(rows, MOST_GROUPS1), Math.max(1, most / groups0));
    Grid grid = new Grid(groups0, groups1, group(kernel, "elementwise.group"), 1);
    kernels.launch(kernel, grid, with(arguments, rows, cols));
  }

  /** A kernel over so many elements, dealt out as one row; it is not told their number. */
  void run(String kernel, int elements, Object... arguments) {
    int most = groups("elementwise.groups", "elementwise.least", elements);
    int groups = Math.min(most, ceilDiv(elements, tuning.number("elementwise.columns")));
    kernels.launch(kernel, Grid.of(groups, group(kernel, "elementwise.group")), arguments);
  }

  /** A kernel with a group for each row, given rows and columns last. */
  void rows(String kernel, int rows, int cols, Object... arguments) {
    if (rows > 0) {
      int groups = groups("rows.groups", "rows.least", (long) rows * Math.max(1, cols));
      grouped(kernel, Math.min(rows, groups), cols, with(arguments, rows, cols));
    }
  }

  /**
   * A kernel of so many groups that fold 32 lanes each.
   *
   * @param terms what a group adds up; several segments may be added up side by side
   */
  void grouped(String kernel, int groups, int terms, Object... arguments) {
    int size = tuning.number("rows.group");
    if (tuning.isForGpu()) {
      int wide = Math.min(tuning.number("rows.widest"), LANES * ceilDiv(terms, SEGMENT));
      size = LANES * ceilDiv(Math.max(size, wide), LANES);
    }
    kernels.launch(kernel, Grid.of(groups, Math.min(kernels.limit(kernel), size)), arguments);
  }

  /**
   * A kernel of so many groups that take columns side by side.
   *
   * @param elements that are read
   */
  void columns(String kernel, int groups, long elements, Object... arguments) {
    int most = groups("rows.groups", "elementwise.least", elements);
    Grid grid = Grid.of(Math.min(groups, most), group(kernel, "columns.group"));
    kernels.launch(kernel, grid, arguments);
  }

  /** A kernel of one work-item. */
  void single(String kernel, Object... arguments) {
    kernels.launch(kernel, Grid.of(1, 1), arguments);
  }

  void launch(String kernel, Grid grid, Object... arguments) {
    kernels.launch(kernel, grid, arguments);
  }

  /** The tuned size of a group, or as much of it as the device can do for this kernel. */
  int group(String kernel, String key) {
    return Math.min(kernels.limit(kernel), tuning.number(key));
  }

  /** Whether there is such a kernel, and groups of this size are possible. */
  boolean allows(String kernel, int size) {
    return kernels.has(kernel) && kernels.limit(kernel) >= size;
  }

  String choice(String key) {
    return tuning.text(key);
  }

  /** Processors of the device. */
  int units() {
    return units;
  }

  int number(String key) {
    return tuning.number(key);
  }

  static int ceilDiv(int a, int b) {
    return (a - 1) / b + 1;
  }

  /** The tuned number of groups for each processor, times the processors. */
  int most(String key) {
    return (int) Math.min(1 << 20, (long) units * tuning.number(key));
  }

  /** The same, but no more than give each group the least work that the second key tells. */
  int groups(String key, String least, long work) {
    return (int) Math.max(1, Math.min(most(key), (work - 1) / tuning.number(least) + 1));
  }

  private static Object[] with(Object[] arguments, Object... further) {
    Object[] all = Arrays.copyOf(arguments, arguments.length + further.length);
    System.arraycopy(further, 0, all, arguments.length, further.length);
    return all;
  }
}
