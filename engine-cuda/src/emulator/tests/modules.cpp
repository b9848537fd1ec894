// SPDX-License-Identifier: Apache-2.0

// What modules say of themselves, which are refused and why; counters, coverage and orders.

#include <algorithm>

#include "testing.h"

namespace tests {

namespace {

using Words = std::vector<uint32_t>;

void refused(const std::string& body, const std::string& why) {
  std::string error = refusal(kernel(body));
  check(error.find("PTX line ") == 0 && error.find(why) != std::string::npos, body + ": refused with '" + error + "', expected " + why);
}

void refusals() {
  refused("frobnicate.u32 %r1, %r2;", "unknown instruction frobnicate.u32");
  refused("add.frob.u32 %r1, %r2, %r3;", "unknown instruction add.frob.u32");
  refused("add.sat.u32 %r1, %r2, %r3;", "unknown instruction add.sat.u32");
  refused("fma.f16 %h1, %h2, %h3, %h4;", "unknown instruction fma.f16");
  refused("cp.async.ca.shared.global [%r1], [%rd1], 16;", "unknown instruction cp.async.ca.shared.global");
  refused("add.u32 %r1, %rd2, %r3;", "operand %rd2 is .b64");
  refused("add.u32 %r1, %r2;", "expected ,");
  refused("add.u32 %r1, %r2, %nobody;", "unknown operand %nobody");
  refused("bra NOWHERE;", "no label NOWHERE");
  refused("bar.sync 1;", "only barrier 0");
  refused("ld.param.u64 %rd1, [p3+4];", "out of bounds");
  refused("ld.shared.u32 %r1, [p0];", "another state space");
  refused("call f, (%r1);", "unknown instruction call");
  std::string error;
  check(emulator::parse(".version 99.0\n.target sm_75\n", &error) == nullptr && error.find("newer") != std::string::npos, "newer version");
  check(emulator::parse(".version 7.5\n.target sm_90\n", &error) == nullptr && error.find("sm_90") != std::string::npos, "newer target");
  check(emulator::parse("not PTX", &error) == nullptr, "no PTX");
  check(emulator::parse("", &error) == nullptr, "no text");
}

void parameters() {
  auto module = load(".visible .entry one(.param .u32 a, .param .u64 b, .param .f32 c, .param .align 8 .b8 d[16])\n"
                     ".maxntid 128, 2, 1\n{ .reg .b32 %r<5>; .shared .align 4 .b32 s[7]; ret; }\n"
                     ".entry two() { ret; }\n");
  const emulator::Kernel* one = emulator::find(*module, "one");
  check(one != nullptr && one->parameters.size() == 4 && one->maxThreads == 256 && one->staticShared == 28, "kernel");
  check(one->parameters[1].offset == 8 && one->parameters[2].offset == 16 && one->parameters[3].offset == 24 &&
            one->parameters[3].type == "b8[16]" && one->parameters[0].type == "u32", "parameters");
  check(emulator::kernels(*module) == std::vector<std::string>{"one", "two"} && emulator::find(*module, "three") == nullptr, "kernels");
  check(emulator::run(*module, *one, {{1, 1, 1}, {257, 1, 1}, 0}, std::vector<uint8_t>(40)).size() == 1, "too many threads");
  check(emulator::run(*module, *one, {{1, 1, 1}, {2, 1, 1}, 0}, std::vector<uint8_t>(39)).size() == 1, "too few arguments");
}

void heap() {
  std::string problem;
  size_t before = emulator::liveBytes();
  {
    Buffer leaked(size_t{1000}, "weights");
    auto live = emulator::liveAllocations();
    check(emulator::liveBytes() == before + 1000, "live bytes");
    check(!live.empty() && live.back().find("weights") == 0 && live.back().find("1000 bytes") != std::string::npos, "live allocations");
  }
  check(emulator::liveBytes() == before, "released");
  size_t capacity = emulator::capacity();
  emulator::setCapacity(before + 100);
  check(emulator::allocate(101, "") == 0 && emulator::allocate(0, "") == 0, "no memory");
  emulator::setCapacity(capacity);
}

}  // namespace

void testModules() {
  refusals();
  parameters();
  heap();
}

// ---- counters

namespace {

emulator::Counters countOf(const std::string& body, Shape shape = {}) {
  auto module = load(kernel(body));
  Buffer one(Words(4096)), two(Words(4096));
  emulator::resetCounters();
  auto faults = launch(*module, Arguments().add(one).add(two), shape);
  check(faults.empty(), body + (faults.empty() ? "" : faults[0].message));
  return emulator::counters()["k"];
}

uint64_t conflictsOf(const std::string& access, int stride) {
  return countOf(".shared .align 16 .b32 s[2048];\nmov.u64 %rd1, s; mul.wide.u32 %rd2, %tid, " + std::to_string(stride) +
                 "; add.u64 %rd1, %rd1, %rd2;\n" + access).bankConflicts;
}

}  // namespace

void testCounters() {
  auto copy = countOf("ld.global.u32 %r1, [%a]; st.global.u32 [%b], %r1;", {1, 64, 0});
  check(copy.launches == 1 && copy.globalLoads == 256 && copy.globalStores == 256, "bytes");
  check(copy.globalTransactions == 16, "sectors of a copy");
  check(copy.laneInstructions == 32 * copy.instructions, "lanes");
  check(countOf("ld.global.u32 %r1, [%in0];").globalTransactions == 1, "sectors of a broadcast");
  check(countOf("mul.wide.u32 %rd1, %tid, 64; add.u64 %rd1, %rd1, %in0; ld.global.u32 %r1, [%rd1];").globalTransactions == 32, "sectors of a stride");
  check(countOf("setp.lt.u32 %p1, %tid, 7;\n@%p1 bra E;\nadd.u32 %r1, %r2, 1;\nE:\n").divergentBranches == 1, "divergence");
  check(countOf("setp.lt.u32 %p1, %tid, 32;\n@%p1 bra E;\nadd.u32 %r1, %r2, 1;\nE:\n").divergentBranches == 0, "no divergence");
  const std::string word = "st.shared.u32 [%rd1], 1;", pair = "st.shared.v2.u32 [%rd1], {%r1, %r2};",
                    four = "st.shared.v4.u32 [%rd1], {%r1, %r2, %r3, %r4};";
  check(conflictsOf(word, 4) == 0, "words in a row");
  check(conflictsOf(word, 8) == 1, "every second word");
  check(conflictsOf(word, 128) == 31, "one bank");
  check(conflictsOf(word, 132) == 0, "rows one longer");
  check(conflictsOf(pair, 8) == 0, "pairs in a row");
  check(conflictsOf(pair, 16) == 2, "every second pair");
  check(conflictsOf(four, 16) == 0, "fours in a row");
  check(conflictsOf(four, 32) == 4, "every second four");
  check(countOf(".shared .align 16 .b32 s[64];\nsetp.lt.u32 %p1, %tid, 16; mov.u64 %rd1, s; mul.wide.u32 %rd2, %tid, 16; add.u64 %rd2, %rd1, %rd2;\n"
                "@%p1 st.shared.v4.u32 [%rd2], {%r1, %r2, %r3, %r4};\nbar.sync 0;\nld.shared.v4.u32 {%r1, %r2, %r3, %r4}, [%rd1];\n").bankConflicts == 0, "broadcast of a four");
  emulator::options().coverage = true;
  countOf("setp.lt.u32 %p1, %tid, 32;\n@%p1 bra E;\nmul.lo.u32 %r1, %r2, 3;\nE:\n");
  std::string report = emulator::coverage();
  check(report.find("opcodes never executed: mul.lo.u32") != std::string::npos, "coverage: " + report.substr(0, 200));
  emulator::options().coverage = false;
}

// ---- orders

void testOrders() {
  // Tickets: the order in which blocks and warps come is visible, and another one for each seed.
  auto module = load(kernel("setp.ne.u32 %p1, %tid, 0;\n@%p1 ret;\natom.global.add.u32 %r1, [%in0], 1; mul.wide.u32 %rd1, %bid, 4; add.u64 %rd1, %rd1, %in1; st.global.u32 [%rd1], %r1;"));
  auto tickets = [&](uint64_t seed) {
    emulator::options().seed = seed;
    emulator::options().threads = 1;
    Buffer counter(Words(1)), order(Words(64));
    check(launch(*module, Arguments().add(counter).add(order), {64, 32, 0}).empty(), "tickets");
    emulator::options().seed = 0;
    emulator::options().threads = 0;
    return order.words();
  };
  Words ascending = tickets(0), one = tickets(1), two = tickets(2);
  check(std::is_sorted(ascending.begin(), ascending.end()), "ascending blocks");
  check(one != ascending && two != ascending && one != two, "seeds change the order of blocks");
  std::sort(one.begin(), one.end());
  check(one == ascending, "each block once");
  // Warps of a block take turns in the middle of their code.
  auto turns = load(kernel("mov.u32 %r5, 0;\nLOOP:\nadd.u32 %r5, %r5, 1; setp.lt.u32 %p1, %r5, 20000;\n@%p1 bra LOOP;\natom.global.add.u32 %r1, [%in0], 1;\nst.global.u32 [%b], %r1;"));
  Words first;
  bool changed = false;
  for (uint64_t seed = 1; seed < 6; seed++) {
    emulator::options().seed = seed;
    Buffer counter(Words(1)), order(Words(256));
    check(launch(*turns, Arguments().add(counter).add(order), {1, 256, 0}).empty(), "turns");
    Words now = order.words();
    changed |= !first.empty() && now != first;
    first = now;
  }
  emulator::options().seed = 0;
  check(changed, "seeds change the order of warps");
}

}  // namespace tests
