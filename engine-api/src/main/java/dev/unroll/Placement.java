// SPDX-License-Identifier: Apache-2.0

package dev.unroll;

import java.util.List;

/**
 * Where work ran: what a run writes to its placement record.
 *
 * @param backend the name it was opened by, such as {@code "cpu"}
 * @param device the device in the words of its driver
 * @param driver driver and version, or the JVM's
 * @param precision precision in force
 * @param launches kernels launched or operations run so far
 * @param bytesIn bytes copied to the device so far
 * @param bytesOut bytes copied from the device so far
 * @param notes one line each: which kernels or forms were chosen, and why a slower one was
 */
public record Placement(
    String backend,
    String device,
    String driver,
    Precision precision,
    long launches,
    long bytesIn,
    long bytesOut,
    List<String> notes) {
  /**
   * Copies the list.
   *
   * @param backend the name it was opened by, such as {@code "cpu"}
   * @param device the device in the words of its driver
   * @param driver driver and version, or the JVM's
   * @param precision precision in force
   * @param launches kernels launched or operations run so far
   * @param bytesIn bytes copied to the device so far
   * @param bytesOut bytes copied from the device so far
   * @param notes one line each: which kernels or forms were chosen, and why a slower one was
   */
  public Placement {
    notes = List.copyOf(notes);
  }
}
