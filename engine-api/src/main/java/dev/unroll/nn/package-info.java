// SPDX-License-Identifier: Apache-2.0

/**
 * Layers, models and losses, written once on {@link dev.unroll.Ops}: they run on every backend,
 * with the same bits.
 *
 * <p>A {@link dev.unroll.nn.Layer} is immutable configuration plus parameter tensors. What changes
 * from call to call is an argument or a result: the {@link dev.unroll.nn.Pass} (step arena, layout
 * in time, random key), the recurrent {@link dev.unroll.nn.State}, and the {@link
 * dev.unroll.nn.Trace} that a forward pass leaves for its gradient.
 */
package dev.unroll.nn;
