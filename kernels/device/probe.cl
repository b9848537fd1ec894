// SPDX-License-Identifier: Apache-2.0

// The exactness probe: arithmetic on vectors that the host has computed from integers. A device
// whose bits differ may not call itself exact.
//
// Work-item i computes all kinds for vector i; any grid that covers n. The rows of out are, in this
// order: fma(a, b, c); (a * b) + c, which contraction would change; a / b; the root of the
// magnitude of a; a * b, where subnormals come in or out.
KERNEL void probe(
    GLOBAL const float* a, // [n]
    GLOBAL const float* b, // [n]
    GLOBAL const float* c, // [n]
    GLOBAL float* out, // [5, n]
    int n) {
  int i = GLOBAL_ID0;
  if (i < n) {
    out[i] = fma(a[i], b[i], c[i]);
    out[n + i] = (a[i] * b[i]) + c[i];
    out[2 * n + i] = a[i] / b[i];
    out[3 * n + i] = SQUARE_ROOT(magnitude(a[i]));
    out[4 * n + i] = a[i] * b[i];
  }
}
