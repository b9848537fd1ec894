// SPDX-License-Identifier: Apache-2.0

/** A user of the engine on the module path; ./verify compiles and runs it, also as a jlink image. */
module consumer {
  requires dev.unroll.api;
}
