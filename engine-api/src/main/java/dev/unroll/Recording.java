// SPDX-License-Identifier: Apache-2.0

package dev.unroll;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Operations that {@link Ops#record} has seen, to be run again in the same order on the same
 * tensors, usually a training step. A run repeats only what the device does: no layer is entered,
 * no tensor is made and no shape is checked, so nothing of these is left to the garbage collector.
 * What changes from run to run is written to tensors of an arena outside before each: inputs,
 * targets, the key of dropout masks. Numbers given to operations stay those of the recording.
 *
 * <p>All results have the same bits as those of the same calls one by one. Row numbers and classes
 * are checked in every run.
 */
public final class Recording implements AutoCloseable {
  private final Ops ops;
  private final Arena arena;
  private final List<Runnable> operations = new ArrayList<>();
  private final Set<Storage> seen = new LinkedHashSet<>();
  private List<Storage> used = List.of();
  private boolean closed;

  Recording(Ops ops, Arena arena) {
    this.ops = ops;
    this.arena = arena;
  }

  /** Keeps an operation. */
  void add(Runnable operation) {
    operations.add(operation);
  }

  /** The operations of a device which are also kept here as they are called. */
  FusedOperations recorder(FusedOperations device) {
    InvocationHandler handler =
        (proxy, operation, operands) -> {
          call(device, operation, operands);
          add(() -> call(device, operation, operands));
          return null;
        };
    Class<?>[] faces = {FusedOperations.class};
    return (FusedOperations)
        Proxy.newProxyInstance(FusedOperations.class.getClassLoader(), faces, handler);
  }

  private static void call(FusedOperations device, Method operation, Object... operands) {
    try {
      operation.invoke(device, operands);
    } catch (InvocationTargetException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw (RuntimeException) e.getCause(); // operations declare no checked exceptions
    } catch (IllegalAccessException e) {
      throw new IllegalStateException(operation + " must be public", e);
    }
  }

  /** Keeps memory that an operation works on. */
  void use(Storage storage) {
    seen.add(storage);
  }

  /** Nothing is added after this. */
  void end() {
    used = List.copyOf(seen);
    seen.clear();
  }

  /** Whether its tensors are made by the recorded work, which a run does not do again. */
  boolean owns(Storage storage) {
    return storage.arena == arena;
  }

  /**
   * The name it was made with.
   *
   * @return the label
   */
  public String label() {
    return arena.label();
  }

  /**
   * Number of operations and writes.
   *
   * @return how many a run does
   */
  public int size() {
    return operations.size();
  }

  /**
   * Does all of it once more; the device need not be done on return.
   *
   * @throws IllegalStateException if this is closed, or an arena whose tensors it works on is
   * @throws IllegalArgumentException if a row number or class is out of range
   */
  public void run() {
    ops.begin("run");
    if (closed) {
      throw new IllegalStateException("run: recording '" + label() + "' is closed");
    }
    for (int i = 0; i < used.size(); i++) {
      used.get(i).requireLive("run", this);
    }
    for (int i = 0; i < operations.size(); i++) {
      operations.get(i).run();
    }
  }

  /** Frees the tensors that were made while it was recorded; a second close does nothing. */
  @Override
  public void close() {
    closed = true;
    arena.close();
  }

  @Override
  public String toString() {
    return "a tensor of recording '" + label() + "'";
  }
}
