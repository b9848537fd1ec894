// SPDX-License-Identifier: Apache-2.0

// The scheduler of a warp: straight runs of plain instructions, and the steps between them.

#include <algorithm>

#include "races.h"
#include "text.h"
#include "warp.h"

namespace emulator {

std::string threadName(const LaunchState& launch, unsigned thread) {
  const unsigned* size = launch.launch.block;
  return text("(%u,%u,%u)", thread % size[0], thread / size[0] % size[1],
              thread / size[0] / size[1]);
}

void stop(Fault::Kind kind, const Warp& w, const Inst& inst, int lane, const std::string& what) {
  const Worker& worker = *w.worker;
  const LaunchState& launch = *worker.launch;
  const SourceLine& line = launch.program->source(inst);
  throw Stop{{kind, "kernel " + launch.program->kernel.name +
                        text(", PTX line %d `", line.line) + line.text +
                        text("`, block (%u,%u,%u), thread ", worker.block[0], worker.block[1],
                             worker.block[2]) +
                        threadName(launch, w.index * LANES + static_cast<unsigned>(lane)) + ": " +
                        what}};
}

void refreshStamp(Warp& w) {
  w.stamp = w.worker->blockStamp | stamp::field(w.worker->epoch, stamp::EPOCH, stamp::EPOCH_BITS) |
            stamp::field(w.syncs, stamp::SYNC, stamp::SYNC_BITS) |
            static_cast<u64>(w.index * LANES);
}

namespace {

void refreshNext(Warp& w) {
  w.nextPc = INT_MAX;
  for (const Group& g : w.others) {
    if (g.waits == Waits::No) w.nextPc = std::min(w.nextPc, g.pc);
  }
}

// Lanes of other groups that can run and are at the same instruction join.
void join(Warp& w) {
  for (size_t i = 0; i < w.others.size();) {
    if (w.others[i].waits == Waits::No && w.others[i].pc == w.pc) {
      w.mask |= w.others[i].mask;
      w.others.erase(w.others.begin() + static_cast<long>(i));
    } else {
      i++;
    }
  }
  refreshNext(w);
}

// Makes the group that is furthest behind the current one; false: none can run.
bool resume(Warp& w) {
  auto best = w.others.end();
  for (auto g = w.others.begin(); g != w.others.end(); ++g) {
    if (g->waits == Waits::No && (best == w.others.end() || g->pc < best->pc)) best = g;
  }
  if (best == w.others.end()) return false;
  w.pc = best->pc;
  w.mask = best->mask;
  w.others.erase(best);
  join(w);
  return true;
}

// The current group goes on at its pc unless another is further behind.
void settle(Warp& w) {
  if (w.others.empty()) {
    w.nextPc = INT_MAX;
    return;
  }
  w.others.push_back({w.pc, w.mask, Waits::No, 0});
  resume(w);
}

u32 guarded(Warp& w, const Inst& inst) {
  if (inst.guard == 0) return w.mask;
  u32 p = predicate(w, inst.guard);
  return w.mask & (inst.guardNegated ? ~p : p);
}

void branch(Warp& w, const Inst& inst) {
  u32 taken = guarded(w, inst);
  u32 stays = w.mask & ~taken;
  if (taken != 0 && stays != 0) {
    w.worker->counters.divergentBranches++;
    w.others.push_back({w.pc + 1, stays, Waits::No, 0});
    w.mask = taken;
    w.pc = inst.target;
    settle(w);
    return;
  }
  w.pc = taken != 0 ? inst.target : w.pc + 1;
  if (!w.others.empty()) settle(w);
}

void branchTable(Warp& w, const Inst& inst) {
  const std::vector<int>& targets =
      w.worker->launch->program->tables[static_cast<size_t>(inst.target)];
  const u32* index = registerAt<u32>(w, inst.a);
  u32 taken = guarded(w, inst);
  if (w.mask != taken) w.others.push_back({w.pc + 1, w.mask & ~taken, Waits::No, 0});
  for (u32 rest = taken; rest != 0;) {
    int lane = __builtin_ctz(rest);
    if (index[lane] >= targets.size()) {
      stop(Fault::OutOfBounds, w, inst, lane,
           text("out of bounds: branch %u of a table of %zu", index[lane], targets.size()));
    }
    u32 same = 0;
    for (int l = 0; l < LANES; l++) same |= index[l] == index[lane] ? 1u << l : 0;
    same &= rest;
    if (rest != w.mask || same != rest) w.worker->counters.divergentBranches++;
    w.others.push_back({targets[index[lane]], same, Waits::No, 0});
    rest &= ~same;
  }
  resume(w);
}

// ---- waiting

// No group can run: lets those go whose lanes have all come; false: the whole warp is at a barrier.
bool release(Warp& w) {
  u32 atWarpBarrier = 0;
  for (const Group& g : w.others) atWarpBarrier |= g.waits == Waits::WarpBarrier ? g.mask : 0;
  bool any = false;
  for (Group& g : w.others) {
    u32 need = g.need & w.live;
    if (g.waits == Waits::WarpBarrier && (atWarpBarrier & need) == need) {
      g.waits = Waits::No;
      g.pc++;
      any = true;
    } else if (g.waits == Waits::Collective && (g.mask & need) == need) {
      g.waits = Waits::No;
      any = true;
    }
  }
  if (any) {
    w.syncs++;
    refreshStamp(w);
    return resume(w);
  }
  const Group& first = w.others.front();
  bool together = true;
  u32 lanes = 0;
  for (const Group& g : w.others) {
    together &= g.waits == Waits::Barrier && g.pc == first.pc;
    lanes |= g.mask;
  }
  const Inst& inst = w.worker->launch->program->code[static_cast<size_t>(first.pc)];
  if (!together) {
    const Group& other = w.others.back();
    const Inst& there = w.worker->launch->program->code[static_cast<size_t>(other.pc)];
    stop(Fault::DivergentBarrier, w, inst, __builtin_ctz(first.mask),
         "divergent barrier: lanes " + laneList(first.mask) + " wait here, lanes " +
             laneList(other.mask) + text(" at PTX line %d", w.worker->launch->program->source(there).line) +
             (first.waits == Waits::Barrier ? "" : ", lanes " + laneList(first.need & w.live) + " must come"));
  }
  w.pc = first.pc;
  w.mask = lanes;
  w.others.clear();
  w.nextPc = INT_MAX;
  return false;
}

// Sets the current group aside; false: the whole warp is at a barrier.
bool park(Warp& w, u32 lanes, Waits waits, u32 need) {
  bool merged = false;
  for (Group& g : w.others) {
    if (g.pc == w.pc && g.waits == waits) {
      g.mask |= lanes;
      merged = true;
    }
  }
  if (!merged) w.others.push_back({w.pc, lanes, waits, need});
  w.mask &= ~lanes;
  if (w.mask != 0) {
    w.pc++;
    settle(w);
    return true;
  }
  return resume(w) || release(w);
}

// Lanes of the member mask that have not come; takes in those that wait at this instruction.
u32 missing(Warp& w, const Inst& inst, u32 arrived, u32* need) {
  int lane = __builtin_ctz(arrived);
  u32 members = registerAt<u32>(w, inst.e)[lane];
  if (arrived & ~members) {
    stop(Fault::DivergentBarrier, w, inst, __builtin_ctz(arrived & ~members),
         "divergent: the lane is not in its own member mask " + laneList(members));
  }
  *need = members;
  for (size_t i = 0; i < w.others.size(); i++) {
    Group& g = w.others[i];
    if (g.waits != Waits::No && g.waits != Waits::Barrier && g.pc == w.pc) {
      w.mask |= g.mask;
      arrived |= g.mask;
      w.others.erase(w.others.begin() + static_cast<long>(i--));
    }
  }
  return members & w.live & ~arrived;
}

// False: the whole warp is at a barrier.
bool warpStep(Warp& w, const Inst& inst) {
  u32 arrived = guarded(w, inst);
  if (arrived == 0) {
    w.pc++;
    return true;
  }
  u32 before = w.mask;
  u32 need;
  bool isBarrier = inst.kind == Kind::WarpBarrier;
  u32 absent = missing(w, inst, arrived, &need);
  arrived |= w.mask & ~before;
  if (absent != 0 && (w.mask != arrived || !w.others.empty())) {
    return park(w, arrived, isBarrier ? Waits::WarpBarrier : Waits::Collective, need);
  }
  if (absent != 0) {
    stop(Fault::DivergentBarrier, w, inst, __builtin_ctz(arrived),
         "divergent: lanes " + laneList(absent) + " of the member mask never come");
  }
  if (isBarrier) {
    w.syncs++;
    refreshStamp(w);
  } else {
    u32 all = w.mask;
    w.mask = arrived;
    inst.run(w, inst);
    w.mask = all;
  }
  w.pc++;
  if (!w.others.empty()) settle(w);
  return true;
}

// False: the whole warp is there.
bool barrierStep(Warp& w, const Inst& inst) {
  u32 arrived = guarded(w, inst);
  if (arrived == 0) {
    w.pc++;
    return true;
  }
  if (arrived == w.live && w.others.empty()) return false;
  return park(w, arrived, Waits::Barrier, w.live);
}

enum class After { Runs, AtBarrier, Done };

After exitStep(Warp& w, const Inst& inst) {
  u32 gone = guarded(w, inst);
  w.live &= ~gone;
  w.mask &= ~gone;
  if (w.mask != 0) {
    w.pc++;
    return After::Runs;
  }
  if (w.live == 0) return After::Done;
  return resume(w) || release(w) ? After::Runs : After::AtBarrier;
}

After step(Warp& w, const Inst& inst) {
  switch (inst.kind) {
    case Kind::Branch: branch(w, inst); return After::Runs;
    case Kind::BranchTable: branchTable(w, inst); return After::Runs;
    case Kind::Barrier: return barrierStep(w, inst) ? After::Runs : After::AtBarrier;
    case Kind::Exit: return exitStep(w, inst);
    case Kind::Trap:
      if (u32 lanes = guarded(w, inst)) {
        stop(Fault::Trap, w, inst, __builtin_ctz(lanes), "trap");
      }
      w.pc++;
      return After::Runs;
    default: return warpStep(w, inst) ? After::Runs : After::AtBarrier;
  }
}

void execute(Warp& w, const Inst& inst) {
  if (inst.guard == 0) {
    inst.run(w, inst);
    return;
  }
  u32 all = w.mask;
  w.mask = guarded(w, inst);
  if (w.mask != 0) inst.run(w, inst);
  w.mask = all;
}

void account(Warp& w, int from, int to) {
  Worker& worker = *w.worker;
  u64 count = static_cast<u64>(to - from);
  worker.counters.instructions += count;
  worker.counters.laneInstructions += count * static_cast<u64>(__builtin_popcount(w.mask));
  worker.blockInstructions += count;
  if (worker.launch->coverage) {
    for (int pc = from; pc < to; pc++) worker.hits[static_cast<size_t>(pc)]++;
  }
}

}  // namespace

Turn runWarp(Warp& w, s64 turnInstructions) {
  const Program& program = *w.worker->launch->program;
  const Inst* code = program.code.data();
  const int* runEnd = program.runEnd.data();
  while (turnInstructions > 0) {
    int from = w.pc;
    int to = std::min(runEnd[from], w.nextPc);
    for (const Inst* inst = code + from; inst != code + to; inst++) execute(w, *inst);
    turnInstructions -= to - from + 1;
    w.pc = to;
    if (to == w.nextPc) {
      account(w, from, to);
      join(w);
      continue;
    }
    account(w, from, to + 1);
    After after = step(w, code[to]);
    if (after == After::AtBarrier) return Turn::AtBarrier;
    if (after == After::Done) return Turn::Done;
    if (w.worker->blockInstructions > w.worker->launch->limit) {
      stop(Fault::TimedOut, w, code[w.pc], __builtin_ctz(w.mask),
           text("the block has run %llu instructions", w.worker->blockInstructions));
    }
  }
  return Turn::Over;
}

}  // namespace emulator
