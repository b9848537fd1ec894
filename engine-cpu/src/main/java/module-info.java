// SPDX-License-Identifier: Apache-2.0

/** The CPU backends: the scalar reference, and the same results through vectors and threads. */
module dev.unroll.cpu {
  requires dev.unroll.api;
  requires static jdk.incubator.vector;

  provides dev.unroll.BackendProvider with
      dev.unroll.cpu.CpuProvider,
      dev.unroll.cpu.ScalarProvider;
}
