// SPDX-License-Identifier: Apache-2.0

// Data races, barriers, warp instructions: each planted mistake is found, each correct twin silent.

#include <numeric>

#include "testing.h"

namespace tests {

namespace {

using emulator::Fault;
using Words = std::vector<uint32_t>;

// In every order of warps and blocks, and with one thread and several.
template <class F>
void inOrders(F f) {
  for (int threads : {1, 2}) {
    for (uint64_t seed : {0, 1, 2, 3}) {
      emulator::options().seed = seed;
      emulator::options().threads = threads;
      f();
    }
  }
  emulator::options().seed = 0;
  emulator::options().threads = 0;
}

void expect(const std::string& what, const std::string& body, bool isFault, Fault::Kind kind, Shape shape) {
  auto module = load(kernel(".shared .align 16 .b32 s[1024];\n.reg .b64 %mine, %next;\n"
                            "mov.u64 %mine, s; add.u64 %mine, %mine, %o4;\nst.shared.u32 [%mine], 0; bar.sync 0;\n" + body));
  inOrders([&] {
    Buffer one(Words(4096)), two(Words(4096));
    auto faults = launch(*module, Arguments().add(one).add(two), shape);
    if (isFault) {
      check(faults.size() == 1 && faults[0].kind == kind,
            what + ": expected " + name(kind) + ", got " + (faults.empty() ? "nothing" : faults[0].message));
    } else {
      check(faults.empty(), what + ": " + (faults.empty() ? "" : faults[0].message));
    }
  });
}

void faulty(const std::string& what, const std::string& body, Fault::Kind kind, Shape shape = {1, 64, 0}) {
  expect("faulty " + what, body, true, kind, shape);
}

void fine(const std::string& what, const std::string& body, Shape shape = {1, 64, 0}) {
  expect("fine " + what, body, false, Fault::Trap, shape);
}

// %next: the word of thread (tid + by) mod 64.
std::string neighbour(int by) {
  return "add.u32 %r1, %tid, " + std::to_string(by) + "; and.b32 %r1, %r1, 63; mul.wide.u32 %rd1, %r1, 4; mov.u64 %rd2, s; add.u64 %next, %rd1, %rd2;\n";
}

void sharedRaces() {
  const std::string write = "st.shared.u32 [%mine], %tid;\n", read = "ld.shared.u32 %r2, [%next];\n";
  const std::string barrier = "bar.sync 0;\n";
  faulty("read of another warp's write", neighbour(32) + write + read, Fault::SharedRace);
  fine("read after a barrier", neighbour(32) + write + barrier + read);
  faulty("read of another lane's write", neighbour(1) + write + read, Fault::SharedRace);
  fine("own word", write + "ld.shared.u32 %r2, [%mine];\nst.shared.u32 [%mine], %r2;\n");
  faulty("write after other warps read", neighbour(32) + write + barrier + read + "st.shared.u32 [%mine], 7;\n", Fault::SharedRace);
  faulty("write after other lanes read", neighbour(1) + write + barrier + read + "st.shared.u32 [%mine], 7;\n", Fault::SharedRace);
  fine("write after others read and a barrier", neighbour(32) + write + barrier + read + barrier + "st.shared.u32 [%mine], 7;\n");
  faulty("all write one word", "mov.u64 %rd1, s; st.shared.u32 [%rd1], %tid;\n", Fault::SharedRace);
  fine("all read one word", "setp.eq.u32 %p1, %tid, 0; mov.u64 %rd1, s;\n@%p1 st.shared.u32 [%rd1], 1;\nbar.sync 0;\nld.shared.u32 %r1, [%rd1];\nld.shared.u32 %r1, [%rd1];\n");
  faulty("write by a reader among others", "setp.eq.u32 %p1, %tid, 0; mov.u64 %rd1, s;\n@%p1 st.shared.u32 [%rd1], 1;\nbar.sync 0;\nld.shared.u32 %r1, [%rd1];\n@%p1 st.shared.u32 [%rd1], 2;\n",
         Fault::SharedRace);
  // Within a warp, bar.warp.sync orders memory; shuffles do not.
  const Shape warp = {1, 32, 0};
  std::string within = "xor.b32 %r1, %tid, 1; mul.wide.u32 %rd1, %r1, 4; mov.u64 %rd2, s; add.u64 %next, %rd1, %rd2;\n";
  fine("warp barrier", within + write + "bar.warp.sync 0xffffffff;\n" + read, warp);
  faulty("shuffle instead of a warp barrier", within + write + "shfl.sync.idx.b32 %r5, %tid, 0, 31, 0xffffffff;\n" + read, Fault::SharedRace, warp);
  fine("warp barriers between reads and writes", within + write + "bar.warp.sync 0xffffffff;\n" + read + "bar.warp.sync 0xffffffff;\n" + write + "bar.warp.sync 0xffffffff;\n" + read, warp);
  faulty("a warp barrier does not order warps", neighbour(32) + write + "bar.warp.sync 0xffffffff;\n" + read, Fault::SharedRace);
  fine("atomics", "mov.u64 %rd1, s; setp.eq.u32 %p1, %tid, 0;\n@%p1 st.shared.u32 [%rd1], 0;\nbar.sync 0;\natom.shared.add.u32 %r1, [%rd1], 1;\nbar.sync 0;\nld.shared.u32 %r2, [%rd1];\n");
  faulty("atomic against a plain write", "mov.u64 %rd1, s; setp.eq.u32 %p1, %tid, 0;\n@%p1 st.shared.u32 [%rd1], 0;\natom.shared.add.u32 %r1, [%rd1], 1;\n", Fault::SharedRace);
  faulty("plain read against atomics", "mov.u64 %rd1, s; setp.eq.u32 %p1, %tid, 0;\n@%p1 st.shared.u32 [%rd1], 0;\nbar.sync 0;\natom.shared.add.u32 %r1, [%rd1], 1;\n@%p1 ld.shared.u32 %r2, [%rd1];\n",
         Fault::SharedRace);
  // One buffer used again in each turn of a loop, with and without the second barrier.
  auto loop = [&](bool second) {
    return neighbour(32) + "mov.u32 %r5, 0;\nLOOP:\n" + write + barrier + read + (second ? barrier : "") +
           "add.u32 %r5, %r5, 1; setp.lt.u32 %p2, %r5, 5;\n@%p2 bra LOOP;\n";
  };
  fine("loop with two barriers", loop(true));
  faulty("loop without its second barrier", loop(false), Fault::SharedRace);
}

void globalRaces() {
  const Shape blocks = {8, 32, 0};
  const std::string mine = "mul.wide.u32 %rd1, %all, 4; add.u64 %rd1, %rd1, %in0;\n";
  const std::string next = "add.u32 %r1, %all, 32; and.b32 %r1, %r1, 255; mul.wide.u32 %rd2, %r1, 4; add.u64 %rd2, %rd2, %in0;\n";
  fine("own words", mine + "ld.global.u32 %r1, [%rd1]; st.global.u32 [%rd1], %all;\n", blocks);
  faulty("blocks write one word", "st.global.u32 [%in0], 1;\n", Fault::GlobalRace, {8, 1, 0});
  faulty("read of another block's words", mine + next + "st.global.u32 [%rd1], %all; ld.global.u32 %r2, [%rd2];\n", Fault::GlobalRace, blocks);
  faulty("write of words that another block reads", mine + next + "ld.global.u32 %r2, [%rd2]; st.global.u32 [%rd1], %all;\n", Fault::GlobalRace, blocks);
  faulty("write of what all blocks read", mine + "ld.global.u32 %r2, [%in0+2048]; setp.eq.u32 %p1, %all, 77;\n@%p1 st.global.u32 [%in0+2048], 1;\n", Fault::GlobalRace, blocks);
  faulty("a barrier does not order blocks", mine + next + "st.global.u32 [%rd1], %all; bar.sync 0; ld.global.u32 %r2, [%rd2];\n", Fault::GlobalRace, blocks);
  fine("a barrier orders a block", "st.global.u32 [%a], %tid; bar.sync 0; xor.b32 %r1, %tid, 33; mul.wide.u32 %rd1, %r1, 4; add.u64 %rd1, %rd1, %in0; ld.global.u32 %r2, [%rd1];\n");
  faulty("no barrier in a block", "st.global.u32 [%a], %tid; xor.b32 %r1, %tid, 33; mul.wide.u32 %rd1, %r1, 4; add.u64 %rd1, %rd1, %in0; ld.global.u32 %r2, [%rd1];\n", Fault::GlobalRace);
  fine("atomics of all blocks", "atom.global.add.u32 %r1, [%in0], 1;\n", blocks);
  faulty("atomic of one, read of another block", "setp.eq.u32 %p1, %bid, 3;\n@%p1 ld.global.u32 %r1, [%in0];\n@!%p1 red.global.add.u32 [%in0], 1;\n", Fault::GlobalRace, blocks);
  fine("volatile flags", "setp.eq.u32 %p1, %bid, 3;\n@%p1 st.volatile.global.u32 [%in0], 1;\nld.volatile.global.u32 %r1, [%in0];\n", {8, 1, 0});
}

void betweenLaunches() {
  Buffer words(Words(64));
  auto module = load(kernel("xor.b32 %r1, %all, 33; mul.wide.u32 %rd1, %r1, 4; add.u64 %rd1, %rd1, %in0; ld.global.u32 %r2, [%rd1]; mul.wide.u32 %rd2, %all, 4; add.u64 %rd2, %rd2, %in1; st.global.u32 [%rd2], %r2;\n"));
  Buffer other(Words(64));
  for (int turn = 0; turn < 3; turn++) {
    check(launch(*module, Arguments().add(words).add(other), {2, 32, 0}).empty(), "launches are ordered");
    check(launch(*module, Arguments().add(other).add(words), {2, 32, 0}).empty(), "launches are ordered");
  }
}

// ---- barriers and warps

void barriers() {
  fine("barrier in uniform code", "setp.lt.u32 %p1, %bid, 5;\n@!%p1 bra END;\nbar.sync 0;\nEND:\n");
  faulty("half of a warp", "setp.lt.u32 %p1, %tid, 16;\n@!%p1 bra END;\nbar.sync 0;\nEND:\n", Fault::DivergentBarrier);
  faulty("half of a warp by predicate", "setp.lt.u32 %p1, %tid, 16;\n@%p1 bar.sync 0;\n", Fault::DivergentBarrier);
  faulty("one of two warps", "setp.lt.u32 %p1, %tid, 32;\n@!%p1 bra END;\nbar.sync 0;\nEND:\n", Fault::DivergentBarrier);
  faulty("threads that have returned", "setp.gt.u32 %p1, %tid, 40;\n@%p1 ret;\nbar.sync 0;\n", Fault::DivergentBarrier);
  faulty("two barriers for two halves", "setp.lt.u32 %p1, %tid, 16;\n@%p1 bra A;\nbar.sync 0;\nbra END;\nA:\nbar.sync 0;\nEND:\n", Fault::DivergentBarrier);
  fine("lanes part and meet before the barrier", "and.b32 %r1, %tid, 1; setp.eq.u32 %p1, %r1, 0;\n@%p1 bra A;\nadd.u32 %r2, %tid, 1;\nbra B;\nA:\nadd.u32 %r2, %tid, 2;\nB:\nbar.sync 0;\n");
  fine("loops of different lengths before the barrier", "mov.u32 %r1, %tid;\nLOOP:\nsetp.eq.u32 %p1, %r1, 0;\n@%p1 bra OUT;\nsub.u32 %r1, %r1, 1;\nbra LOOP;\nOUT:\nbar.sync 0;\n");
  faulty("trap", "setp.eq.u32 %p1, %tid, 9;\n@%p1 trap;\n", Fault::Trap);
  faulty("breakpoint", "setp.eq.u32 %p1, %tid, 9;\n@%p1 brkpt;\n", Fault::Trap);
  emulator::options().instructionLimit = 100000;
  faulty("endless loop", "LOOP:\nbra LOOP;\n", Fault::TimedOut);
  faulty("a loop that waits for a block that cannot run", "setp.ne.u32 %p2, %bid, 0;\n@%p2 ret;\nLOOP:\nld.volatile.global.u32 %r1, [%in0];\nsetp.eq.u32 %p1, %r1, 0;\n@%p1 bra LOOP;\n", Fault::TimedOut);
  emulator::options().instructionLimit = 1000000000;
}

void warpFaults() {
  const Shape warp = {1, 32, 0};
  fine("shuffle of the whole warp", "shfl.sync.down.b32 %r1|%p1, %tid, 1, 31, 0xffffffff;\n", warp);
  const std::string half = "setp.lt.u32 %p1, %tid, 16;\n@!%p1 bra END;\nshfl.sync.down.b32 %r1, %tid, 1, 31, 0xffffffff;\nEND:\n";
  faulty("shuffle that half the warp skips", half + "bar.warp.sync 0xffffffff;\n", Fault::DivergentBarrier, warp);
  faulty("shuffle that half the warp skips and returns", half, Fault::Uninitialised, warp);
  faulty("shuffle that reads a lane outside", "setp.lt.u32 %p1, %tid, 16;\n@!%p1 bra END;\nshfl.sync.down.b32 %r1, %tid, 1, 31, 0xffff;\nEND:\n", Fault::Uninitialised, warp);
  fine("shuffle of half the warp", "setp.lt.u32 %p1, %tid, 16;\n@!%p1 bra END;\nshfl.sync.bfly.b32 %r1, %tid, 1, 31, 0xffff;\nEND:\n", warp);
  faulty("lane outside its own mask", "shfl.sync.bfly.b32 %r1, %tid, 1, 31, 0xffff;\n", Fault::DivergentBarrier, warp);
  faulty("shuffle from lanes that returned", "setp.gt.u32 %p1, %tid, 15;\n@%p1 ret;\nshfl.sync.down.b32 %r1, %tid, 8, 31, 0xffffffff;\n", Fault::Uninitialised, warp);
  fine("warp barriers in two branches", "setp.lt.u32 %p1, %tid, 16;\n@%p1 bra A;\nbar.warp.sync 0xffff0000;\nbra END;\nA:\nbar.warp.sync 0xffff;\nEND:\nbar.warp.sync 0xffffffff;\n", warp);
}

Words runWarp(const std::string& body) {
  Buffer in(Words(32)), out(Words(32));
  auto faults = launch(*load(kernel(body + "st.global.u32 [%b], %r1;")), Arguments().add(in).add(out));
  check(faults.empty(), body + (faults.empty() ? "" : faults[0].message));
  return out.words();
}

void same(const std::string& body, uint32_t (*expected)(uint32_t)) {
  Words got = runWarp(body);
  for (uint32_t lane = 0; lane < 32; lane++) {
    check(got[lane] == expected(lane), body + " lane " + std::to_string(lane) + " gives " + std::to_string(got[lane]));
  }
}

void warpResults() {
  same("shfl.sync.down.b32 %r1, %tid, 3, 31, -1;", [](uint32_t l) { return l + 3 < 32 ? l + 3 : l; });
  same("shfl.sync.up.b32 %r1, %tid, 3, 0, -1;", [](uint32_t l) { return l >= 3 ? l - 3 : l; });
  same("shfl.sync.bfly.b32 %r1, %tid, 5, 31, -1;", [](uint32_t l) { return l ^ 5; });
  same("shfl.sync.idx.b32 %r1, %tid, 7, 31, -1;", [](uint32_t) { return 7u; });
  // Segments of 8 lanes: the mask is (32 - 8) << 8.
  same("shfl.sync.idx.b32 %r1, %tid, 3, 0x181f, -1;", [](uint32_t l) { return (l & 24) + 3; });
  same("shfl.sync.down.b32 %r1, %tid, 3, 0x181f, -1;", [](uint32_t l) { return (l & 7) + 3 < 8 ? l + 3 : l; });
  same("shfl.sync.up.b32 %r2|%p1, %tid, 3, 0x1800, -1; selp.u32 %r1, %r2, 99, %p1;", [](uint32_t l) { return (l & 7) >= 3 ? l - 3 : 99; });
  same("setp.gt.u32 %p1, %tid, 3; vote.sync.ballot.b32 %r1, %p1, -1;", [](uint32_t) { return 0xfffffff0u; });
  same("setp.gt.u32 %p1, %tid, 3; vote.sync.all.pred %p2, %p1, -1; vote.sync.any.pred %p3, !%p1, -1; vote.sync.uni.pred %p4, %p1, -1;\n"
       "selp.u32 %r1, 1, 0, %p2; selp.u32 %r2, 2, 0, %p3; selp.u32 %r3, 4, 0, %p4; add.u32 %r1, %r1, %r2; add.u32 %r1, %r1, %r3;", [](uint32_t) { return 2u; });
  same("and.b32 %r2, %tid, 3; match.any.sync.b32 %r1, %r2, -1;", [](uint32_t l) { return 0x11111111u << (l & 3); });
  same("mov.u32 %r2, 5; match.all.sync.b32 %r3|%p1, %r2, -1; selp.u32 %r1, %r3, 0, %p1;", [](uint32_t) { return 0xffffffffu; });
  same("redux.sync.add.u32 %r1, %tid, -1;", [](uint32_t) { return 496u; });
  same("sub.u32 %r2, %tid, 5; redux.sync.min.s32 %r1, %r2, -1;", [](uint32_t) { return 0xfffffffbu; });
  same("setp.lt.u32 %p1, %tid, 9; mov.u32 %r1, 0;\n@%p1 activemask.b32 %r1;", [](uint32_t l) { return l < 9 ? 0x1ffu : 0; });
}

void controlFlow() {
  same("mov.u32 %r1, 0; mov.u32 %r2, %tid;\nL1:\nsetp.eq.u32 %p1, %r2, 0;\n@%p1 bra L2;\nadd.u32 %r1, %r1, %r2;\nsub.u32 %r2, %r2, 1;\nbra.uni L1;\nL2:\n",
       [](uint32_t l) { return l * (l + 1) / 2; });
  same("and.b32 %r2, %tid, 3; mov.u32 %r1, 9;\nts: .branchtargets A, B, C, A;\nbrx.idx %r2, ts;\nA:\nmov.u32 %r1, 1;\nbra E;\nB:\nmov.u32 %r1, 2;\nbra E;\nC:\nmov.u32 %r1, 3;\nE:\n",
       [](uint32_t l) { return (l & 3) == 1 ? 2u : (l & 3) == 2 ? 3u : 1u; });
  // A nested branch with an early way out of the loop.
  same("mov.u32 %r1, 0;\nL1:\nadd.u32 %r1, %r1, 1;\nsetp.gt.u32 %p1, %r1, 20;\n@%p1 bra E;\nand.b32 %r2, %r1, 1; setp.eq.u32 %p2, %r2, 1;\n@%p2 bra L1;\nsetp.lt.u32 %p3, %r1, %tid;\n@%p3 bra L1;\nE:\n",
       [](uint32_t l) {
         uint32_t n = 0;
         do n++;
         while (n <= 20 && (n % 2 == 1 || n < l));
         return n;
       });
}

}  // namespace

void testRaces() {
  sharedRaces();
  globalRaces();
  betweenLaunches();
}

void testBarriers() {
  barriers();
  warpFaults();
}

void testWarps() {
  warpResults();
  controlFlow();
}

}  // namespace tests
