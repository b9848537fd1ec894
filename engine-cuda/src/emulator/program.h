// SPDX-License-Identifier: Apache-2.0

// A parsed module: kernels as arrays of decoded instructions. Operands are byte offsets into the
// register file of a warp, where a register is 32 lanes next to each other; constants and special
// registers are registers that are filled before a block starts.
#pragma once

#include <climits>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine.h"

namespace emulator {

using u8 = uint8_t;
using u16 = uint16_t;
using u32 = uint32_t;
using u64 = uint64_t;
using s8 = int8_t;
using s16 = int16_t;
using s32 = int32_t;
using s64 = int64_t;

constexpr int LANES = 32;
constexpr u32 ALL_LANES = 0xffffffffu;

// Where generic addresses of shared and local memory lie; far from any address of the host.
constexpr u64 SHARED_WINDOW = 1ull << 44;
constexpr u64 LOCAL_WINDOW = SHARED_WINDOW + (1ull << 32);
constexpr u64 WINDOW_BYTES = 1ull << 32;

struct Warp;
struct Inst;
struct Allocation;
using Handler = void (*)(Warp&, const Inst&);

enum class Space : u8 { Generic, Global, Shared, Local, Param };

// Plain instructions change lanes only; the others are steps of the scheduler.
enum class Kind : u8 { Plain, Branch, BranchTable, Barrier, WarpBarrier, Collective, Exit, Trap };

struct Inst {
  Handler run = nullptr;
  u32 d = 0, a = 0, b = 0, c = 0, e = 0;  // operands; e: member mask of warp instructions
  u32 guard = 0;                          // predicate, 0: none
  s64 imm = 0;                            // address offset, immediate table
  u32 v[4] = {0, 0, 0, 0};                // vector operands; v[0]: second destination
  int target = 0;                         // of a branch; index of a table
  u32 memory = 0;                         // its own index, for what is remembered of its accesses
  Kind kind = Kind::Plain;
  Space space = Space::Generic;
  bool guardNegated = false;
  bool wideAddress = true;
  bool unordered = false;                 // volatile or relaxed access: never a data race
  u8 mode = 0;                            // what the handler makes of it
  u8 vector = 1;
};

// What a report says of an instruction.
struct SourceLine {
  int line;
  std::string opcode;
  std::string text;
};

enum class Special : u8 {
  TidX, TidY, TidZ, NtidX, NtidY, NtidZ, CtaidX, CtaidY, CtaidZ, NctaidX, NctaidY, NctaidZ,
  LaneId, WarpId, NwarpId, LaneMaskEq, LaneMaskLt, LaneMaskLe, LaneMaskGt, LaneMaskGe,
  Clock, Clock64
};

struct Constant {
  u32 offset;
  bool wide;
  u64 value;
};

struct Coverage {
  std::vector<SourceLine> lines;
  std::vector<u64> hits;
};

struct Program {
  Kernel kernel;
  std::vector<Inst> code;
  std::vector<int> runEnd;               // per instruction: the next one that is not Plain
  std::vector<std::vector<int>> tables;  // of brx.idx
  std::shared_ptr<Coverage> coverage;
  std::vector<Constant> constants;
  std::map<Special, u32> specials;
  u32 registerBytes = 0;
  u32 localBytes = 0;
  size_t parameterBytes = 0;
  Counters* counters = nullptr;

  const SourceLine& source(const Inst& inst) const { return coverage->lines[&inst - code.data()]; }
};

struct Module {
  std::map<std::string, std::unique_ptr<Program>> programs;
  std::vector<u64> variables;  // allocations of .global and .const
  ~Module();
};

// Of a kernel's name; stays valid.
Counters* countersOf(const std::string& kernel);
// Merges equal kernels of several loads of a module; the lines are those of the program.
std::shared_ptr<Coverage> coverageOf(const std::string& kernel, std::vector<SourceLine> lines);
Program* programOf(const Module& module, const std::string& name);

}  // namespace emulator
