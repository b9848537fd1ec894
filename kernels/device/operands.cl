// SPDX-License-Identifier: Apache-2.0

// EACH_OF(OPERANDS, BODY): EACH_ELEMENT (elementwise.cl) for kernels whose tensors are all read and
// written at (r, c) only. OPERANDS says so of each: ALL3(IN(a), IN(b), OUT(out)); BOTH(y) is read
// and written. In place of this file there may be one that moves several elements at a time.

#define EACH_OF(OPERANDS, BODY) EACH_ELEMENT(DENSE_##OPERANDS, BODY)

// Whether the columns of all operands lie next to each other.
#define DENSE_ALL1(A) (DENSE_##A)
#define DENSE_ALL2(A, B) (DENSE_##A && DENSE_##B)
#define DENSE_ALL3(A, B, C) (DENSE_##A && DENSE_##B && DENSE_##C)
#define DENSE_ALL4(A, B, C, D) (DENSE_##A && DENSE_##B && DENSE_##C && DENSE_##D)
#define DENSE_IN(x) DENSE1(x)
#define DENSE_OUT(x) DENSE1(x)
#define DENSE_BOTH(x) DENSE1(x)
