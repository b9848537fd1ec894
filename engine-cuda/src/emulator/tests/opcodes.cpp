// SPDX-License-Identifier: Apache-2.0

#include "opcodes.h"

#include <cstdio>

#include "testing.h"

namespace tests {

const Values INTS16 = {0, 1, 2, 7, 0x7f, 0x80, 0xff, 0x1234, 0x7fff, 0x8000, 0x8001, 0xfffe, 0xffff};
const Values INTS32 = {0, 1, 2, 3, 31, 32, 33, 0xff, 0x1234567, 0x7fffffff, 0x80000000, 0x80000001,
                       0xdeadbeef, 0xfffffffe, 0xffffffff};
const Values INTS64 = {0, 1, 3, 63, 64, 0xffffffff, 0x100000000, 0x123456789abcdef,
                       0x7fffffffffffffff, 0x8000000000000000, 0x8000000000000001,
                       0xfffffffffffffffe, 0xffffffffffffffff};
// Zeros, subnormals, ones and neighbours, halves, large, infinities, NaNs of both signs.
const Values FLOATS = {0,          0x80000000, 1,          0x80000001, 0x007fffff, 0x00800000, 0x3f800000,
                       0xbf800000, 0x3f800001, 0x3f7fffff, 0x40490fdb, 0xc0200000, 0x33800000, 0x4b000001,
                       0x5f000000, 0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc12345};
const Values DOUBLES = {0, 0x8000000000000000, 1, 0x000fffffffffffff, 0x0010000000000000,
                        0x3ff0000000000000, 0xbff0000000000001, 0x3fe0000000000000,
                        0x400921fb54442d18, 0x43e0000000000000, 0x7fefffffffffffff,
                        0x7ff0000000000000, 0xfff0000000000000};

float asFloat(Bits bits) {
  uint32_t low = static_cast<uint32_t>(bits);
  float value;
  std::memcpy(&value, &low, 4);
  return value;
}
double asDouble(Bits bits) {
  double value;
  std::memcpy(&value, &bits, 8);
  return value;
}
Bits bitsOf(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, 4);
  return bits;
}
Bits bitsOf(double value) {
  Bits bits;
  std::memcpy(&bits, &value, 8);
  return bits;
}
Bits resultOf(float value) { return value != value ? 0x7fffffff : bitsOf(value); }

namespace {

constexpr Bits KEPT = 0x5a;

std::string registerOf(char kind, int index) {
  std::string prefix = kind == 'h' ? "%h" : kind == 'r' ? "%r" : kind == 'd' ? "%rd"
                     : kind == 'f' ? "%f" : kind == 'g' ? "%fd" : "%p";
  return prefix + std::to_string(index);
}

std::string typeOf(char kind) {
  return kind == 'h' ? "b16" : kind == 'r' ? "b32" : kind == 'f' ? "f32" : kind == 'g' ? "f64" : "b64";
}

std::string loadOperand(char kind, int index) {
  std::string at = "[%rd19+" + std::to_string(8 * index) + "];\n";
  if (kind != 'p') return "ld.global." + typeOf(kind) + " " + registerOf(kind, index + 1) + ", " + at;
  return "ld.global.b32 %r19, " + at + "setp.ne.s32 %p" + std::to_string(index + 1) + ", %r19, 0;\n";
}

std::string setKept(char kind) {
  if (kind == 'p') return "setp.ne.s32 %p6, 0, 0;\n";
  if (kind == 'f') return "mov.f32 %f6, 0f0000005A;\n";
  if (kind == 'g') return "mov.f64 %fd6, 0d000000000000005A;\n";
  return "mov." + typeOf(kind) + " " + registerOf(kind, 6) + ", 0x5A;\n";
}

std::string storeResult(char kind, int index, int offset) {
  std::string at = "[%rd18+" + std::to_string(offset) + "], ";
  if (kind != 'p') return "st.global." + typeOf(kind) + " " + at + registerOf(kind, index) + ";\n";
  return "selp.b32 %r18, 1, 0, %p" + std::to_string(index) + ";\nst.global.b32 " + at + "%r18;\n";
}

std::string kernelOf(const std::string& instruction, const std::string& registers, const std::string& tail) {
  std::string body = "mov.u64 %rd17, 0;\n mul.wide.u32 %rd17, %all, 32;\n add.u64 %rd19, %in0, %rd17;\n"
                     "mul.wide.u32 %rd17, %all, 16;\n add.u64 %rd18, %in1, %rd17;\n";
  std::string operands;
  for (size_t i = 1; i < registers.size(); i++) {
    int index = static_cast<int>(i);
    body += loadOperand(registers[i], index - 1);
    operands += ", " + registerOf(registers[i], index);
  }
  body += setKept(registers[0]);
  body += "and.b32 %r17, %tid, 1;\n setp.eq.s32 %p9, %r17, 1;\n";
  body += instruction + " " + registerOf(registers[0], 5) + operands + tail + ";\n";
  body += "@%p9 " + instruction + " " + registerOf(registers[0], 6) + operands + tail + ";\n";
  return body + storeResult(registers[0], 5, 0) + storeResult(registers[0], 6, 8);
}

Values valueOf(const std::vector<Values>& operands, size_t index) {
  Values chosen(4, 0);
  for (size_t i = 0; i < operands.size(); i++) {
    chosen[i] = operands[i][index % operands[i].size()];
    index /= operands[i].size();
  }
  return chosen;
}

std::string describe(const Values& v, Bits got, Bits want) {
  char line[200];
  std::snprintf(line, sizeof line, "(%llx, %llx, %llx, %llx) = %llx, expected %llx",
                (unsigned long long)v[0], (unsigned long long)v[1], (unsigned long long)v[2],
                (unsigned long long)v[3], (unsigned long long)got, (unsigned long long)want);
  return line;
}

}  // namespace

void opcode(const std::string& instruction, const std::string& registers,
            const std::vector<Values>& operands, const Expected& expected, const std::string& tail) {
  size_t count = 1;
  for (const Values& values : operands) count *= values.size();
  constexpr size_t THREADS = 72;  // two full warps and a quarter
  size_t blocks = (count + THREADS - 1) / THREADS;
  std::vector<uint32_t> input;
  for (size_t i = 0; i < blocks * THREADS; i++) {
    for (Bits bits : valueOf(operands, i % count)) {
      input.push_back(static_cast<uint32_t>(bits));
      input.push_back(static_cast<uint32_t>(bits >> 32));
    }
  }
  Buffer in(input), out(std::vector<uint32_t>(blocks * THREADS * 4));
  auto faults = launch(*load(kernel(kernelOf(instruction, registers, tail))),
                       Arguments().add(in).add(out), {static_cast<unsigned>(blocks), THREADS, 0});
  check(faults.empty(), instruction + ": " + (faults.empty() ? "" : faults[0].message));
  std::vector<uint32_t> words = out.words();
  for (size_t i = 0, shown = 0; i < count && shown < 3; i++) {
    Values v = valueOf(operands, i);
    Bits want = expected(v[0], v[1], v[2], v[3]);
    Bits got = words[4 * i] | static_cast<Bits>(words[4 * i + 1]) << 32;
    Bits guarded = words[4 * i + 2] | static_cast<Bits>(words[4 * i + 3]) << 32;
    Bits wantGuarded = i % THREADS % 2 == 1 ? want : registers[0] == 'p' ? 0 : KEPT;
    shown += got != want || guarded != wantGuarded;
    check(got == want, instruction + tail + describe(v, got, want));
    check(guarded == wantGuarded, "@p " + instruction + tail + describe(v, guarded, wantGuarded));
  }
}

}  // namespace tests
