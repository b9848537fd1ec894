// SPDX-License-Identifier: Apache-2.0

// The state of a launch: a worker (host thread) runs one block at a time, the warps of which take
// turns. Lanes of a warp that part are groups with their own program counter; the group that is
// furthest behind runs, so that groups meet again.
#pragma once

#include <atomic>
#include <vector>

#include "memory.h"
#include "program.h"
#include "random.h"
#include "text.h"

namespace emulator {

struct Stop {
  Fault fault;
};

struct LaunchState {
  const Program* program;
  Launch launch;
  const u8* parameters;
  unsigned threads;       // of a block
  size_t sharedBytes;
  u64 number;             // in stamps; 0 is no launch
  bool checks;            // shadow memory
  bool judgeUnwritten;    // the marks are complete
  bool parallel;          // other workers run blocks by now
  bool counting;          // transactions and bank conflicts
  bool coverage;
  u64 seed;
  u64 limit;              // warp instructions of a block
};

struct Worker {
  const LaunchState* launch = nullptr;
  unsigned block[3] = {0, 0, 0};
  u64 blockStamp = 0;     // launch and block
  u64 epoch = 0;          // barriers passed
  u64 blockInstructions = 0;
  std::vector<u8> shared;
  std::vector<u8> sharedWritten;
  std::vector<Cell> sharedCells;
  std::vector<const Allocation*> nearest;  // by memory instruction: what it accessed last
  std::vector<Warp> warps;
  std::vector<unsigned> order;             // of warps
  std::vector<u8> registers;
  std::vector<u8> local;
  std::vector<u64> hits;
  Random random;
  Counters counters;
};

enum class Waits : u8 { No, Barrier, WarpBarrier, Collective };

struct Group {
  int pc;
  u32 mask;
  Waits waits;
  u32 need;  // lanes that must come
};

struct Warp {
  u8* registers = nullptr;
  u32 mask = 0;            // lanes that execute
  u32 live = 0;            // not exited
  u32 full = 0;            // existing
  int pc = 0;
  int nextPc = INT_MAX;    // where the nearest other group that can run waits
  Worker* worker = nullptr;
  u64 stamp = 0;           // of lane 0: all but the thread's lower bits
  u64 syncs = 0;           // warp barriers passed
  u32 carry = 0;           // condition code of add.cc, by lane
  unsigned index = 0;
  bool done = false;
  std::vector<Group> others;
  u8* local = nullptr;     // depots, lane by lane
};

template <class T>
T* registerAt(Warp& w, u32 offset) {
  return reinterpret_cast<T*>(w.registers + offset);
}

inline u32& predicate(Warp& w, u32 offset) { return *registerAt<u32>(w, offset); }

inline void setPredicate(Warp& w, u32 offset, u32 value) {
  u32& p = predicate(w, offset);
  p = (p & ~w.mask) | (value & w.mask);
}

// "kernel k, PTX line 12 `st.global.f32 [%rd1], %f1`, block (0,0,0), thread (5,0,0): what".
[[noreturn]] void stop(Fault::Kind kind, const Warp& w, const Inst& inst, int lane,
                       const std::string& what);
inline std::string laneList(u32 lanes) { return text("0x%08x", lanes); }
std::string threadName(const LaunchState& launch, unsigned thread);

// After a barrier or a warp barrier.
void refreshStamp(Warp& w);

// Runs until the warp is done or waits at a barrier, or its turn is over.
enum class Turn { Done, AtBarrier, Over };
Turn runWarp(Warp& w, s64 turnInstructions);
// Prepares a worker for a launch, and runs one block; throws Stop.
void prepare(Worker& worker, const LaunchState& launch);
void runBlock(Worker& worker, u64 block);

}  // namespace emulator
