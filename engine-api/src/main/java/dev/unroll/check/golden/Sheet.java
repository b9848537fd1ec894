// SPDX-License-Identifier: Apache-2.0

package dev.unroll.check.golden;

import dev.unroll.Arena;
import dev.unroll.Ops;
import dev.unroll.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;

/** Where a case runs, and what it gives by name. */
final class Sheet {
  /**
   * A result.
   *
   * @param values row-major
   * @param shape its axes
   */
  record Result(float[] values, int... shape) {}

  final Ops ops;
  final Arena arena;
  private final Map<String, Result> results = new LinkedHashMap<>();

  Sheet(Arena arena) {
    this.ops = arena.ops();
    this.arena = arena;
  }

  /** A tensor that keeps the shape it was made with. */
  void put(String name, Tensor tensor) {
    put(name, tensor, tensor.shape());
  }

  /** A tensor whose folded axes stand for a shape. */
  void put(String name, Tensor tensor, int... shape) {
    put(name, ops.read(tensor), shape);
  }

  void put(String name, float[] values, int... shape) {
    results.put(name, new Result(values, shape));
  }

  /** The result of a name, or null. */
  Result get(String name) {
    return results.get(name);
  }

  /** A new tensor of the shape of another. */
  Tensor like(Tensor other) {
    return arena.tensor(other.shape());
  }
}
