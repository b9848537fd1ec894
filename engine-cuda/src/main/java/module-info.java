// SPDX-License-Identifier: Apache-2.0

/** The CUDA backend. */
module dev.unroll.cuda {
  requires transitive dev.unroll.kernels;
  requires jcublas;
  requires jcuda;

  exports dev.unroll.cuda;

  provides dev.unroll.BackendProvider with
      dev.unroll.cuda.CudaProvider,
      dev.unroll.cuda.EmulatedProvider;
}
