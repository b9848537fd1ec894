// SPDX-License-Identifier: Apache-2.0

package dev.unroll;

/**
 * The settings of {@link Backend#sgdStep} that do not change from step to step.
 *
 * @param weightDecay L2 penalty: g = g + weightDecay * p, 0 for none
 * @param momentum factor of the old buffer, 0 for no momentum
 * @param oneMinusDampening factor of the gradient as it enters the buffer
 * @param nesterov whether the step looks ahead: g + momentum * buffer
 * @param first whether the buffers are fresh, so that they become the gradient itself
 */
public record SgdStep(
    float weightDecay, float momentum, float oneMinusDampening, boolean nesterov, boolean first) {}
