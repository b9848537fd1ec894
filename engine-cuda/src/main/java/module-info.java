// SPDX-License-Identifier: Apache-2.0

/** The CUDA backend. */
module dev.unroll.cuda {
  requires dev.unroll.kernels;
  requires jcublas;
  requires jcuda;

  provides dev.unroll.BackendProvider with
      dev.unroll.cuda.CudaProvider;
}
