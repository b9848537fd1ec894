// SPDX-License-Identifier: Apache-2.0

package dev.unroll.train;

/**
 * What a training step reports.
 *
 * @param number the step, from 1
 * @param loss training loss, computed before the update
 * @param gradNorm 2-norm over all gradients before clipping
 * @param learningRate of the update
 */
public record TrainingStep(long number, float loss, float gradNorm, double learningRate) {}
