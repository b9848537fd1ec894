// SPDX-License-Identifier: Apache-2.0

package dev.unroll;

import java.util.Arrays;

/** The memory behind a tensor and all its views: a buffer from the pool, owned by an arena. */
final class Storage {
  private static final int[] NOTHING = {};

  final Ops ops;
  final Arena arena;
  final String label;
  final Buffer buffer;
  final int elements;

  /**
   * Host copy of what was last written to an index buffer, so that values can be checked unread.
   */
  private int[] hostCopy = NOTHING;

  private boolean freed;

  Storage(Ops ops, Arena arena, String label, Buffer buffer, int elements) {
    this.ops = ops;
    this.arena = arena;
    this.label = label;
    this.buffer = buffer;
    this.elements = elements;
  }

  void remember(int[] values, int from, int at, int count) {
    if (hostCopy.length < elements) {
      hostCopy = new int[elements];
    }
    System.arraycopy(values, from, hostCopy, at, count);
  }

  int hostValue(int i) {
    return i < hostCopy.length ? hostCopy[i] : 0;
  }

  int[] hostValues(int from, int count) {
    return Arrays.copyOfRange(Arrays.copyOf(hostCopy, elements), from, from + count);
  }

  void markFreed() {
    freed = true;
  }

  void requireLive(String op, Object view) {
    if (freed) {
      throw new IllegalStateException(
          op + ": " + view + " was freed when arena '" + arena.label() + "' closed");
    }
  }
}
