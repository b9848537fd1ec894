// SPDX-License-Identifier: Apache-2.0

/** The kernels on CUDA devices, and on an emulated one. */
package dev.unroll.cuda;
