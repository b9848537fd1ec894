// SPDX-License-Identifier: Apache-2.0

package dev.unroll.kernels;

import dev.unroll.Buffer;
import dev.unroll.ElementType;

/**
 * Memory for what passes from one kernel to the next. It grows to the largest request; the queue
 * works in order, so that each use may overwrite the one before.
 */
final class Scratch {
  private final Device device;
  private Buffer buffer;

  Scratch(Device device) {
    this.device = device;
  }

  /** Memory for so many floats, good until the next call. */
  Buffer floats(long count) {
    if (buffer == null || buffer.capacity() < count) {
      if (buffer != null) {
        device.free(buffer);
        buffer = null;
      }
      buffer = device.allocate(ElementType.FLOAT32, Math.max(count, 1024));
    }
    return buffer;
  }
}
