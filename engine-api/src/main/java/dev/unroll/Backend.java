// SPDX-License-Identifier: Apache-2.0

package dev.unroll;

/**
 * What a compute backend implements: the operations, and the memory they work on. Users call {@link
 * Ops}, which checks shapes, lifetimes, aliasing and ownership and then delegates here: an
 * implementation may trust its input, and has to define no more than {@link Operations} and the
 * methods below.
 *
 * <p>{@link #read} and {@link #synchronize} wait for what is queued; nothing else has to.
 */
public interface Backend extends FusedOperations, AutoCloseable {
  /**
   * The device, for people.
   *
   * @return such as {@code "cpu (16 lanes, 2 threads)"}
   */
  String name();

  /**
   * What ran so far and where.
   *
   * @return the record; {@code backend} in it is the provider's name
   */
  Placement placement();

  /**
   * Takes memory; its content is undefined.
   *
   * @param type element type
   * @param elements 0 to 2^31 - 1
   * @return the buffer
   * @throws BackendException or OutOfMemoryError if there is not enough
   */
  Buffer allocate(ElementType type, long elements);

  /**
   * Gives memory back; safe while queued operations still use it.
   *
   * @param buffer from {@link #allocate}
   */
  void free(Buffer buffer);

  /**
   * Copies to the device; the source may be reused on return.
   *
   * @param src row-major values; exactly as many as dst has
   * @param dst dense (row-major without gaps)
   */
  void write(float[] src, Tensor dst);

  /**
   * Copies to the device; the source may be reused on return.
   *
   * @param src values
   * @param from first value to copy; as many as dst has
   * @param dst destination
   */
  void write(int[] src, int from, Indices dst);

  /**
   * Copies from the device, after everything queued is done.
   *
   * @param src dense
   * @param dst row-major values; at least as many as src has
   */
  void read(Tensor src, float[] dst);

  /** Waits until everything queued is done. */
  void synchronize();

  @Override
  void close();
}
