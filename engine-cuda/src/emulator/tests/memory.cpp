// SPDX-License-Identifier: Apache-2.0

// Moves, loads, stores, atomics, address spaces; and what is wrong with accesses.

#include <numeric>

#include "opcodes.h"
#include "testing.h"

namespace tests {

namespace {

using emulator::Fault;
using Words = std::vector<uint32_t>;

Words counting(size_t count, uint32_t from = 1) {
  Words all(count);
  std::iota(all.begin(), all.end(), from);
  return all;
}

// Runs the body with an input and an output of 32 words; the output starts as zeros.
Words runWords(const std::string& body, const Words& in, const std::string& declarations = "", Shape shape = {}) {
  Buffer input(in), output(Words(shape.blocks * shape.threads));
  auto faults = launch(*load(kernel(body, declarations)), Arguments().add(input).add(output), shape);
  check(faults.empty(), body + ": " + (faults.empty() ? "" : faults[0].message));
  return output.words();
}

void moves() {
  opcode("mov.b64", "dd", {INTS64}, [](Bits a, Bits, Bits, Bits) { return a; });
  opcode("mov.u16", "hh", {INTS16}, [](Bits a, Bits, Bits, Bits) { return a; });
  Words packed = runWords("ld.global.u32 %r1, [%a]; mov.b32 {%h1, %h2}, %r1; mov.b32 %r2, {%h2, %h1};\n"
                          "mov.b64 %rd1, {%r2, %r1}; mov.b64 {_, %r3}, %rd1; mov.b64 {%r4, _}, %rd1;\n"
                          "sub.u32 %r3, %r3, %r1; add.u32 %r4, %r4, %r3; st.global.u32 [%b], %r4;",
                          Words(32, 0x12345678));
  check(packed == Words(32, 0x56781234), "mov packs and unpacks");
  Words specials = runWords("mov.u32 %r1, %laneid; mov.u32 %r2, %lanemask_lt; popc.b32 %r3, %r2; mov.u32 %r4, %warpid;\n"
                            "mad.lo.u32 %r5, %r4, 32, %r3; mov.u32 %r6, %nctaid.x; mad.lo.u32 %r5, %r6, 1000, %r5;\n"
                            "st.global.u32 [%b], %r5;", counting(64), "", {1, 64, 0});
  check(specials[33] == 1033 && specials[63] == 1063, "special registers");
}

void widths() {
  Words in(32, 0x8091a2f3);
  check(runWords("ld.global.u8 %r1, [%a]; st.global.u32 [%b], %r1;", in)[5] == 0xf3, "ld.u8");
  check(runWords("ld.global.s8 %r1, [%a+3]; st.global.u32 [%b], %r1;", in)[5] == 0xffffff80, "ld.s8");
  check(runWords("ld.global.s16 %r1, [%a]; st.global.u32 [%b], %r1;", in)[5] == 0xffffa2f3, "ld.s16");
  check(runWords("ld.global.u16 %h1, [%a+2]; cvt.u32.u16 %r1, %h1; st.global.u32 [%b], %r1;", in)[5] == 0x8091, "ld.u16");
  check(runWords("ld.global.s32 %rd1, [%a]; shr.u64 %rd1, %rd1, 32; cvt.u32.u64 %r1, %rd1; st.global.u32 [%b], %r1;", in)[5] == 0xffffffff, "ld.s32 into 64 bits");
  check(runWords("st.global.u32 [%b], 0; mov.u32 %r1, 0x1ff; st.global.u8 [%b+1], %r1; st.global.u16 [%b+2], %r1;", in)[5] == 0x01ffff00, "st of 8 and 16 bits");
  Words vectors = runWords("mul.wide.u32 %rd1, %tid, 16; add.u64 %rd2, %in0, %rd1; add.u64 %rd3, %in1, %rd1;\n"
                           "setp.lt.u32 %p1, %tid, 8;\n@%p1 ld.global.nc.v4.u32 {%r1, %r2, %r3, %r4}, [%rd2];\n"
                           "@%p1 st.global.v2.u32 [%rd3], {%r4, %r3};\n@%p1 st.global.v2.b32 [%rd3+8], {%r2, %r1};", counting(32));
  check(vectors[0] == 4 && vectors[3] == 1 && vectors[28] == 32 && vectors[31] == 29, "vectors");
}

void spaces() {
  const std::string shared = ".shared .align 4 .b32 s[64];\n";
  Words turned = runWords(shared + "mov.u64 %rd1, s; add.u64 %rd2, %rd1, %o4; ld.global.u32 %r1, [%a]; st.shared.u32 [%rd2+128], %r1;\n"
                          "bar.sync 0;\nsub.u32 %r2, 31, %tid; mul.lo.u32 %r3, %r2, 4; mov.u32 %r4, s; add.u32 %r4, %r4, %r3;\n"
                          "ld.shared.u32 %r5, [%r4+128]; st.global.u32 [%b], %r5;", counting(32));
  check(turned[0] == 32 && turned[31] == 1, "shared memory");
  Words generic = runWords(shared + "mov.u64 %rd1, s; cvta.shared.u64 %rd1, %rd1; add.u64 %rd2, %rd1, %o4; ld.u32 %r1, [%a];\n"
                           "st.u32 [%rd2], %r1; ld.u32 %r2, [%rd2]; isspacep.shared %p1, %rd2; isspacep.global %p2, %rd2;\n"
                           "selp.u32 %r3, 100, 0, %p1; selp.u32 %r4, 1000, 0, %p2; add.u32 %r2, %r2, %r3; add.u32 %r2, %r2, %r4; st.u32 [%b], %r2;", counting(32));
  check(generic[0] == 101 && generic[31] == 132, "generic addresses");
  Words local = runWords(".local .align 8 .b8 depot[16];\nmov.u64 %rd1, depot; cvta.local.u64 %rd2, %rd1; st.local.u32 [%rd1+4], %tid;\n"
                         "ld.u32 %r1, [%rd2+4]; st.global.u32 [%b], %r1;", counting(32));
  check(local == counting(32, 0), "local memory");
  Words mixed = runWords(shared + ".local .align 4 .b8 depot[4];\nmov.u64 %rd1, s; cvta.shared.u64 %rd1, %rd1; mov.u64 %rd2, depot; cvta.local.u64 %rd2, %rd2;\n"
                         "add.u64 %rd1, %rd1, %o4; and.b32 %r1, %tid, 1; setp.eq.u32 %p1, %r1, 0; selp.b64 %rd3, %rd1, %rd2, %p1;\n"
                         "st.u32 [%rd3], %tid; ld.u32 %r2, [%rd3]; st.global.u32 [%b], %r2;", counting(32));
  check(mixed == counting(32, 0), "lanes in several spaces");
  Words constants = runWords("mov.u64 %rd1, table; and.b32 %r1, %tid, 3; mul.wide.u32 %rd2, %r1, 4; add.u64 %rd1, %rd1, %rd2;\n"
                             "ld.const.u32 %r2, [%rd1]; ld.global.u32 %r3, [g+4]; add.u32 %r2, %r2, %r3; st.global.u32 [%b], %r2;", counting(32),
                             ".const .align 4 .b32 table[4] = {10, 20, 30, 40};\n.global .align 4 .u32 g[2] = {5, 7};\n");
  check(constants[0] == 17 && constants[7] == 47, "module variables");
  Words dynamic = runWords("mov.u32 %r1, dyn; mul.lo.u32 %r2, %tid, 4; add.u32 %r1, %r1, %r2; st.shared.u32 [%r1], %tid; ld.shared.u32 %r3, [%r1]; st.global.u32 [%b], %r3;",
                           counting(32), ".extern .shared .align 16 .b8 dyn[];\n", {1, 32, 128});
  check(dynamic == counting(32, 0), "dynamic shared memory");
}

void atomics() {
  struct Case {
    const char* operation;
    uint32_t from, want;
  };
  // 64 threads in two blocks with values 1 to 64.
  for (const Case& c : {Case{"add.u32", 5, 2085}, Case{"min.s32", 0xffffffff, 0xffffffff}, Case{"min.u32", 0xffffffff, 1},
                        Case{"max.u32", 3, 64}, Case{"or.b32", 0, 127}, Case{"xor.b32", 1, 65}, Case{"and.b32", 0xff, 0}, Case{"inc.u32", 0, 64}}) {
    Buffer values(counting(64)), cell(Words{c.from});
    std::string body = "mul.wide.u32 %rd1, %all, 4; add.u64 %rd1, %rd1, %in0; ld.global.u32 %r1, [%rd1];\n";
    std::string operand = std::string(c.operation) == "inc.u32" ? "1000" : "%r1";
    body += std::string("red.global.") + c.operation + " [%in1], " + operand + ";";
    auto faults = launch(*load(kernel(body)), Arguments().add(values).add(cell), {2, 32, 0});
    check(faults.empty() && cell.words()[0] == c.want, std::string("red.") + c.operation);
  }
  Words old = runWords("atom.global.add.u32 %r1, [%in1+124], 1; setp.eq.u32 %p1, %tid, 0;\n@%p1 st.global.u32 [%in1], %r1;", counting(32));
  check(old[31] == 32 && old[0] == 0, "atom returns what was there");
  Words swapped = runWords("atom.global.cas.b32 %r1, [%b], 0, %tid; atom.global.exch.b32 %r2, [%b], 9; st.global.u32 [%b], %r2;", counting(32));
  check(swapped == counting(32, 0), "cas and exch");
  Words sum = runWords("mov.f32 %f1, 0f3f800000; atom.global.add.f32 %f2, [%in1], %f1;", counting(32));
  check(sum[0] == bitsOf(32.0f), "atom.add.f32");
}

// ---- faults

Fault only(const std::vector<Fault>& faults, const std::string& what) {
  check(faults.size() == 1, what + ": expected one fault");
  return faults.empty() ? Fault{Fault::TimedOut, ""} : faults[0];
}

void expectFault(const std::string& what, const std::string& body, const Arguments& arguments, Fault::Kind kind,
                 const std::string& part, Shape shape = {}) {
  Fault fault = only(launch(*load(kernel(body)), arguments, shape), what);
  check(fault.kind == kind && fault.message.find(part) != std::string::npos && fault.message.find('\n') == std::string::npos,
        what + ": " + name(fault.kind) + " " + fault.message);
}

void expectFine(const std::string& what, const std::string& body, const Arguments& arguments, Shape shape = {}) {
  auto faults = launch(*load(kernel(body)), arguments, shape);
  check(faults.empty(), what + ": " + (faults.empty() ? "" : faults[0].message));
}

const std::string COPY = "ld.global.u32 %r1, [%a]; st.global.u32 [%b], %r1;";

void bounds() {
  Buffer in(counting(32)), out(Words(32)), shorter(counting(31));
  expectFine("all inside", COPY, Arguments().add(in).add(out));
  expectFault("read past the end", COPY, Arguments().add(shorter).add(out), Fault::OutOfBounds, "thread (31,0,0): out of bounds: global read of 4 bytes");
  expectFault("write past the end", COPY, Arguments().add(in).add(shorter), Fault::OutOfBounds, "0 bytes past the end");
  expectFault("read before the start", COPY, Arguments().add(in.address - 4).add(out), Fault::OutOfBounds, "thread (0,0,0)");
  expectFault("null", COPY, Arguments().add(uint64_t{0}).add(out), Fault::OutOfBounds, "below every allocation");
  expectFault("half of a vector", "ld.global.v2.u32 {%r1, %r2}, [%in0+120]; ld.global.v4.u32 {%r1, %r2, %r3, %r4}, [%in0+112];",
              Arguments().add(shorter), Fault::OutOfBounds, "global read of 8 bytes");
  std::string shared = ".shared .align 4 .b32 s[32];\nmov.u64 %rd1, s; add.u64 %rd1, %rd1, %o4;\n";
  expectFine("shared inside", shared + "st.shared.u32 [%rd1], 1;", Arguments());
  expectFault("shared past the end", shared + "st.shared.u32 [%rd1+4], 1;", Arguments(), Fault::OutOfBounds, "thread (31,0,0): out of bounds: shared write");
  expectFault("shared before the start", shared + "st.shared.u32 [%rd1-4], 1;", Arguments(), Fault::OutOfBounds, "thread (0,0,0)");
  std::string local = ".local .align 4 .b8 depot[8];\nmov.u64 %rd1, depot;\n";
  expectFault("local past the end", local + "st.local.u32 [%rd1+8], 1;", Arguments(), Fault::OutOfBounds, "local write");
}

void alignment() {
  Buffer in(counting(64)), out(Words(32));
  expectFault("misaligned word", "ld.global.u32 %r1, [%a+2];", Arguments().add(in), Fault::Misaligned, "read of 4 bytes");
  expectFault("misaligned vector", "ld.global.v4.u32 {%r1, %r2, %r3, %r4}, [%in0+8];", Arguments().add(in), Fault::Misaligned, "read of 16 bytes");
  expectFine("aligned vector", "ld.global.v4.u32 {%r1, %r2, %r3, %r4}, [%in0+16];", Arguments().add(in));
  std::string shared = ".shared .align 16 .b32 s[32];\nmov.u64 %rd1, s;\n";
  expectFault("misaligned shared", shared + "st.shared.v2.u32 [%rd1+4], {%r1, %r2};", Arguments(), Fault::Misaligned, "shared write of 8 bytes");
}

void lifetimes() {
  uint64_t freed;
  {
    Buffer gone(Words(32));
    freed = gone.address;
  }
  Buffer in(counting(32));
  expectFault("use after free", COPY, Arguments().add(in).add(freed), Fault::UseAfterFree, "use after free: global write");
  std::string problem;
  check(!emulator::release(freed, &problem) && problem.find("freed before") != std::string::npos, "double free: " + problem);
  check(!emulator::release(in.address + 4, &problem), "free inside an allocation");
  check(!emulator::copyIn(in.address, Words(250).data(), 1000, &problem), "copy past the end");
}

void initialisation() {
  Buffer in(counting(32)), out(Words(32)), fresh(size_t{128}, "fresh");
  expectFault("uninitialised read", COPY, Arguments().add(fresh).add(out), Fault::Uninitialised, "(fresh)");
  expectFine("first write", COPY, Arguments().add(in).add(fresh));
  expectFine("read of what was written", COPY, Arguments().add(fresh).add(out));
  Buffer halves(size_t{128});
  expectFine("write of half words", "st.global.u16 [%b], 1;", Arguments().add(in).add(halves));
  expectFine("read of half words", "ld.global.u16 %r1, [%a];", Arguments().add(halves));
  expectFault("read of the other half", "ld.global.u32 %r1, [%a];", Arguments().add(halves), Fault::Uninitialised, "global read of 4 bytes");
  std::string problem;
  Words host(32);
  Buffer never(size_t{128});
  check(!emulator::copyOut(host.data(), never.address, 128, &problem), "copy to the host of bytes never written");
  check(emulator::fill32(never.address, 7, 16, &problem) && emulator::copyOut(host.data(), never.address, 64, &problem), "fill");
  check(emulator::copyWithin(never.address + 64, in.address, 32, &problem) && !emulator::copyOut(host.data(), never.address, 128, &problem), "copies carry marks");
  std::string shared = ".shared .align 4 .b32 s[64];\nmov.u64 %rd1, s; add.u64 %rd1, %rd1, %o4;\n";
  expectFault("uninitialised shared", shared + "setp.lt.u32 %p1, %tid, 20;\n@%p1 st.shared.u32 [%rd1], 1;\nbar.sync 0;\nld.shared.u32 %r1, [%rd1];",
              Arguments(), Fault::Uninitialised, "thread (20,0,0)");
  // Each block has its own shared memory.
  expectFault("shared of another block", shared + "setp.eq.u32 %p1, %bid, 0;\n@%p1 st.shared.u32 [%rd1], 1;\nld.shared.u32 %r1, [%rd1];",
              Arguments(), Fault::Uninitialised, "block (1,0,0)", {2, 32, 0});
}

// Instructions that neither compute nor move anything here, and loads with a promise.
void hints() {
  Words loaded = runWords("prefetch.global.L2 [%a]; prefetchu.L1 [%a]; nanosleep.u32 20; ldu.global.u32 %r1, [%a];\n"
                          "membar.gl; fence.acq_rel.gpu; membar.cta; st.global.u32 [%b], %r1; membar.sys; fence.sc.sys; exit;", counting(32));
  check(loaded == counting(32), "prefetches, sleep, fences, exit");
}

}  // namespace

void testMovesAndMemory() {
  moves();
  widths();
  spaces();
  atomics();
  hints();
}

void testMemoryFaults() {
  bounds();
  alignment();
  lifetimes();
  initialisation();
}

}  // namespace tests
