// SPDX-License-Identifier: Apache-2.0

package dev.unroll;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Buffers by size class, kept when freed and handed out again. One in-order queue per backend makes
 * it safe to reuse a buffer at once: whatever reuses it is queued behind what still reads it. When
 * memory runs out, what is pooled goes back to the device and the allocation is tried again.
 */
final class Pool {
  private static final int SMALLEST = 64;

  private final Ops ops;
  private final Backend backend;
  private final Map<ElementType, List<ArrayDeque<Buffer>>> free = new EnumMap<>(ElementType.class);
  private final long limit;
  private int live;
  private long liveBytes;
  private long pooledBytes;
  private long peakBytes;

  Pool(Ops ops, Backend backend, long limit) {
    this.ops = ops;
    this.backend = backend;
    this.limit = limit;
    for (ElementType type : ElementType.values()) {
      List<ArrayDeque<Buffer>> classes = new ArrayList<>();
      for (int i = 0; i <= index(Integer.MAX_VALUE); i++) {
        classes.add(new ArrayDeque<>());
      }
      free.put(type, classes);
    }
  }

  Storage take(Arena arena, String label, ElementType type, int elements) {
    long capacity = sizeClass(elements);
    Buffer buffer = free.get(type).get(index(capacity)).pollLast();
    if (buffer == null) {
      buffer = allocate(arena, type, capacity);
    } else {
      pooledBytes -= bytes(buffer);
    }
    Storage storage = new Storage(ops, arena, label, buffer, elements);
    live++;
    liveBytes += bytes(buffer);
    peakBytes = Math.max(peakBytes, liveBytes + pooledBytes);
    return storage;
  }

  void give(Storage storage) {
    live--;
    Buffer buffer = storage.buffer;
    liveBytes -= bytes(buffer);
    pooledBytes += bytes(buffer);
    free.get(buffer.type()).get(index(buffer.capacity())).addLast(buffer);
  }

  /** Gives everything pooled back to the device. */
  void flush() {
    for (List<ArrayDeque<Buffer>> classes : free.values()) {
      for (ArrayDeque<Buffer> waiting : classes) {
        waiting.forEach(backend::free);
        waiting.clear();
      }
    }
    pooledBytes = 0;
  }

  MemoryUse use() {
    return new MemoryUse(live, liveBytes, pooledBytes, peakBytes);
  }

  /** Four classes for each power of two waste at most a fifth. */
  static long sizeClass(long elements) {
    if (elements <= SMALLEST) {
      return SMALLEST;
    }
    long step = Long.highestOneBit(elements - 1) / 4;
    return Math.min(Integer.MAX_VALUE - 8L, (elements + step - 1) / step * step);
  }

  /** The number of a size class, from 0. */
  private static int index(long capacity) {
    if (capacity <= SMALLEST) {
      return 0;
    }
    int power = Long.SIZE - 1 - Long.numberOfLeadingZeros(capacity - 1);
    int quarter = (int) ((capacity - 1) >> (power - 2)) & 3;
    return 4 * (power - Long.numberOfTrailingZeros(SMALLEST)) + quarter + 1;
  }

  private Buffer allocate(Arena arena, ElementType type, long capacity) {
    long asked = 4 * capacity;
    if (liveBytes + pooledBytes + asked <= limit) {
      try {
        return backend.allocate(type, capacity);
      } catch (BackendException | OutOfMemoryError e) {
        // What is pooled may be enough: give it back and try once more.
      }
    }
    flush();
    if (liveBytes + asked > limit) {
      throw outOfMemory(arena, asked, "the limit is " + limit + " bytes (-Dunroll.memory)", null);
    }
    try {
      return backend.allocate(type, capacity);
    } catch (BackendException | OutOfMemoryError e) {
      throw outOfMemory(arena, asked, String.valueOf(e.getMessage()), e);
    }
  }

  private BackendException outOfMemory(Arena arena, long asked, String why, Throwable cause) {
    String holders =
        ops.storages()
            .sorted(Comparator.comparingLong((Storage s) -> -s.elements))
            .limit(3)
            .map(s -> s.arena.label() + "/" + s.label + " " + 4L * s.elements)
            .collect(Collectors.joining(", "));
    return new BackendException(
        backend.name()
            + ": out of memory: asked "
            + asked
            + " bytes for arena '"
            + arena.label()
            + "', "
            + liveBytes
            + " live; largest: "
            + holders
            + "; "
            + why
            + ". Use a smaller batch or shorter sequences",
        false,
        cause);
  }

  private static long bytes(Buffer buffer) {
    return 4 * buffer.capacity();
  }
}
