// SPDX-License-Identifier: Apache-2.0

package dev.unroll.cpu;

/** What the CPU backends run on, for people. */
final class Machine {
  private Machine() {}

  static String processor() {
    return System.getProperty("os.arch")
        + ", "
        + Runtime.getRuntime().availableProcessors()
        + " processors, "
        + System.getProperty("os.name");
  }

  static String virtualMachine() {
    return System.getProperty("java.vm.name") + " " + System.getProperty("java.vm.version");
  }

  /** Whether Java was started with the module that makes vector code possible. */
  static boolean hasVectors() {
    return ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
  }
}
