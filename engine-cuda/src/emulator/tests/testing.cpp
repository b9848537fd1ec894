// SPDX-License-Identifier: Apache-2.0

#include "testing.h"

#include <cstdio>

namespace tests {

namespace {
int failed = 0;
const char* HEADER = ".version 7.5\n.target sm_75\n.address_size 64\n";
}  // namespace

void check(bool holds, const std::string& what) {
  if (holds) return;
  failed++;
  std::printf("FAILED %s\n", what.c_str());
}

int failures() { return failed; }

Buffer::Buffer(size_t bytes, const std::string& label)
    : address(emulator::allocate(bytes, label)), bytes(bytes) {}

Buffer::Buffer(const std::vector<uint32_t>& words) : Buffer(words.size() * 4) {
  emulator::copyIn(address, words.data(), bytes, nullptr);
}

Buffer::~Buffer() { emulator::release(address, nullptr); }

std::vector<uint32_t> Buffer::words() const {
  std::vector<uint32_t> all(bytes / 4);
  std::string problem;
  check(emulator::copyOut(all.data(), address, bytes, &problem), "reading back: " + problem);
  return all;
}

std::shared_ptr<emulator::Module> load(const std::string& kernels) {
  std::string error;
  auto module = emulator::parse(HEADER + kernels, &error);
  check(module != nullptr, "module refused: " + error + "\n" + kernels);
  return module != nullptr ? module : emulator::parse(HEADER + kernel("ret;"), &error);
}

std::string refusal(const std::string& kernels) {
  std::string error;
  return emulator::parse(HEADER + kernels, &error) == nullptr ? error : "";
}

std::vector<emulator::Fault> launch(const emulator::Module& module, const Arguments& arguments,
                                    Shape shape) {
  const emulator::Kernel* k = emulator::find(module, emulator::kernels(module).front());
  Arguments all = arguments;
  while (all.bytes.size() < 32) all.add(uint64_t{0});
  return emulator::run(module, *k, {{shape.blocks, 1, 1}, {shape.threads, 1, 1}, shape.dynamicShared},
                       all.bytes);
}

std::string kernel(const std::string& body, const std::string& declarations) {
  return declarations + R"(
.visible .entry k(.param .u64 p0, .param .u64 p1, .param .u64 p2, .param .u64 p3)
{
  .reg .pred %p<10>;
  .reg .b16 %h<10>;
  .reg .b32 %r<20>;
  .reg .f32 %f<20>;
  .reg .b64 %rd<20>;
  .reg .f64 %fd<10>;
  .reg .b64 %in<4>;
  .reg .b32 %tid, %bid, %all;
  .reg .b64 %o4, %o8, %a, %b, %c, %d;
  ld.param.u64 %in0, [p0];
  ld.param.u64 %in1, [p1];
  ld.param.u64 %in2, [p2];
  ld.param.u64 %in3, [p3];
  mov.u32 %tid, %tid.x;
  mov.u32 %bid, %ctaid.x;
  mov.u32 %all, %ntid.x;
  mad.lo.s32 %all, %bid, %all, %tid;
  mul.wide.u32 %o4, %tid, 4;
  mul.wide.u32 %o8, %tid, 8;
  add.u64 %a, %in0, %o4;
  add.u64 %b, %in1, %o4;
  add.u64 %c, %in2, %o4;
  add.u64 %d, %in3, %o4;
)" + body + "\n  ret;\n}\n";
}

std::string name(emulator::Fault::Kind kind) {
  static const char* names[] = {"OutOfBounds", "Misaligned", "UseAfterFree",
                                "Uninitialised", "SharedRace", "GlobalRace",
                                "DivergentBarrier", "Trap", "TimedOut"};
  return names[kind];
}

}  // namespace tests

int main() {
  tests::testIntegers();
  tests::testBits();
  tests::testFloats();
  tests::testApproximations();
  tests::testConversions();
  tests::testMovesAndMemory();
  tests::testWarps();
  tests::testMemoryFaults();
  tests::testRaces();
  tests::testBarriers();
  tests::testModules();
  tests::testCounters();
  tests::testOrders();
  std::printf("emulator tests: %d failures\n", tests::failures());
  return tests::failures() == 0 ? 0 : 1;
}
