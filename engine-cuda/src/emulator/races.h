// SPDX-License-Identifier: Apache-2.0

// Data races, found by stamps on each 32-bit word: who wrote it last, who read it last. A stamp has,
// from the top: launch, block, barriers the block has passed, a mark for atomic operations, how
// many threads it stands for, warp barriers its warp has passed, thread. Two accesses of a word, one
// of them a write, race unless a barrier lies between them, one thread made both, or both are
// atomic. Block and barrier counts wrap: that can hide a race, or in one of 4096 cases of an access
// exactly a multiple of 4096 barriers ago, show a false one.
#pragma once

#include "memory.h"

namespace emulator {

namespace stamp {
constexpr int THREAD_BITS = 10, SYNC_BITS = 8, EPOCH_BITS = 12, BLOCK_BITS = 16;
constexpr int SYNC = THREAD_BITS;
constexpr int MANY = SYNC + SYNC_BITS;
constexpr int ATOMIC = MANY + 2;
constexpr int EPOCH = ATOMIC + 1;
constexpr int BLOCK = EPOCH + EPOCH_BITS;
constexpr int LAUNCH = BLOCK + BLOCK_BITS;
constexpr u64 LAUNCHES = 1ull << (64 - LAUNCH);

// What a stamp stands for beyond its thread.
enum Many : u64 { ONE_THREAD = 0, ONE_WARP = 1, ONE_BLOCK = 2, BLOCKS = 3 };

inline u64 field(u64 value, int shift, int bits) { return (value & ((1ull << bits) - 1)) << shift; }
inline u64 many(u64 s) { return s >> MANY & 3; }
inline bool atomic(u64 s) { return s >> ATOMIC & 1; }
inline bool sameWarp(u64 s, u64 t) { return ((s ^ t) & 0x3e0) == 0; }
inline bool sameSync(u64 s, u64 t) { return ((s ^ t) >> SYNC & 0xff) == 0; }
inline bool sameThread(u64 s, u64 t) { return ((s ^ t) & 0x3ff) == 0; }

// Whether an access with stamp `me` is not ordered after the one of `old`. Shared memory (not
// GLOBAL) is another one in each block.
template <bool GLOBAL>
inline __attribute__((always_inline)) bool unordered(u64 old, u64 me) {
  u64 differs = old ^ me;
  if constexpr (GLOBAL) {
    if (differs >> LAUNCH != 0) return false;
    if (many(old) == BLOCKS || differs >> BLOCK != 0) return true;
  }
  if (differs >> EPOCH != 0) return false;
  if (many(old) == ONE_BLOCK || !sameWarp(old, me)) return true;
  return sameSync(old, me) && (many(old) == ONE_WARP || !sameThread(old, me));
}

// One stamp for the accesses of `old` that still matter and for `me`.
template <bool GLOBAL>
inline __attribute__((always_inline)) u64 merge(u64 old, u64 me) {
  u64 differs = old ^ me;
  if (differs >> EPOCH == 0 && many(old) == ONE_BLOCK) return old;
  if (old == me || differs >> (GLOBAL ? LAUNCH : BLOCK) != 0) return me;
  if (many(old) == BLOCKS) return old;
  if (differs >> BLOCK != 0) return me | static_cast<u64>(BLOCKS) << MANY;
  if (differs >> EPOCH != 0) return me;
  if (!sameWarp(old, me)) return me | static_cast<u64>(ONE_BLOCK) << MANY;
  if (!sameSync(old, me)) return me;
  if (many(old) == ONE_WARP) return old;
  return sameThread(old, me) ? me : me | static_cast<u64>(ONE_WARP) << MANY;
}
}  // namespace stamp

// Each notes an access and returns the stamp of one that it races with, 0: none. PARALLEL: other
// host threads note accesses of the same words at the same time; the one who comes second sees it.
template <bool GLOBAL, bool PARALLEL>
inline __attribute__((always_inline)) u64 mergeInto(u64& cell, u64 me) {
  u64 old = __atomic_load_n(&cell, __ATOMIC_RELAXED);
  u64 merged = stamp::merge<GLOBAL>(old, me);
  if constexpr (PARALLEL) {
    while (merged != old && !__atomic_compare_exchange_n(&cell, &old, merged, false,
                                                         __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {
      merged = stamp::merge<GLOBAL>(old, me);
    }
  } else if (merged != old) {
    cell = merged;
  }
  return old;
}

template <bool GLOBAL, bool PARALLEL>
inline __attribute__((always_inline)) u64 noteRead(Cell& cell, u64 me) {
  mergeInto<GLOBAL, PARALLEL>(cell.read, me);
  u64 write = __atomic_load_n(&cell.write, __ATOMIC_RELAXED);
  return stamp::unordered<GLOBAL>(write, me) ? write : 0;
}

template <bool GLOBAL, bool PARALLEL>
inline __attribute__((always_inline)) u64 noteWrite(Cell& cell, u64 me) {
  u64 old = __atomic_load_n(&cell.write, __ATOMIC_RELAXED);
  if (old != me) {
    if constexpr (PARALLEL) {
      old = __atomic_exchange_n(&cell.write, me, __ATOMIC_SEQ_CST);
    } else {
      cell.write = me;
    }
  }
  if (stamp::unordered<GLOBAL>(old, me)) return old;
  u64 read = __atomic_load_n(&cell.read, __ATOMIC_RELAXED);
  return stamp::unordered<GLOBAL>(read, me) ? read : 0;
}

template <bool GLOBAL, bool PARALLEL>
inline __attribute__((always_inline)) u64 noteAtomic(Cell& cell, u64 me) {
  // A plain write of the same thread stays: the atomic operations of others race with it.
  u64 old = __atomic_load_n(&cell.write, __ATOMIC_RELAXED);
  if (old != me) {
    old = mergeInto<GLOBAL, PARALLEL>(cell.write, me | 1ull << stamp::ATOMIC);
    if (!stamp::atomic(old) && stamp::unordered<GLOBAL>(old, me)) return old;
  }
  u64 read = __atomic_load_n(&cell.read, __ATOMIC_RELAXED);
  return stamp::unordered<GLOBAL>(read, me) ? read : 0;
}

}  // namespace emulator
