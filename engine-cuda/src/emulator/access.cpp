// SPDX-License-Identifier: Apache-2.0

#include "access.h"

#include <algorithm>

#include "races.h"
#include "text.h"

namespace emulator {

namespace {

const char* nameOf(Does does) {
  return does == Does::Read ? "read" : does == Does::Write ? "write" : "atomic operation";
}

// Whether all active lanes lie in [base, base + limit] and are aligned.
bool allInside(const u64* at, u32 mask, u64 base, u64 limit, u64 alignment) {
  u64 bad = 0;
  for (int l = 0; l < LANES; l++) {
    u64 outside = (at[l] - base > limit ? 1 : 0) | (at[l] & (alignment - 1));
    bad |= mask >> l & 1 ? outside : 0;
  }
  return bad == 0;
}

template <class F>
void forActive(u32 mask, F f) {
  for (u32 rest = mask; rest != 0; rest &= rest - 1) f(__builtin_ctz(rest));
}

// ---- races

[[noreturn]] void stopRace(Warp& w, const Inst& inst, int lane, Does does, u64 other, u64 address,
                           bool isGlobal) {
  const LaunchState& launch = *w.worker->launch;
  std::string who;
  if (stamp::many(other) == stamp::BLOCKS || (other ^ w.stamp) >> stamp::BLOCK != 0) {
    who = "another block";
  } else if (stamp::many(other) != stamp::ONE_THREAD) {
    who = "several threads of the block";
  } else {
    who = "thread " + threadName(launch, other & 0x3ff) + " of the block";
  }
  stop(isGlobal ? Fault::GlobalRace : Fault::SharedRace, w, inst, lane,
       text("data race: %s of %s 0x%llx, which %s accessed with no barrier between", nameOf(does),
            isGlobal ? "global address" : "shared offset", address, who.c_str()));
}

template <bool GLOBAL, bool PARALLEL, Does DOES>
inline __attribute__((always_inline)) void noteWords(Warp& w, const Inst& inst, int lane,
                                                     Cell* cells, unsigned words, u64 address) {
  u64 me = w.stamp | static_cast<u64>(lane);
  for (unsigned word = 0; word < words; word++) {
    u64 other = DOES == Does::Read    ? noteRead<GLOBAL, PARALLEL>(cells[word], me)
                : DOES == Does::Write ? noteWrite<GLOBAL, PARALLEL>(cells[word], me)
                                      : noteAtomic<GLOBAL, PARALLEL>(cells[word], me);
    if (__builtin_expect(other != 0, 0)) {
      stopRace(w, inst, lane, DOES, other, address + word * 4, GLOBAL);
    }
  }
}

// ---- counters

// Words wanted of each bank by some lanes; the most of one bank are its wavefronts.
struct Banks {
  u32 used = 0;
  u64 first[32];
  std::vector<u64> more[32];  // beyond the first

  void want(u64 word) {
    unsigned bank = word % 32;
    if (!(used >> bank & 1)) {
      used |= 1u << bank;
      first[bank] = word;
    } else if (first[bank] != word &&
               std::find(more[bank].begin(), more[bank].end(), word) == more[bank].end()) {
      more[bank].push_back(word);
    }
  }

  u64 extra() const {
    size_t most = 0;
    for (const auto& words : more) most = std::max(most, words.size());
    return most;
  }
};

// Whether no bank is asked for two words; lanes that want the same word share it.
bool conflictFree(const u64* offsets, u32 mask, unsigned words) {
  u32 used = 0;
  u64 first[32];
  for (u32 rest = mask; rest != 0; rest &= rest - 1) {
    u64 word = offsets[__builtin_ctz(rest)] / 4;
    for (unsigned k = 0; k < words; k++, word++) {
      unsigned bank = word % 32;
      if (used >> bank & 1 && first[bank] != word) return false;
      used |= 1u << bank;
      first[bank] = word;
    }
  }
  return true;
}

// Extra wavefronts: 64 and 128-bit accesses go by halves and quarters of the warp.
u64 bankConflicts(const u64* offsets, u32 mask, unsigned bytes) {
  unsigned words = std::max(bytes / 4, 1u);
  unsigned lanes = LANES / words;
  u64 extra = 0;
  for (unsigned start = 0; start < LANES; start += lanes) {
    u32 phase = mask & (lanes == LANES ? ALL_LANES : ((1u << lanes) - 1) << start);
    if (conflictFree(offsets, phase, words)) continue;
    Banks banks;
    forActive(phase, [&](int l) {
      for (unsigned k = 0; k < words; k++) banks.want(offsets[l] / 4 + k);
    });
    extra += banks.extra();
  }
  return extra;
}

// 32-byte sectors: an access is aligned and of at most 16 bytes, so it lies in one.
u64 sectors(const u64* at, u32 mask) {
  u64 first[LANES];
  int n = 0;
  bool sorted = true;
  forActive(mask, [&](int l) {
    first[n] = at[l] / 32;
    sorted &= n == 0 || first[n] >= first[n - 1];
    n++;
  });
  if (!sorted) std::sort(first, first + n);
  u64 distinct = 0;
  for (int i = 0; i < n; i++) distinct += i == 0 || first[i] != first[i - 1];
  return distinct;
}

void countShared(Warp& w, const u64* offsets, unsigned bytes) {
  Counters& c = w.worker->counters;
  c.sharedAccesses++;
  c.bankConflicts += bankConflicts(offsets, w.mask, bytes);
}

void countGlobal(Warp& w, const u64* at, unsigned bytes, Does does) {
  Counters& c = w.worker->counters;
  u64 moved = static_cast<u64>(__builtin_popcount(w.mask)) * bytes;
  if (does != Does::Write) c.globalLoads += moved;
  if (does != Does::Read) c.globalStores += moved;
  c.globalTransactions += sectors(at, w.mask);
}

// ---- global memory

[[noreturn]] void stopMisaligned(Warp& w, const Inst& inst, int lane, Does does, u64 address,
                                 unsigned bytes, const char* space) {
  stop(Fault::Misaligned, w, inst, lane,
       text("misaligned: %s %s of %u bytes at 0x%llx", space, nameOf(does), bytes, address));
}

void findAllocations(Warp& w, const Inst& inst, unsigned bytes, Does does, const u64* at) {
  const Allocation*& nearest = w.worker->nearest[inst.memory];
  forActive(w.mask, [&](int l) {
    if (at[l] % bytes != 0) stopMisaligned(w, inst, l, does, at[l], bytes, "global");
    if (nearest != nullptr && nearest->holds(at[l], bytes)) return;
    const Allocation* a = nearestAllocation(at[l]);
    if (a == nullptr || !a->holds(at[l], bytes)) {
      bool freed = a != nullptr && a->freed && at[l] - a->base < a->size;
      stop(freed ? Fault::UseAfterFree : Fault::OutOfBounds, w, inst, l,
           text("%s: global %s of %u bytes: ", freed ? "use after free" : "out of bounds",
                nameOf(does), bytes) + describeBad(at[l], bytes));
    }
    nearest = a;
  });
}

template <bool PARALLEL, Does DOES>
void shadowGlobal(Warp& w, const Inst& inst, unsigned bytes, const u64* at) {
  bool judge = w.worker->launch->judgeUnwritten;
  forActive(w.mask, [&](int l) {
    u8* marks = span.writtenOf(at[l]);
    if (DOES != Does::Write && judge && !allWritten(marks, at[l], bytes)) {
      stop(Fault::Uninitialised, w, inst, l,
           text("uninitialised: global %s of %u bytes that were never written: ", nameOf(DOES),
                bytes) + describeBad(at[l], bytes));
    }
    if (DOES != Does::Read && !allWritten(marks, at[l], bytes)) markWritten(marks, at[l], bytes);
    if (!inst.unordered) {
      noteWords<true, PARALLEL, DOES>(w, inst, l, span.cellOf(at[l]), bytes / 4, at[l]);
    }
  });
}

template <bool PARALLEL>
void shadowGlobal(Warp& w, const Inst& inst, unsigned bytes, Does does, const u64* at) {
  switch (does) {
    case Does::Read: return shadowGlobal<PARALLEL, Does::Read>(w, inst, bytes, at);
    case Does::Write: return shadowGlobal<PARALLEL, Does::Write>(w, inst, bytes, at);
    default: return shadowGlobal<PARALLEL, Does::Atomic>(w, inst, bytes, at);
  }
}

void resolveGlobal(Warp& w, const Inst& inst, unsigned bytes, Does does, const u64* at) {
  const Allocation* a = w.worker->nearest[inst.memory];
  if (a == nullptr || a->size < bytes ||
      !allInside(at, w.mask, a->base, a->size - bytes, bytes)) {
    findAllocations(w, inst, bytes, does, at);
  }
  const LaunchState& launch = *w.worker->launch;
  if (!launch.checks) return;
  if (launch.parallel) {
    shadowGlobal<true>(w, inst, bytes, does, at);
  } else {
    shadowGlobal<false>(w, inst, bytes, does, at);
  }
  if (launch.counting) countGlobal(w, at, bytes, does);
}

// ---- shared and local memory

void checkShared(Warp& w, const Inst& inst, unsigned bytes, Does does, const u64* offsets) {
  size_t size = w.worker->launch->sharedBytes;
  if (size >= bytes && allInside(offsets, w.mask, 0, size - bytes, bytes)) return;
  forActive(w.mask, [&](int l) {
    if (size < bytes || offsets[l] > size - bytes) {
      stop(Fault::OutOfBounds, w, inst, l,
           text("out of bounds: shared %s of %u bytes at offset 0x%llx, the block has %zu bytes",
                nameOf(does), bytes, offsets[l], size));
    }
    if (offsets[l] % bytes != 0) stopMisaligned(w, inst, l, does, offsets[l], bytes, "shared");
  });
}

template <Does DOES>
void shadowShared(Warp& w, const Inst& inst, unsigned bytes, const u64* offsets) {
  Worker& worker = *w.worker;
  forActive(w.mask, [&](int l) {
    u64 offset = offsets[l];
    u8* marks = &worker.sharedWritten[offset / 4];
    if (DOES != Does::Write && !allWritten(marks, offset, bytes)) {
      stop(Fault::Uninitialised, w, inst, l,
           text("uninitialised: shared %s of %u bytes at offset 0x%llx that no one wrote in this "
                "block", nameOf(DOES), bytes, offset));
    }
    if (DOES != Does::Read) markWritten(marks, offset, bytes);
    if (!inst.unordered) {
      noteWords<false, false, DOES>(w, inst, l, &worker.sharedCells[offset / 4], bytes / 4, offset);
    }
  });
}

void shadowShared(Warp& w, const Inst& inst, unsigned bytes, Does does, const u64* offsets) {
  switch (does) {
    case Does::Read: return shadowShared<Does::Read>(w, inst, bytes, offsets);
    case Does::Write: return shadowShared<Does::Write>(w, inst, bytes, offsets);
    default: return shadowShared<Does::Atomic>(w, inst, bytes, offsets);
  }
}

void resolveShared(Warp& w, const Inst& inst, unsigned bytes, Does does, u64* at) {
  const LaunchState& launch = *w.worker->launch;
  checkShared(w, inst, bytes, does, at);
  if (launch.checks) {
    shadowShared(w, inst, bytes, does, at);
    if (launch.counting) countShared(w, at, bytes);
  }
  u64 base = reinterpret_cast<u64>(w.worker->shared.data());
  for (int l = 0; l < LANES; l++) at[l] += base;
}

void resolveLocal(Warp& w, const Inst& inst, unsigned bytes, Does does, u64* at) {
  u64 size = w.worker->launch->program->localBytes;
  forActive(w.mask, [&](int l) {
    if (size < bytes || at[l] > size - bytes) {
      stop(Fault::OutOfBounds, w, inst, l,
           text("out of bounds: local %s of %u bytes at offset 0x%llx, the thread has %llu bytes",
                nameOf(does), bytes, at[l], size));
    }
    if (at[l] % bytes != 0) stopMisaligned(w, inst, l, does, at[l], bytes, "local");
    at[l] += reinterpret_cast<u64>(w.local) + size * static_cast<u64>(l);
  });
}

// ---- generic addresses

void resolveIn(Space space, Warp& w, const Inst& inst, unsigned bytes, Does does, u64* at) {
  switch (space) {
    case Space::Shared: return resolveShared(w, inst, bytes, does, at);
    case Space::Local: return resolveLocal(w, inst, bytes, does, at);
    default: return resolveGlobal(w, inst, bytes, does, at);
  }
}

void resolveGeneric(Warp& w, const Inst& inst, unsigned bytes, Does does, u64* at) {
  u32 masks[3] = {0, 0, 0};
  forActive(w.mask, [&](int l) {
    bool shared = at[l] - SHARED_WINDOW < WINDOW_BYTES;
    bool local = at[l] - LOCAL_WINDOW < WINDOW_BYTES;
    masks[shared ? 1 : local ? 2 : 0] |= 1u << l;
  });
  constexpr Space spaces[3] = {Space::Global, Space::Shared, Space::Local};
  constexpr u64 windows[3] = {0, SHARED_WINDOW, LOCAL_WINDOW};
  u32 all = w.mask;
  for (int s = 0; s < 3; s++) {
    if (masks[s] == 0) continue;
    u64 inside[LANES];
    for (int l = 0; l < LANES; l++) inside[l] = at[l] - windows[s];
    w.mask = masks[s];
    resolveIn(spaces[s], w, inst, bytes, does, inside);
    forActive(masks[s], [&](int l) { at[l] = inside[l]; });
  }
  w.mask = all;
}

}  // namespace

void resolve(Warp& w, const Inst& inst, unsigned bytes, Does does, u64* at) {
  if (inst.wideAddress) {
    const u64* a = registerAt<u64>(w, inst.a);
    for (int l = 0; l < LANES; l++) at[l] = a[l] + static_cast<u64>(inst.imm);
  } else {
    const u32* a = registerAt<u32>(w, inst.a);
    for (int l = 0; l < LANES; l++) at[l] = a[l] + static_cast<u32>(inst.imm);
  }
  if (inst.space == Space::Generic) {
    resolveGeneric(w, inst, bytes, does, at);
  } else {
    resolveIn(inst.space, w, inst, bytes, does, at);
  }
}

}  // namespace emulator
