// SPDX-License-Identifier: Apache-2.0

/**
 * Is a backend right? The table of cases, an oracle in double precision that judges them, and the
 * comparison of backends bit by bit. No test framework is needed.
 */
package dev.unroll.check;
