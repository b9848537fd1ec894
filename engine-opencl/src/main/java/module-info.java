// SPDX-License-Identifier: Apache-2.0

/** The OpenCL backend. */
module dev.unroll.opencl {
  requires dev.unroll.kernels;
  requires jocl;

  provides dev.unroll.BackendProvider with
      dev.unroll.opencl.OpenClProvider;
}
