// SPDX-License-Identifier: Apache-2.0

// Kernels with one bug each, and their correct twins, for PlantedBugsTest. compile.sh makes the PTX
// that is committed, so that the test needs no nvcc.

#define KERNEL extern "C" __global__ void
#define INDEX (blockIdx.x * blockDim.x + threadIdx.x)

// y[i] = factor * x[i]; x, y: [n].
KERNEL scale(float factor, const float *x, float *y, int n) {
  int i = INDEX;
  if (i < n) y[i] = factor * x[i];
}

KERNEL scale_one_too_many(float factor, const float *x, float *y, int n) {
  int i = INDEX;
  if (i <= n) y[i] = factor * x[i];
}

// y = x, block by block in reverse order; x, y: [n]; n a multiple of the block, 64 threads.
KERNEL reverse(const float *x, float *y, int n) {
  __shared__ float tile[64];
  int i = INDEX;
  tile[threadIdx.x] = x[i];
  __syncthreads();
  y[i] = tile[63 - threadIdx.x];
}

KERNEL reverse_past_shared(const float *x, float *y, int n) {
  __shared__ float tile[64];
  int i = INDEX;
  tile[threadIdx.x + (n > 0)] = x[i];
  __syncthreads();
  y[i] = tile[63 - threadIdx.x];
}

KERNEL reverse_without_barrier(const float *x, float *y, int n) {
  __shared__ float tile[64];
  int i = INDEX;
  tile[threadIdx.x] = 0;
  __syncthreads();
  tile[threadIdx.x] = x[i];
  y[i] = tile[63 - threadIdx.x];
}

KERNEL reverse_uninitialised(const float *x, float *y, int n) {
  __shared__ float tile[64];
  int i = INDEX;
  if (threadIdx.x > 0) tile[threadIdx.x] = x[i];
  __syncthreads();
  y[i] = tile[63 - threadIdx.x];
}

KERNEL reverse_divergent_barrier(const float *x, float *y, int n) {
  __shared__ float tile[64];
  int i = INDEX;
  tile[threadIdx.x] = x[i];
  if (threadIdx.x < 40) __syncthreads();
  y[i] = tile[63 - threadIdx.x];
}

// sum[0] += x[i] by all threads.
KERNEL add_all(const float *x, float *sum, int n) {
  int i = INDEX;
  if (i < n) atomicAdd(sum, x[i]);
}

KERNEL add_all_racing(const float *x, float *sum, int n) {
  int i = INDEX;
  if (i < n) sum[0] += x[i];
}

// y = x, by four; n a multiple of 4.
KERNEL copy4(const float4 *x, float4 *y, int n) {
  int i = INDEX;
  if (4 * i < n) y[i] = x[i];
}
