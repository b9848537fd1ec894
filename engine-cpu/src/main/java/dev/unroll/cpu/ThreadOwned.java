// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

/**
 * Superclass of objects that one thread writes many times a microsecond: two cache lines in front
 * of their fields, since the collector likes to move the objects of two threads next to each other,
 * and a line that both write travels between the processors at every write.
 */
@SuppressWarnings("unused")
abstract class ThreadOwned {
  /** Floats to leave free at either end of an array that one thread writes often. */
  static final int MARGIN = 32;

  private long p0;
  private long p1;
  private long p2;
  private long p3;
  private long p4;
  private long p5;
  private long p6;
  private long p7;
  private long p8;
  private long p9;
  private long p10;
  private long p11;
  private long p12;
  private long p13;
  private long p14;
  private long p15;
}
