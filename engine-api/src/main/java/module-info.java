// SPDX-License-Identifier: Apache-2.0

/**
 * Tensors, operations, recurrent layers, training and file formats; backends are found as services.
 */
module dev.unroll.api {
  requires com.fasterxml.jackson.core;

  exports dev.unroll;
  exports dev.unroll.check;
  exports dev.unroll.check.golden;
  exports dev.unroll.io;
  exports dev.unroll.nn;
  exports dev.unroll.text;
  exports dev.unroll.train;

  uses dev.unroll.BackendProvider;
}
