// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

/**
 * Matrix products on the calling thread alone, with that thread's own buffers.
 *
 * <p>The loops, from the outside: chunks of k; blocks of rows of A, copied so that a block stays in
 * the second-level cache; panels of columns of B, copied so that a panel stays in the first-level
 * cache; tiles of C, one micro-kernel call each. B is read in place when only few rows use it.
 */
final class GemmThread {
  /** Rows of A in a block, whole groups: as many rows of a chunk are half a megabyte. */
  private static final int BLOCK_ROWS = 528;

  /** With at most this many rows in a block, copying B costs more than reading it in place. */
  private static final int IN_PLACE_ROWS = 32;

  private static final int PANEL = MicroKernels.PANEL;
  private static final int PITCH = MicroKernels.ROW_PITCH;

  /** What the kernels add a sum to where C is not to be read: +0 + s is s, since s is never -0. */
  private static final float[] ZEROS = new float[8 * PANEL];

  private final float[] blockBuffer = new float[BLOCK_ROWS * PITCH];
  private final float[] panelBuffer = new float[Gemm.CHUNK * PANEL];
  private final float[] tile = new float[MicroKernels.TILE_ROWS * PANEL];
  private final Product own = new Product();

  private Product product;
  private int chunkStart; // first k
  private int chunk; // number of k
  private Mat old; // what the sums of this chunk are added to, or null for nothing
  private float[] aData; // rows of the block stand PITCH apart
  private int aOffset;
  private int groupRows; // so many rows of the block are in interleaved groups
  private float[] bData; // rows of the panel stand bStride apart
  private int bOffset;
  private int bStride;
  private int panelStride; // distance between the selected panels
  private int height; // rows of the current tile

  /** C [m,n] = beta * C + A [m,k] B [k,n]; with beta 0, C is not read. C overlaps neither. */
  void multiply(Mat a, Mat b, float beta, Mat c) {
    multiply(own.set(a, b, beta, c), 0, own.c.rows, 0, own.c.cols);
    own.clear();
  }

  /** C [m,n] = beta * C + A [m,k] B [k,n] with B packed before; the same bits as unpacked. */
  void multiply(Mat a, Packed b, float beta, Mat c) {
    multiply(a, b, beta, c, c, 0, c.cols);
  }

  /**
   * Columns n0 to n1 of C [m,n] = beta * old + A [m,k] B [k,n] with B packed before; the same bits
   * as unpacked. n0 is a multiple of PANEL; old is C or apart from it.
   */
  void multiply(Mat a, Packed b, float beta, Mat old, Mat c, int n0, int n1) {
    multiply(own.set(a, b, beta, old, c), 0, own.c.rows, n0, n1);
    own.clear();
  }

  /** Computes the part of C that is [m0, m1) by [n0, n1); n0 is a multiple of PANEL. */
  void multiply(Product p, int m0, int m1, int n0, int n1) {
    product = p;
    int depth = p.a.cols;
    old = p.beta == 0 ? null : p.old;
    if (depth == 0 || (p.beta != 0 && p.beta != 1)) {
      scale(m0, m1, n0, n1);
    }
    for (chunkStart = 0; chunkStart < depth; chunkStart += Gemm.CHUNK) {
      chunk = Math.min(Gemm.CHUNK, depth - chunkStart);
      for (int row = m0; row < m1; row += BLOCK_ROWS) {
        block(row, Math.min(BLOCK_ROWS, m1 - row), n0, n1);
      }
      old = p.c;
    }
    product = null;
    old = null;
    aData = null;
    bData = null;
  }

  /** C = beta * old, rounded: what the chunk sums are then added to. */
  private void scale(int m0, int m1, int n0, int n1) {
    Mat c = product.c;
    for (int row = m0; row < m1; row++) {
      for (int col = n0; col < n1; col++) {
        c.data[c.at(row, col)] = old == null ? 0f : product.beta * old.data[old.at(row, col)];
      }
    }
    old = old == null ? null : c;
  }

  private void block(int row, int rows, int n0, int n1) {
    selectRows(row, rows);
    if (rows == 1 && product.packed == null && product.b.colStride != 1) {
      dots(row, n0, n1);
      return;
    }
    int col = n0;
    if (rows == 1 && product.c.colStride == 1 && (old == null || old.colStride == 1)) {
      col = wideRow(row, n0, n1);
    }
    int width = Gemm.CHUNK / chunk * PANEL; // several panels when k is short: longer rows of C
    for (; col < n1; col += width) {
      int cols = Math.min(width, n1 - col);
      selectPanels(col, cols, rows);
      for (int i = 0; i < rows; i += height) {
        height = MicroKernels.tileRows(rows - i);
        tiles(row, i, col, cols);
      }
    }
  }

  private void selectRows(int row, int rows) {
    Mat a = product.a;
    groupRows = 0;
    if (rows == 1 && a.colStride == 1) {
      aData = a.data;
      aOffset = a.at(row, chunkStart);
      return;
    }
    if (a.rowStride == 1) {
      groupRows = Packing.wholeGroups(a, row, rows, chunkStart, chunk);
      Packing.groups(a, row, groupRows, chunkStart, chunk, blockBuffer);
    }
    int rest = rows - groupRows;
    Packing.rows(a, row + groupRows, rest, chunkStart, chunk, blockBuffer, groupRows * PITCH);
    aData = blockBuffer;
    aOffset = 0;
  }

  private void selectPanels(int col, int cols, int rows) {
    Mat b = product.b;
    bStride = PANEL;
    panelStride = chunk * PANEL;
    if (product.packed != null) {
      bData = product.packed.data;
      bOffset = product.packed.panel(chunkStart, chunk, col);
    } else if (rows <= IN_PLACE_ROWS && cols % PANEL == 0 && b.colStride == 1) {
      bData = b.data;
      bOffset = b.at(chunkStart, col);
      bStride = b.rowStride;
      panelStride = PANEL;
    } else {
      Packing.panels(b, chunkStart, chunk, col, cols, panelBuffer, 0);
      bData = panelBuffer;
      bOffset = 0;
    }
  }

  /** The tiles at row i of the block, one for each selected panel. */
  private void tiles(int row, int i, int col, int cols) {
    Mat c = product.c;
    int bo = bOffset;
    for (int j = 0; j < cols; j += PANEL) {
      int co = c.at(row + i, col + j);
      if (cols - j < PANEL || c.colStride != 1 || (old != null && old.colStride != 1)) {
        tile(i, bo, ZEROS, 0, 0, tile, 0, PANEL);
        merge(row + i, col + j, Math.min(PANEL, cols - j));
      } else if (old != null) {
        int oo = old.at(row + i, col + j);
        tile(i, bo, old.data, oo, old.rowStride, c.data, co, c.rowStride);
      } else {
        tile(i, bo, ZEROS, 0, 0, c.data, co, c.rowStride);
      }
      bo += panelStride;
    }
  }

  /** Runs the kernel for the tile at row i of the block and the panel at bo. */
  private void tile(int i, int bo, float[] old, int oo, int ldo, float[] c, int co, int ldc) {
    int kc = chunk;
    float[] a = aData;
    int ao = aOffset + i * PITCH;
    float[] b = bData;
    int ldb = bStride;
    if (i < groupRows) {
      if (height == 12) {
        GroupKernels.group12(kc, a, ao, b, bo, ldb, old, oo, ldo, c, co, ldc);
      } else {
        GroupKernels.group6(kc, a, ao, b, bo, ldb, old, oo, ldo, c, co, ldc);
      }
      return;
    }
    switch (height) {
      case 12 -> MicroKernels.rows12(kc, a, ao, b, bo, ldb, old, oo, ldo, c, co, ldc);
      case 8 -> MicroKernels.rows8(kc, a, ao, b, bo, ldb, old, oo, ldo, c, co, ldc);
      case 6 -> MicroKernels.rows6(kc, a, ao, b, bo, ldb, old, oo, ldo, c, co, ldc);
      case 4 -> MicroKernels.rows4(kc, a, ao, b, bo, ldb, old, oo, ldo, c, co, ldc);
      case 2 -> MicroKernels.rows2(kc, a, ao, b, bo, ldb, old, oo, ldo, c, co, ldc);
      default -> RowKernels.panel1(kc, a, ao, b, bo, ldb, old, oo, c, co);
    }
  }

  /** Moves the chunk sums of a tile to C from (row, col) on, where the kernels can not. */
  private void merge(int row, int col, int cols) {
    Mat c = product.c;
    int i = 0;
    if (c.rowStride == 1 && (old == null || old.rowStride == 1)) {
      for (; i + 4 <= height; i += 4) {
        turn4(i, row + i, col, cols);
      }
    }
    for (; i < height; i++) {
      mergeRow(i * PANEL, cols, row + i, col);
    }
  }

  /** As merge for four rows of the tile where the columns of C are contiguous. */
  private void turn4(int i, int row, int col, int cols) {
    Mat c = product.c;
    int from = i * PANEL;
    int co = c.at(row, col);
    if (old == null) {
      ScalarKernels.turn4(cols, tile, from, PANEL, ZEROS, 0, 0, c.data, co, c.colStride);
    } else {
      int oo = old.at(row, col);
      int ldo = old.colStride;
      ScalarKernels.turn4(cols, tile, from, PANEL, old.data, oo, ldo, c.data, co, c.colStride);
    }
  }

  /** Moves as many sums, which stand at from in the tile, to C from (row, col) on. */
  private void mergeRow(int from, int count, int row, int col) {
    float[] c = product.c.data;
    int co = product.c.at(row, col);
    int stride = product.c.colStride;
    if (old == null) {
      for (int j = 0; j < count; j++) {
        c[co + j * stride] = tile[from + j];
      }
    } else {
      int oo = old.at(row, col);
      for (int j = 0; j < count; j++) {
        c[co + j * stride] = old.data[oo + j * old.colStride] + tile[from + j];
      }
    }
  }

  /** One row of C by several panels at a time, as long as there are so many; the next column. */
  private int wideRow(int row, int n0, int n1) {
    Mat c = product.c;
    int kc = chunk;
    float[] a = aData;
    int ao = aOffset;
    int panels = product.packed == null ? 8 : 2;
    int col = n0;
    for (; col + panels * PANEL <= n1; col += panels * PANEL) {
      selectPanels(col, panels * PANEL, 1);
      float[] start = old == null ? ZEROS : old.data;
      int so = old == null ? 0 : old.at(row, col);
      int co = c.at(row, col);
      if (panels == 2) {
        RowKernels.packed2(kc, a, ao, bData, bOffset, start, so, c.data, co);
      } else {
        RowKernels.inPlace8(kc, a, ao, bData, bOffset, bStride, start, so, c.data, co);
      }
    }
    return col;
  }

  /** One row of C where the columns of B are contiguous: chains of scalar fma, nothing copied. */
  private void dots(int row, int n0, int n1) {
    Mat b = product.b;
    int col = n0;
    for (; col + 8 <= n1; col += 8) {
      ScalarKernels.dot8(
          chunk, aData, aOffset, b.data, b.at(chunkStart, col), b.rowStride, b.colStride, tile);
      mergeRow(0, 8, row, col);
    }
    for (; col < n1; col++) {
      ScalarKernels.dot1(chunk, aData, aOffset, b.data, b.at(chunkStart, col), b.rowStride, tile);
      mergeRow(0, 1, row, col);
    }
  }
}
