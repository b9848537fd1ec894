// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

import dev.unroll.Buffer;
import dev.unroll.ElementType;
import dev.unroll.Indices;
import dev.unroll.Tensor;

/** Memory of the CPU backends: one Java array. */
final class HostBuffer implements Buffer {
  private final float[] floats;
  private final int[] ints;

  HostBuffer(ElementType type, int elements) {
    boolean isFloat = type == ElementType.FLOAT32;
    floats = isFloat ? new float[elements] : null;
    ints = isFloat ? null : new int[elements];
  }

  @Override
  public ElementType type() {
    return floats == null ? ElementType.INT32 : ElementType.FLOAT32;
  }

  @Override
  public long capacity() {
    return floats == null ? ints.length : floats.length;
  }

  /** The array of a float buffer. */
  float[] floats() {
    return floats;
  }

  /** The array of an int buffer. */
  int[] ints() {
    return ints;
  }

  /** The array a tensor is a view of. */
  static float[] floats(Tensor t) {
    return ((HostBuffer) t.buffer()).floats();
  }

  /** The array that indices are a view of. */
  static int[] ints(Indices i) {
    return ((HostBuffer) i.buffer()).ints();
  }

  /** The tensor as a matrix on its array; null stays null. */
  static Mat mat(Tensor t) {
    return t == null
        ? null
        : new Mat().set(floats(t), t.offset(), t.rows(), t.cols(), t.rowStride(), t.colStride());
  }
}
