// SPDX-License-Identifier: Apache-2.0

package dev.unroll.nn;

/** The biases of a recurrent layer. */
public enum Bias {
  /** Two for each gate, {@code bias_ih} and {@code bias_hh}, as in PyTorch. */
  PYTORCH,
  /** One for each gate, as in Keras: {@code bias_ih}; files get a {@code bias_hh} of zeros. */
  SINGLE,
  /** None. */
  NONE
}
