// SPDX-License-Identifier: Apache-2.0

package dev.unroll;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * Owns tensors and frees them all when it closes. Memory goes back to a pool underneath, so that an
 * arena opened and closed for each training step allocates nothing once the pool has what a step
 * needs.
 *
 * <p>The content of a new tensor is undefined.
 */
public final class Arena implements AutoCloseable {
  private final Ops ops;
  private final String label;
  private final List<Storage> storages = new ArrayList<>();
  private boolean closed;

  Arena(Ops ops, String label) {
    this.ops = ops;
    this.label = label;
  }

  /**
   * The name it was opened with.
   *
   * @return the label
   */
  public String label() {
    return label;
  }

  /**
   * The operations this arena's tensors live on.
   *
   * @return the ops
   */
  public Ops ops() {
    return ops;
  }

  /**
   * A new tensor of undefined content.
   *
   * @param shape axes, outermost first; none makes one number; the last is columns, all others fold
   *     into rows
   * @return the tensor
   */
  public Tensor tensor(int... shape) {
    return named("", shape);
  }

  /**
   * A new tensor that messages call by name.
   *
   * @param name name, for messages
   * @param shape axes, outermost first
   * @return the tensor
   */
  public Tensor named(String name, int... shape) {
    int[] axes = shape.clone();
    Storage storage = take(name, ElementType.FLOAT32, elements(axes));
    return new Tensor(storage, axes);
  }

  /**
   * A new tensor with values.
   *
   * @param values row-major
   * @param shape axes, outermost first
   * @return the tensor
   */
  public Tensor tensor(float[] values, int... shape) {
    Tensor tensor = tensor(shape);
    ops.write(values, tensor);
    return tensor;
  }

  /**
   * New indices of undefined content.
   *
   * @param length number of values
   * @return the indices
   */
  public Indices indices(int length) {
    return new Indices(take("", ElementType.INT32, elements(length)), 0, length);
  }

  /**
   * New indices with values.
   *
   * @param values what to hold
   * @return the indices
   */
  public Indices indices(int[] values) {
    Indices indices = indices(values.length);
    ops.write(values, indices);
    return indices;
  }

  /** Frees all tensors of this arena; a second close does nothing. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    for (int i = storages.size() - 1; i >= 0; i--) {
      Storage storage = storages.get(i);
      storage.markFreed();
      ops.pool().give(storage);
    }
    storages.clear();
    ops.forget(this);
  }

  Stream<Storage> storages() {
    return storages.stream();
  }

  private static int elements(int... shape) {
    long count = 1;
    for (int axis : shape) {
      if (axis < 0) {
        throw new IllegalArgumentException(
            "tensor: sizes must not be negative: " + Arrays.toString(shape));
      }
      count = axis == 0 || count == 0 ? 0 : multiply(count, axis, shape);
    }
    return (int) count;
  }

  private static long multiply(long count, int axis, int... shape) {
    long product = count * axis;
    if (product > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "tensor: "
              + Arrays.toString(shape)
              + " has more than 2^31 - 1 elements, the most a buffer holds; split it");
    }
    return product;
  }

  private Storage take(String name, ElementType type, int elements) {
    ops.begin("tensor");
    if (closed) {
      throw new IllegalStateException("tensor: arena '" + label + "' is closed");
    }
    Storage storage = ops.pool().take(this, name, type, elements);
    storages.add(storage);
    return storage;
  }
}
