// SPDX-License-Identifier: Apache-2.0

package dev.unroll;

import java.util.List;

/**
 * What a provider found when it looked for devices.
 *
 * @param devices the usable devices, in the order of their numbers; empty if there is none
 * @param reason one line: why there is none, or what would make the device better; empty if nothing
 *     is to be said
 * @param remedy one line: what to do about the reason; empty if nothing is to be done
 */
public record Availability(List<String> devices, String reason, String remedy) {
  /**
   * Copies the list.
   *
   * @param devices the usable devices, in the order of their numbers; empty if there is none
   * @param reason one line: why there is none, or what would make the device better; empty if
   *     nothing is to be said
   * @param remedy one line: what to do about the reason; empty if nothing is to be done
   */
  public Availability {
    devices = List.copyOf(devices);
  }

  /**
   * Whether there is a device to open.
   *
   * @return true if at least one is usable
   */
  public boolean usable() {
    return !devices.isEmpty();
  }
}
