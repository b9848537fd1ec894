// SPDX-License-Identifier: Apache-2.0

// Wrong on purpose, but for `correct`: the tests see to it that each fault is reported.

#define KERNEL __kernel
#define GLOBAL __global

// out [n] = x [n] rotated by one inside each group of 8; groups of 8, n a multiple of 8.
KERNEL void correct(GLOBAL const float* x, GLOBAL float* out, int n) {
  __local float shared[8];
  int l = (int) get_local_id(0);
  int i = (int) get_global_id(0);
  shared[l] = x[i];
  barrier(CLK_LOCAL_MEM_FENCE);
  out[i] = shared[(l + 1) % 8];
}

KERNEL void missing_barrier(GLOBAL const float* x, GLOBAL float* out, int n) {
  __local float shared[8];
  int l = (int) get_local_id(0);
  int i = (int) get_global_id(0);
  shared[l] = x[i];
  out[i] = shared[(l + 1) % 8];
}

KERNEL void beyond_global(GLOBAL const float* x, GLOBAL float* out, int n) {
  int i = (int) get_global_id(0);
  out[i + 1] = x[i];
}

KERNEL void beyond_local(GLOBAL const float* x, GLOBAL float* out, int n) {
  __local float shared[8];
  int l = (int) get_local_id(0);
  int i = (int) get_global_id(0);
  shared[l + 1] = x[i];
  barrier(CLK_LOCAL_MEM_FENCE);
  out[i] = l > 0 ? shared[l] : 0.0f;
}

// The sum is of memory that was never written.
KERNEL void unwritten(GLOBAL const float* x, GLOBAL float* out, int n) {
  __local float shared[8];
  int i = (int) get_global_id(0);
  if (shared[(int) get_local_id(0)] > x[i]) {
    out[i] = 1.0f;
  }
}
