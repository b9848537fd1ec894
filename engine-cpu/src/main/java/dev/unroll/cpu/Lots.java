// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import java.util.function.IntConsumer;

/**
 * Deals a run through time out to the threads. A batch is split by sequences: then no thread waits
 * for another before the end. A smaller one is split by columns, the same of every gate; then the
 * threads {@link Lot#meet} once a step.
 */
final class Lots {
  /** Below this many multiply-adds waking another thread costs more than it saves. */
  private static final long MIN_PARALLEL_WORK = 1 << 17;

  /** Below this many multiply-adds in a step meeting the other threads costs more than it saves. */
  private static final long MIN_MEETING_WORK = 1 << 15;

  private final Workers workers;
  private final Meeting meeting;
  private final Lot[] lots;
  private final IntConsumer columnsPart = this::columnsPart;
  private final IntConsumer sequencesPart = this::sequencesPart;
  private Share share;
  private int batch;

  Lots(Workers workers) {
    this.workers = workers;
    meeting = new Meeting(workers.count());
    lots = new Lot[workers.count()];
    for (int i = 0; i < lots.length; i++) {
      lots[i] = new Lot(i);
    }
  }

  /** What each thread runs. */
  interface Share {
    void run(Lot lot);
  }

  /**
   * Whether {@link #run} will split columns.
   *
   * @param batch sequences
   * @param rows rows of all steps
   * @param weights multiply-adds for a row
   */
  boolean byColumns(int batch, int rows, int weights) {
    return batch < workers.count()
        && parallel(rows, weights)
        && (long) batch * weights >= MIN_MEETING_WORK;
  }

  private boolean parallel(int rows, int weights) {
    return workers.count() > 1 && (long) rows * weights >= MIN_PARALLEL_WORK;
  }

  /**
   * Runs a share on each thread.
   *
   * @param batch sequences
   * @param rows rows of all steps
   * @param weights multiply-adds for a row
   */
  void run(int batch, int rows, int weights, Share share) {
    this.share = share;
    this.batch = batch;
    if (byColumns(batch, rows, weights)) {
      meeting.open();
      workers.runTogether(columnsPart);
    } else if (batch >= workers.count() && parallel(rows, weights)) {
      workers.run(sequencesPart);
    } else {
      share.run(lots[0].set(0, batch, 1));
    }
  }

  private void columnsPart(int part) {
    try {
      share.run(lots[part].set(0, batch, workers.count()));
    } catch (Throwable e) {
      meeting.cancel();
      throw e;
    }
  }

  private void sequencesPart(int part) {
    int threads = workers.count();
    int from = (int) ((long) batch * part / threads);
    int to = (int) ((long) batch * (part + 1) / threads);
    share.run(lots[part].set(from, to, 1));
  }

  /** What one thread does: some sequences, or some columns of all. */
  final class Lot {
    /** The number of the thread. */
    final int part;

    /** The first sequence. */
    int from;

    /** Where the sequences end. */
    int to;

    private int sharers;

    private Lot(int part) {
      this.part = part;
    }

    private Lot set(int from, int to, int sharers) {
      this.from = from;
      this.to = to;
      this.sharers = sharers;
      return this;
    }

    /** Whether it shares the columns with others. */
    boolean shared() {
      return sharers > 1;
    }

    /** The first of this thread's columns of n; a multiple of PANEL. */
    int first(int n) {
      return sharers == 1 ? 0 : start(n, part);
    }

    /** Where this thread's columns of n end. */
    int end(int n) {
      return sharers == 1 ? n : start(n, part + 1);
    }

    private int start(int n, int i) {
      int panels = (n + MicroKernels.PANEL - 1) / MicroKernels.PANEL;
      return Math.min(n, (int) ((long) panels * i / sharers) * MicroKernels.PANEL);
    }

    /** Waits until the threads that share columns have all come here. */
    void meet() {
      if (sharers > 1) {
        meeting.await(part);
      }
    }
  }
}
