// SPDX-License-Identifier: Apache-2.0

// The device sources once more, for functions that the kernel batch calls, and how its work-groups
// share a program of them. Each is a single work-item, and so are the groups of the launches.
//
// The program's phases follow each other: either launches of one group, or a launch of several. A
// group of a launch, or all launches of one group together, are a part. A work-group takes the next
// part when all parts of the phases before are done. So what is waited for is always a part that a
// running work-group is at, which waits for nobody: work-groups that begin late, or one after the
// other, can make this slow, but not stop it.

#define ALONE DEVICE_FN

// The first parameters of each: which group of how many.
#define GROUP_OF_LAUNCH int group0, int group1, int groups0, int groups1

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
#define GROUP0 group0
#define GROUP1 group1
#define GROUPS0 groups0
#define LOCAL0 0
#define LOCAL1 0
#define GROUP_SIZE0 1
#define GLOBAL_ID0 group0
#define GLOBAL_ID1 group1
#define GLOBAL_SIZE0 groups0
#define GLOBAL_SIZE1 groups1

DEVICE_FN void store(GLOBAL float* to, int at, int count, GLOBAL const int* values) {
  for (int i = 0; i < count; i++) {
    ((GLOBAL int*) to)[at + i] = values[i];
  }
}

// What the work-groups tell each other, all 0 between two batches. Here atomic_add and atomic_inc
// have to be barriers for all memory, which OpenCL 1.2 does not demand. In PoCL they are
// __sync_fetch_and_add; its atomic_cmpxchg is no barrier.
#define TAKEN 0
#define DONE 1
#define LEFT 2

// The number of parts of a phase, and its words.
#define PARTS(phase) ((phase)[0] * (phase)[1])
#define PHASE_WORDS 3

// Takes a part: the next one of its phase, -1 if there is none of any. Moves on to that phase; it
// begins with part number first of all.
DEVICE_FN int take_part(
    int parts, volatile GLOBAL int* progress, GLOBAL const int** phase, int* first) {
  for (;;) {
    int part = progress[TAKEN];
    if (part >= parts) {
      return -1;
    }
    while (part >= *first + PARTS(*phase)) {
      *first += PARTS(*phase);
      *phase += PHASE_WORDS + (*phase)[2];
    }
    if (progress[DONE] >= *first && atomic_cmpxchg(progress + TAKEN, part, part + 1) == part) {
      atomic_add(progress + DONE, 0); // from here on what others did before is seen
      return part - *first;
    }
  }
}

// The last of so many work-groups to leave makes ready for the next batch. Their number is told: a
// kernel that asks for it is compiled three times by PoCL.
DEVICE_FN void leave(int groups, volatile GLOBAL int* progress) {
  if (atomic_inc(progress + LEFT) == groups - 1) {
    progress[TAKEN] = 0;
    progress[DONE] = 0;
    progress[LEFT] = 0;
  }
}

// What stands between them is done for each launch p of each part that this work-group takes, and
// has p point to the next one.
#define EACH_PART_BEGIN                                                          \
  GLOBAL const int* phase = program;                                             \
  int first = 0;                                                                 \
  for (int part = take_part(parts, progress, &phase, &first); part >= 0;         \
      part = take_part(parts, progress, &phase, &first)) {                       \
    int groups0 = phase[0];                                                      \
    int groups1 = phase[1];                                                      \
    int group0 = part % groups0;                                                 \
    int group1 = part / groups0;                                                 \
    GLOBAL const int* p = phase + PHASE_WORDS;                                   \
    GLOBAL const int* end = p + phase[2];                                        \
    while (p < end) {

#define EACH_PART_END                                                            \
    }                                                                            \
    atomic_inc(progress + DONE);                                                 \
  }                                                                              \
  leave(groups, progress);
