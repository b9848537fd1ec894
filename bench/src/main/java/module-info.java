// SPDX-License-Identifier: Apache-2.0

/** Times operations and training steps on every backend, beside what the machine can do. */
@SuppressWarnings("module") // the command line is built later, so it is not found here
module dev.unroll.bench {
  requires dev.unroll.api;
  requires static jdk.incubator.vector;
  requires jdk.management;
  requires static jmh.core;

  exports dev.unroll.bench to
      dev.unroll.cli;
}
