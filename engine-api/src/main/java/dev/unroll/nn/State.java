// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

import dev.unroll.Arena;
import dev.unroll.Ops;
import dev.unroll.Tensor;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The state of the recurrent layers between two passes: tensors [layers, B, H] by name, {@code h}
 * and for an LSTM {@code c}; in a {@link Sequential} with the layer's name in front, {@code
 * lstm.h}. A name that is absent means zeros. The same type holds gradients of states.
 */
public final class State {
  /** Nothing in it: all zeros. */
  public static final State NONE = new State(Map.of());

  private final Map<String, Tensor> tensors;

  private State(Map<String, Tensor> tensors) {
    this.tensors = Collections.unmodifiableMap(tensors);
  }

  /**
   * A state of one tensor.
   *
   * @param name its name
   * @param tensor [layers, B, H]
   * @return the state
   */
  public static State of(String name, Tensor tensor) {
    return NONE.with(name, tensor);
  }

  /** A state of several tensors; the map is the state's from now on. */
  static State of(Map<String, Tensor> tensors) {
    return new State(tensors);
  }

  /**
   * This and one tensor more, or another one under the same name.
   *
   * @param name its name
   * @param tensor [layers, B, H]
   * @return a new state
   */
  public State with(String name, Tensor tensor) {
    Map<String, Tensor> more = new LinkedHashMap<>(tensors);
    more.put(name, tensor);
    return new State(more);
  }

  /**
   * One tensor.
   *
   * @param name its name
   * @return the tensor, or null for zeros
   */
  public Tensor get(String name) {
    return tensors.get(name);
  }

  /**
   * All tensors, in the order they were added.
   *
   * @return a view
   */
  public Map<String, Tensor> tensors() {
    return tensors;
  }

  /**
   * A copy that outlives the pass.
   *
   * @param arena owns the copy
   * @return equal tensors under the same names
   */
  public State copy(Arena arena) {
    Map<String, Tensor> copies = new LinkedHashMap<>();
    tensors.forEach((name, t) -> copies.put(name, arena.named(name, t.shape())));
    State copy = new State(copies);
    copyTo(arena.ops(), copy);
    return copy;
  }

  /**
   * Copies the values into another state of the same names and shapes, usually one that is carried
   * from batch to batch.
   *
   * @param ops where both live
   * @param carried receives the values
   * @throws IllegalArgumentException if the names differ
   */
  public void copyTo(Ops ops, State carried) {
    if (!carried.tensors.keySet().equals(tensors.keySet())) {
      throw new IllegalArgumentException(
          "state: names differ: "
              + tensors.keySet()
              + " can not be copied to "
              + carried.tensors.keySet()
              + "; make the carried state with zeroState of the same model");
    }
    tensors.forEach((name, t) -> ops.copy(t, carried.get(name)));
  }

  /**
   * Sets all tensors to zero, as at the start of a text.
   *
   * @param ops where they live
   */
  public void zero(Ops ops) {
    tensors.values().forEach(t -> ops.fill(0, t));
  }

  /** What belongs to one layer, without the layer's name in front. */
  State within(String layer) {
    if (tensors.isEmpty()) {
      return NONE;
    }
    String prefix = layer + ".";
    Map<String, Tensor> inner = new LinkedHashMap<>();
    tensors.forEach(
        (name, t) -> {
          if (name.startsWith(prefix)) {
            inner.put(name.substring(prefix.length()), t);
          }
        });
    return new State(inner);
  }

  /** This and all of a layer, with the layer's name in front. */
  State withAll(String layer, State other) {
    if (other.tensors.isEmpty()) {
      return this;
    }
    Map<String, Tensor> all = new LinkedHashMap<>(tensors);
    other.tensors.forEach((name, t) -> all.put(layer + "." + name, t));
    return new State(all);
  }

  @Override
  public String toString() {
    return "state " + tensors;
  }
}
