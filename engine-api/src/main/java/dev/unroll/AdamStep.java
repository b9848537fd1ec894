// SPDX-License-Identifier: Apache-2.0

package dev.unroll;

/**
 * The settings of {@link Backend#adamStep} that do not change from step to step.
 *
 * @param beta1 decay of the first moment
 * @param oneMinusBeta1 1 - beta1, rounded once from double
 * @param beta2 decay of the second moment
 * @param oneMinusBeta2 1 - beta2, rounded once from double
 * @param epsilon added to the root of the corrected second moment
 * @param weightDecay L2 penalty: g = g + weightDecay * p, 0 for none (AdamW's decay is a scalar)
 */
public record AdamStep(
    float beta1,
    float oneMinusBeta1,
    float beta2,
    float oneMinusBeta2,
    float epsilon,
    float weightDecay) {}
