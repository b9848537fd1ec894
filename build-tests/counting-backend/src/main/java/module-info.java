// SPDX-License-Identifier: Apache-2.0

/** A backend that counts calls. */
module counting {
  requires dev.unroll.api;

  provides dev.unroll.BackendProvider with
      counting.CountingProvider;
}
