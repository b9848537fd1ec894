// SPDX-License-Identifier: Apache-2.0

/** The device sources, and the host side that all GPU backends share. */
module dev.unroll.kernels {
  requires transitive dev.unroll.api;

  exports dev.unroll.kernels;
}
