// SPDX-License-Identifier: Apache-2.0

package dev.unroll.bench;

import dev.unroll.Arena;
import dev.unroll.Ops;

/** One thing to time, the same on every backend. */
public interface Benchmark {
  /** What kind of work it is; the report has a chart for each. */
  enum Group {
    /** Matrix products. */
    PRODUCTS("products"),
    /** Element-wise functions, softmax and its kin, optimiser steps. */
    ROWS("rows"),
    /** Whole sequences of recurrent layers. */
    SEQUENCES("sequences"),
    /** Forward passes of networks with one sequence. */
    FORWARD("forward"),
    /** Training steps: forward, backward, update. */
    TRAINING("training");

    private final String text;

    Group(String text) {
      this.text = text;
    }

    @Override
    public String toString() {
      return text;
    }
  }

  /**
   * How much there is to do, at least.
   *
   * @param flops additions and multiplications; 0 where functions count, not products
   * @param bytes read and written if each operand passes once
   */
  record Work(long flops, long bytes) {}

  /**
   * The name.
   *
   * @return unique in the table
   */
  String name();

  /**
   * The kind of work.
   *
   * @return the group
   */
  Group group();

  /**
   * How much there is to do.
   *
   * @return the work of one run
   */
  Work work();

  /** A benchmark on a backend, with its operands. */
  interface Prepared {
    /** Runs it once; the device need not be done on return. */
    void launch();

    /**
     * What it computes from its operands as they are at first.
     *
     * @return digest of the results; called once, before any launch
     */
    String digest();
  }

  /**
   * Makes the operands.
   *
   * @param ops where to run
   * @param arena owns the operands
   * @return ready to launch
   */
  Prepared prepare(Ops ops, Arena arena);
}
