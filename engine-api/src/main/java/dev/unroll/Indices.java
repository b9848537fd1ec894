// SPDX-License-Identifier: Apache-2.0

package dev.unroll;

/**
 * A contiguous view of int32 values on a device: token ids, class targets, row numbers. It belongs
 * to the arena that made it. The values are known on the host too, so that they can be checked
 * without waiting for the device.
 */
public final class Indices {
  private final Storage storage;
  private final int offset;
  private final int length;

  Indices(Storage storage, int offset, int length) {
    this.storage = storage;
    this.offset = offset;
    this.length = length;
  }

  /**
   * The memory this is a view of; for backends.
   *
   * @return the buffer
   */
  public Buffer buffer() {
    return storage.buffer;
  }

  /**
   * Where the first value lies.
   *
   * @return element number in the buffer
   */
  public int offset() {
    return offset;
  }

  /**
   * Number of values.
   *
   * @return length, at least 0
   */
  public int length() {
    return length;
  }

  /**
   * A part of this.
   *
   * @param from first value
   * @param count number of values
   * @return a view
   */
  public Indices slice(int from, int count) {
    if (from < 0 || count < 0 || from > length - count) {
      throw new IllegalArgumentException(
          "slice: " + count + " from " + from + " is outside " + this);
    }
    return new Indices(storage, offset + from, count);
  }

  /**
   * One value, from the host's copy.
   *
   * @param i position, 0 to length - 1
   * @return the value last written there
   */
  public int get(int i) {
    if (i < 0 || i >= length) {
      throw new IllegalArgumentException("get: position " + i + " is outside " + this);
    }
    return storage.hostValue(offset + i);
  }

  /**
   * All values, from the host's copy.
   *
   * @return a new array
   */
  public int[] values() {
    return storage.hostValues(offset, length);
  }

  /**
   * Checks that all values are at least low and below bound.
   *
   * @param op who asks, for the message
   * @param low smallest value allowed
   * @param bound first value not allowed
   * @param besides one more value that is allowed
   * @throws IllegalArgumentException that names the first value outside and its position
   */
  public void requireRange(String op, int low, int bound, int besides) {
    for (int i = 0; i < length; i++) {
      int value = storage.hostValue(offset + i);
      if ((value < low || value >= bound) && value != besides) {
        throw new IllegalArgumentException(
            op
                + ": index out of range: value "
                + value
                + " at position "
                + i
                + " of "
                + this
                + "; allowed are "
                + low
                + " to "
                + (bound - 1));
      }
    }
  }

  Storage storage() {
    return storage;
  }

  @Override
  public String toString() {
    String label = storage.label.isEmpty() ? "" : "'" + storage.label + "' ";
    return "indices " + label + "[" + length + "]";
  }
}
