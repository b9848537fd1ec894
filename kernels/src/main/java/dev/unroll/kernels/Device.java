// SPDX-License-Identifier: Apache-2.0

package dev.unroll.kernels;

import dev.unroll.BackendException;
import dev.unroll.Buffer;
import dev.unroll.ElementType;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a GPU interface must offer so that {@link DeviceBackend} can run on it: memory, programs and
 * one queue that works in order. It may trust its input. What fails is a {@link BackendException}
 * with the driver's own name and number of the error.
 */
public interface Device extends AutoCloseable {
  /**
   * The device.
   *
   * @return the same at every call
   */
  DeviceInfo info();

  /**
   * Takes memory of undefined content.
   *
   * @param type element type
   * @param elements number of elements
   * @return the buffer
   * @throws BackendException if there is not enough
   */
  Buffer allocate(ElementType type, long elements);

  /**
   * Takes memory that holds so many values.
   *
   * @param values content, may be reused on return
   * @param count number of values
   * @return the buffer
   * @throws BackendException if there is not enough
   */
  default Buffer allocate(int[] values, int count) {
    Buffer buffer = allocate(ElementType.INT32, count);
    write(values, 0, count, buffer, 0);
    return buffer;
  }

  /**
   * Gives memory back, once what is queued no longer needs it.
   *
   * @param buffer from {@link #allocate}
   */
  void free(Buffer buffer);

  /**
   * Queues a copy to the device; the source may be reused on return.
   *
   * @param src values, all of them copied
   * @param dst destination
   * @param at first element written
   */
  void write(float[] src, Buffer dst, int at);

  /**
   * Queues a copy to the device; the source may be reused on return.
   *
   * @param src values
   * @param from first value copied
   * @param count number of values
   * @param dst destination
   * @param at first element written
   */
  void write(int[] src, int from, int count, Buffer dst, int at);

  /**
   * Copies from the device, when everything queued is done.
   *
   * @param src source
   * @param at first element read
   * @param count number of elements
   * @param dst receives them from its start on
   */
  void read(Buffer src, int at, int count, float[] dst);

  /**
   * Compiles a program and makes it ready to run; one program for each open device.
   *
   * @param source device code, complete
   * @return its kernels by name, each with the most work-items that a group of it can have
   * @throws CompileException with the compiler's log
   */
  Map<String, Integer> compile(String source) throws CompileException;

  /**
   * The program that {@link #compile} built, for {@link #load}.
   *
   * @return what another process with the same driver can load; empty where the driver keeps its
   *     own store of built programs
   */
  Optional<byte[]> binary();

  /**
   * Makes a built program ready to run.
   *
   * @param program from {@link #binary}
   * @return as {@link #compile}
   * @throws BackendException if the driver does not take it; another may be tried
   */
  Map<String, Integer> load(byte[] program);

  /**
   * Queues a kernel.
   *
   * @param kernel its name
   * @param grid work-groups
   * @param arguments {@link Buffer}, {@link Float} or {@link Integer}, as the kernel declares them
   */
  void launch(String kernel, Grid grid, Object... arguments);

  /**
   * Has what is queued begin, on a device that holds launches back: called at the end of a training
   * step.
   */
  default void submit() {
    // Most begin at once.
  }

  /**
   * What the placement record should say of how work was queued.
   *
   * @return one line each
   */
  default List<String> notes() {
    return List.of();
  }

  /** Waits until everything queued is done. */
  void synchronize();

  /** Releases everything; a second close does nothing. */
  @Override
  void close();
}
