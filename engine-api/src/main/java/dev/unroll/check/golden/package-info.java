// SPDX-License-Identifier: Apache-2.0

/** Runs folders of golden cases: inputs and expected outputs from other systems, as files. */
package dev.unroll.check.golden;
