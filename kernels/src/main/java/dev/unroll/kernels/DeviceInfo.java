// SPDX-License-Identifier: Apache-2.0

package dev.unroll.kernels;

/**
 * What is known of a device before anything runs on it.
 *
 * @param type what kind of processor it is
 * @param name the device in the words of its driver
 * @param driver platform, driver and versions; a built program is only reused under the same
 * @param options what the compiler is told
 * @param units processors that run work-groups side by side
 * @param maxGroup most work-items of a work-group
 */
public record DeviceInfo(
    Type type, String name, String driver, String options, int units, int maxGroup) {
  /** The kinds that tuning distinguishes. */
  public enum Type {
    /** The host's own processor. */
    CPU,
    /** A graphics processor. */
    GPU,
    /** Anything else. */
    OTHER
  }
}
