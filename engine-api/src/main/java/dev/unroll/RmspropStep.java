// SPDX-License-Identifier: Apache-2.0

package dev.unroll;

/**
 * The settings of {@link Backend#rmspropStep} that do not change from step to step.
 *
 * @param alpha decay of the running averages
 * @param oneMinusAlpha 1 - alpha, rounded once from double
 * @param epsilon added to the root
 * @param weightDecay L2 penalty: g = g + weightDecay * p, 0 for none
 * @param momentum factor of the old buffer, 0 for no momentum
 */
public record RmspropStep(
    float alpha, float oneMinusAlpha, float epsilon, float weightDecay, float momentum) {}
