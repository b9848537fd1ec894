// SPDX-License-Identifier: Apache-2.0

// The device sources in OpenCL C 1.2: what differs from CUDA C++ (portable_cuda.h), and nothing
// else.

#pragma OPENCL FP_CONTRACT OFF

#define KERNEL __kernel
#define ELEMENTWISE
#define ELEMENTWISE_LARGE
#define GLOBAL __global
#define LOCAL __local
#define LOCAL_ARG __local
#define DEVICE_FN static inline

#define GROUP0 ((int) get_group_id(0))
#define GROUP1 ((int) get_group_id(1))
#define GROUPS0 ((int) get_num_groups(0))
#define LOCAL0 ((int) get_local_id(0))
#define LOCAL1 ((int) get_local_id(1))
#define GROUP_SIZE0 ((int) get_local_size(0))
#define GLOBAL_ID0 ((int) get_global_id(0))
#define GLOBAL_ID1 ((int) get_global_id(1))
#define GLOBAL_SIZE0 ((int) get_global_size(0))
#define GLOBAL_SIZE1 ((int) get_global_size(1))
// Both kinds of memory, as in CUDA: outputs may be inputs that other work-items have read.
#define BARRIER barrier(CLK_LOCAL_MEM_FENCE | CLK_GLOBAL_MEM_FENCE)

#define AS_FLOAT(bits) as_float(bits)
#define AS_UINT(value) as_uint(value)
#define SQUARE_ROOT(x) sqrt(x)

// Whether the group is a single work-item, as on CPU devices, and the condition holds.
#define ALONE_AND(condition) (GROUP_SIZE0 == 1 && (condition))

// Before a loop whose copies would cost more than its turns.
#define ROLLED

#define MULTIPLY_HIGH(a, b) ((unsigned int) (((ulong) (a) * (ulong) (b)) >> 32))

// Before a loop whose iterations are independent even if an output is an input: such a loop may
// become vector code without a check for overlap. It can when the group size is known, at the
// launch; that the compiler can not earlier is no reason for a warning.
#ifdef __clang__
#pragma clang diagnostic ignored "-Wpass-failed"
#define INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define INDEPENDENT
#endif
