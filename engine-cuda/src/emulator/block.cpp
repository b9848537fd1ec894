// SPDX-License-Identifier: Apache-2.0

// A block: its warps take turns until all are done, and pass barriers together.

#include <algorithm>

#include "races.h"
#include "text.h"
#include "warp.h"

namespace emulator {

namespace {

void fillSpecials(Warp& w, const LaunchState& launch) {
  const Launch& l = launch.launch;
  for (const auto& [which, offset] : launch.program->specials) {
    u32* lanes = registerAt<u32>(w, offset);
    for (u32 lane = 0; lane < LANES; lane++) {
      u32 t = w.index * LANES + lane;
      u32 bit = 1u << lane;
      switch (which) {
        case Special::TidX: lanes[lane] = t % l.block[0]; break;
        case Special::TidY: lanes[lane] = t / l.block[0] % l.block[1]; break;
        case Special::TidZ: lanes[lane] = t / l.block[0] / l.block[1]; break;
        case Special::NtidX: lanes[lane] = l.block[0]; break;
        case Special::NtidY: lanes[lane] = l.block[1]; break;
        case Special::NtidZ: lanes[lane] = l.block[2]; break;
        case Special::NctaidX: lanes[lane] = l.grid[0]; break;
        case Special::NctaidY: lanes[lane] = l.grid[1]; break;
        case Special::NctaidZ: lanes[lane] = l.grid[2]; break;
        case Special::LaneId: lanes[lane] = lane; break;
        case Special::WarpId: lanes[lane] = w.index; break;
        case Special::NwarpId: lanes[lane] = (launch.threads + LANES - 1) / LANES; break;
        case Special::LaneMaskEq: lanes[lane] = bit; break;
        case Special::LaneMaskLt: lanes[lane] = bit - 1; break;
        case Special::LaneMaskLe: lanes[lane] = bit | (bit - 1); break;
        case Special::LaneMaskGt: lanes[lane] = ~(bit | (bit - 1)); break;
        case Special::LaneMaskGe: lanes[lane] = ~(bit - 1); break;
        case Special::Clock: lanes[lane] = 0; break;
        case Special::Clock64: registerAt<u64>(w, offset)[lane] = 0; break;
        default: break;
      }
    }
  }
}

void fillConstants(Warp& w, const Program& program) {
  for (const Constant& c : program.constants) {
    for (int lane = 0; lane < LANES; lane++) {
      if (c.wide) {
        registerAt<u64>(w, c.offset)[lane] = c.value;
      } else {
        registerAt<u32>(w, c.offset)[lane] = static_cast<u32>(c.value);
      }
    }
  }
}

void fillBlock(Warp& w, const LaunchState& launch, const unsigned* block) {
  for (int axis = 0; axis < 3; axis++) {
    auto which = static_cast<Special>(static_cast<int>(Special::CtaidX) + axis);
    auto found = launch.program->specials.find(which);
    if (found == launch.program->specials.end()) continue;
    std::fill_n(registerAt<u32>(w, found->second), LANES, block[axis]);
  }
}

void startWarp(Warp& w) {
  w.mask = w.live = w.full;
  w.pc = 0;
  w.nextPc = INT_MAX;
  w.others.clear();
  w.done = false;
  w.syncs = 0;
  fillBlock(w, *w.worker->launch, w.worker->block);
  refreshStamp(w);
}

// All warps that are not done wait at a barrier.
void passBarrier(Worker& worker, unsigned done) {
  for (Warp& w : worker.warps) {
    if (w.done) continue;
    if (done > 0 || w.mask != w.full) {
      const Inst& inst = worker.launch->program->code[static_cast<size_t>(w.pc)];
      stop(Fault::DivergentBarrier, w, inst, __builtin_ctz(w.mask),
           "divergent barrier: " +
               (w.mask != w.full ? "lanes " + laneList(w.full & ~w.mask) + " of the warp"
                                 : text("%u warps of the block", done)) +
               " have exited while others wait");
    }
  }
  worker.epoch++;
  for (Warp& w : worker.warps) {
    w.pc++;
    w.syncs = 0;
    refreshStamp(w);
  }
}

constexpr s64 LONG_TURN = 1 << 20;

}  // namespace

void prepare(Worker& worker, const LaunchState& launch) {
  const Program& program = *launch.program;
  worker.launch = &launch;
  unsigned count = (launch.threads + LANES - 1) / LANES;
  worker.warps.resize(count);
  worker.order.resize(count);
  worker.nearest.assign(program.code.size(), nullptr);
  worker.shared.resize(launch.sharedBytes + 16);
  worker.sharedWritten.resize(launch.sharedBytes / 4 + 4);
  if (worker.sharedCells.size() < launch.sharedBytes / 4 + 4) {
    worker.sharedCells.resize(launch.sharedBytes / 4 + 4);
  }
  size_t registers = static_cast<size_t>(program.registerBytes) * count + 64;
  if (worker.registers.size() < registers) worker.registers.resize(registers);
  worker.local.resize(static_cast<size_t>(program.localBytes) * LANES * count);
  worker.hits.assign(launch.coverage ? program.code.size() : 0, 0);
  worker.counters = Counters();
  u64 aligned = (reinterpret_cast<u64>(worker.registers.data()) + 63) & ~63ull;
  for (unsigned i = 0; i < count; i++) {
    Warp& w = worker.warps[i];
    w.worker = &worker;
    w.index = i;
    w.registers = reinterpret_cast<u8*>(aligned + static_cast<u64>(program.registerBytes) * i);
    w.local = worker.local.data() + static_cast<size_t>(program.localBytes) * LANES * i;
    unsigned lanes = std::min<unsigned>(launch.threads - i * LANES, LANES);
    w.full = lanes == LANES ? ALL_LANES : (1u << lanes) - 1;
    fillConstants(w, program);
    fillSpecials(w, launch);
    worker.order[i] = i;
  }
}

void runBlock(Worker& worker, u64 block) {
  const LaunchState& launch = *worker.launch;
  const unsigned* grid = launch.launch.grid;
  worker.block[0] = static_cast<unsigned>(block % grid[0]);
  worker.block[1] = static_cast<unsigned>(block / grid[0] % grid[1]);
  worker.block[2] = static_cast<unsigned>(block / grid[0] / grid[1]);
  worker.blockStamp = stamp::field(launch.number, stamp::LAUNCH, 64 - stamp::LAUNCH) |
                      stamp::field(block, stamp::BLOCK, stamp::BLOCK_BITS);
  worker.epoch = 0;
  worker.blockInstructions = 0;
  if (launch.checks) {
    std::fill(worker.sharedWritten.begin(), worker.sharedWritten.end(), u8{0});
    u64 blocks = static_cast<u64>(grid[0]) * grid[1] * grid[2];
    if (blocks >> stamp::BLOCK_BITS != 0) {
      std::fill(worker.sharedCells.begin(), worker.sharedCells.end(), Cell{0, 0});
    }
  }
  if (launch.seed != 0) worker.random = Random(launch.seed * 0x9e3779b97f4a7c15ull + block);
  for (Warp& w : worker.warps) startWarp(w);
  unsigned done = 0;
  std::vector<bool> waits(worker.warps.size());
  while (done < worker.warps.size()) {
    if (launch.seed != 0) worker.random.shuffle(worker.order);
    unsigned waiting = 0;
    for (unsigned i : worker.order) {
      Warp& w = worker.warps[i];
      if (w.done || waits[i]) {
        waiting += waits[i];
        continue;
      }
      // Seeded orders change warps in the middle of their code too.
      s64 turn = launch.seed != 0 ? 16 + static_cast<s64>(worker.random.next() % 4096) : LONG_TURN;
      Turn end = runWarp(w, turn);
      w.done = end == Turn::Done;
      waits[i] = end == Turn::AtBarrier;
      done += w.done;
      waiting += waits[i];
    }
    if (waiting > 0 && waiting + done == worker.warps.size()) {
      passBarrier(worker, done);
      waits.assign(waits.size(), false);
    }
  }
}

}  // namespace emulator
