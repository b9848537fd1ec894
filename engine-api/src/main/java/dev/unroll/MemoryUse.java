// SPDX-License-Identifier: Apache-2.0

package dev.unroll;

/**
 * What the memory of a backend holds.
 *
 * @param liveBuffers buffers that belong to open arenas
 * @param liveBytes their size
 * @param pooledBytes size of the buffers kept for reuse
 * @param peakBytes largest sum of both so far
 */
public record MemoryUse(int liveBuffers, long liveBytes, long pooledBytes, long peakBytes) {}
