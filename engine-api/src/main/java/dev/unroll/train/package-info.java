// SPDX-License-Identifier: Apache-2.0

/**
 * Training: optimisers, clipping, the loop, checkpoints and the digest of a run. An interrupted and
 * resumed run gives the same bits as one that never stopped.
 */
package dev.unroll.train;
