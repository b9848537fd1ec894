// SPDX-License-Identifier: Apache-2.0

// The device sources once more, for functions that a single work-item calls, one after the other:
// nothing is shared, nobody is waited for.

#define ALONE DEVICE_FN

#ifdef __clang__
#pragma clang diagnostic ignored "-Wconstant-logical-operand" // conditions that hold for it
#endif

#undef LOCAL
#undef LOCAL_ARG
#undef BARRIER
#define LOCAL
#define LOCAL_ARG
#define BARRIER

#undef GROUP0
#undef GROUP1
#undef GROUPS0
#undef LOCAL0
#undef LOCAL1
#undef GROUP_SIZE0
#undef GLOBAL_ID0
#undef GLOBAL_ID1
#undef GLOBAL_SIZE0
#undef GLOBAL_SIZE1
#define GROUP0 0
#define GROUP1 0
#define GROUPS0 1
#define LOCAL0 0
#define LOCAL1 0
#define GROUP_SIZE0 1
#define GLOBAL_ID0 0
#define GLOBAL_ID1 0
#define GLOBAL_SIZE0 1
#define GLOBAL_SIZE1 1

DEVICE_FN void store(GLOBAL float* to, int at, int count, GLOBAL const int* values) {
  for (int i = 0; i < count; i++) {
    ((GLOBAL int*) to)[at + i] = values[i];
  }
}
