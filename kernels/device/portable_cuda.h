// SPDX-License-Identifier: Apache-2.0

// The device sources in CUDA C++: what differs from OpenCL C (portable_opencl.h), and nothing else.
// nvcc must be told --fmad=false --prec-div=true --prec-sqrt=true --ftz=false.

#define KERNEL extern "C" __global__
// Groups of at most 256.
#define ELEMENTWISE __launch_bounds__(256)
// The same where the compiler would rather spill registers than fit fewer groups on a processor.
#define ELEMENTWISE_LARGE __launch_bounds__(256, 4)
#define GLOBAL
#define LOCAL __shared__
#define LOCAL_ARG
#define DEVICE_FN static __device__ __forceinline__

#define GROUP0 ((int) blockIdx.x)
#define GROUP1 ((int) blockIdx.y)
#define GROUPS0 ((int) gridDim.x)
#define LOCAL0 ((int) threadIdx.x)
#define LOCAL1 ((int) threadIdx.y)
#define GROUP_SIZE0 ((int) blockDim.x)
#define GLOBAL_ID0 ((int) (blockIdx.x * blockDim.x + threadIdx.x))
#define GLOBAL_ID1 ((int) (blockIdx.y * blockDim.y + threadIdx.y))
#define GLOBAL_SIZE0 ((int) (gridDim.x * blockDim.x))
#define GLOBAL_SIZE1 ((int) (gridDim.y * blockDim.y))
#define BARRIER __syncthreads()

#define AS_FLOAT(bits) __uint_as_float(bits)
#define AS_UINT(value) __float_as_uint(value)
#define SQUARE_ROOT(x) sqrtf(x)

// Never on a GPU, where a second loop for groups of one would only be dead weight.
#define ALONE_AND(condition) 0

// Before a loop whose copies would cost more than its turns.
#define ROLLED _Pragma("unroll 1")

#define MULTIPLY_HIGH(a, b) __umulhi(a, b)
#define fma(a, b, c) fmaf(a, b, c)

#define INDEPENDENT
