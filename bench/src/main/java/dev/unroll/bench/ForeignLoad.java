// SPDX-License-Identifier: Apache-2.0

package dev.unroll.bench;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/** Watches what other processes do: engines with waiting threads suffer most from them. */
final class ForeignLoad {
  /** From this on figures of several threads are not to be trusted. */
  static final double QUIET = 0.05;

  private final OperatingSystemMXBean system =
      ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

  /** Starts watching. */
  ForeignLoad() {
    sinceLast();
  }

  /** Share of all processors that others used since the last call; 0 where it is not known. */
  double sinceLast() {
    double all = system.getCpuLoad();
    double own = system.getProcessCpuLoad();
    return all >= 0 && own >= 0 ? Math.max(0, all - own) : 0;
  }
}
