// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import java.util.function.IntConsumer;

/**
 * Matrix products C = beta * C + A B in the one order of additions that EXACT allows, for any
 * strides.
 *
 * <p>An element is a sum over k in chunks of {@link #CHUNK}: within a chunk one chain of fma from
 * +0, then + (+0); the chunk sums are added to C one after the other. Work is split between the
 * threads over rows or columns of C, never over k, so the number of threads changes no bit.
 *
 * <p>One instance serves one calling thread at a time. Nothing is allocated after construction,
 * except when a {@link Packed} has to grow.
 */
final class Gemm {
  /** The length of a sum over k that is finished before it is added to C; part of the results. */
  static final int CHUNK = 256;

  /** Below this many multiply-adds waking another thread costs more than it saves. */
  private static final long MIN_PARALLEL_WORK = 1 << 18;

  /** Multiply-adds in the time that it takes to copy an element into a block or panel. */
  private static final long COPY_COST = 24;

  private final Workers workers;
  private final GemmThread[] threads;
  private final Product product = new Product();
  private final IntConsumer multiplyPart = this::multiplyPart;
  private final IntConsumer packPart = this::packPart;
  private boolean byColumns;
  private int share; // rows or columns of C per thread

  Gemm(Workers workers) {
    this.workers = workers;
    threads = new GemmThread[workers.count()];
    for (int i = 0; i < threads.length; i++) {
      threads[i] = new GemmThread();
    }
  }

  /**
   * The single-threaded products of one part of a {@link Workers} task, for code that runs inside
   * such a task and must not start another.
   */
  GemmThread thread(int part) {
    return threads[part];
  }

  /** C [m,n] = beta * C + A [m,k] B [k,n]; with beta 0, C is not read. C overlaps neither. */
  void multiply(Mat a, Mat b, float beta, Mat c) {
    run(product.set(a, b, beta, c));
  }

  /** C [m,n] = beta * old [m,n] + A [m,k] B [k,n]; old is C or apart from it. */
  void multiply(Mat a, Mat b, float beta, Mat old, Mat c) {
    run(product.set(a, b, beta, old, c));
  }

  /** C [m,n] = beta * C + A [m,k] B [k,n] with B packed before; the same bits as unpacked. */
  void multiply(Mat a, Packed b, float beta, Mat c) {
    run(product.set(a, b, beta, c, c));
  }

  /** Packs b [k,n] on all threads. */
  void pack(Mat b, Packed out) {
    out.resize(b.rows, b.cols);
    if (threads.length == 1 || (long) b.rows * b.cols < MIN_PARALLEL_WORK) {
      out.packPanels(b, 0, b.cols);
      return;
    }
    product.b.set(b);
    product.packed = out;
    share = share(b.cols, MicroKernels.PANEL);
    workers.run(packPart);
    product.clear();
  }

  private void run(Product p) {
    if (threads.length == 1 || p.multiplyAdds() < MIN_PARALLEL_WORK) {
      threads[0].multiply(p, 0, p.c.rows, 0, p.c.cols);
    } else {
      split(p.c.rows, p.c.cols);
      workers.run(multiplyPart);
    }
    p.clear();
  }

  /** Splits the side of which the largest share costs less; if equal, the longer side. */
  private void split(int rows, int cols) {
    int rowShare = share(rows, MicroKernels.TILE_ROWS);
    int colShare = share(cols, MicroKernels.PANEL);
    long byRowsCost = cost(rowShare, cols);
    long byColsCost = cost(rows, colShare);
    byColumns = byColsCost < byRowsCost || (byColsCost == byRowsCost && cols >= rows);
    share = byColumns ? colShare : rowShare;
  }

  /** Multiply-adds for each k, and the copying of what they read, which each thread does itself. */
  private static long cost(int rows, int cols) {
    return (long) rows * cols + COPY_COST * (rows + cols);
  }

  /** The whole tiles of one thread, in elements. */
  private int share(int length, int unit) {
    int units = (length + unit - 1) / unit;
    return (units + threads.length - 1) / threads.length * unit;
  }

  private void multiplyPart(int part) {
    Mat c = product.c;
    int length = byColumns ? c.cols : c.rows;
    int from = (int) Math.min(length, (long) part * share);
    int to = (int) Math.min(length, (long) from + share);
    if (byColumns) {
      threads[part].multiply(product, 0, c.rows, from, to);
    } else {
      threads[part].multiply(product, from, to, 0, c.cols);
    }
  }

  private void packPart(int part) {
    int from = (int) Math.min(product.b.cols, (long) part * share);
    int to = (int) Math.min(product.b.cols, (long) from + share);
    product.packed.packPanels(product.b, from, to);
  }
}
