// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cuda;

import java.nio.ByteBuffer;

/**
 * Pinned memory that copies to the device go by. Places are given out in order, from the start
 * after each wait: the same writes get the same places each time.
 */
final class Staging {
  /** So that the driver can copy whole cache lines. */
  private static final int STEP = 64;

  private final ByteBuffer memory;
  private int used;

  Staging(ByteBuffer memory) {
    this.memory = memory;
  }

  /** What was given out is free again: all copies from here are done. */
  void reset() {
    used = 0;
  }

  /** How many of so many elements of four bytes fit; none if a wait is needed first. */
  int room(int elements) {
    boolean whole = used + 4L * elements <= memory.capacity();
    return whole ? elements : used > 0 ? 0 : memory.capacity() / 4;
  }

  /** Takes values, as many as there is room for. Returns where they lie, in bytes. */
  int put(float[] src, int from, int count) {
    int place = take(count);
    memory.slice(place, 4 * count).order(memory.order()).asFloatBuffer().put(src, from, count);
    return place;
  }

  /** Takes values, as many as there is room for. Returns where they lie, in bytes. */
  int put(int[] src, int from, int count) {
    int place = take(count);
    memory.slice(place, 4 * count).order(memory.order()).asIntBuffer().put(src, from, count);
    return place;
  }

  private int take(int count) {
    int place = used;
    used = Math.min(memory.capacity(), (place + 4 * count + STEP - 1) & -STEP);
    return place;
  }
}
