// SPDX-License-Identifier: Apache-2.0

/** The CPU backends: the scalar reference, and the same results through vectors and threads. */
@SuppressWarnings("module") // the command line is built later, so it is not found here
module dev.unroll.cpu {
  requires dev.unroll.api;
  requires static jdk.incubator.vector;

  // FunctionCheck, for the command of that name.
  exports dev.unroll.cpu to
      dev.unroll.cli;

  provides dev.unroll.BackendProvider with
      dev.unroll.cpu.CpuProvider,
      dev.unroll.cpu.ScalarProvider;
}
