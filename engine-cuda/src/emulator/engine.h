// SPDX-License-Identifier: Apache-2.0

// The machine behind the emulated driver: device memory that knows what was written, and an
// interpreter of PTX that checks every access. The driver API (driver*.cpp) stands on this header
// alone. Nothing here throws across it; what a kernel does wrong comes back as a Fault.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace emulator {

// What can be set from outside, by name=value.
struct Options {
  bool checks = true;        // shadow memory: bounds, alignment, uninitialised, races, barriers
  uint64_t seed = 0;         // order of blocks and warps; 0: ascending
  int threads = 0;           // host threads that run blocks; 0: all processors
  bool coverage = false;     // count executed instructions by kernel and PTX line
  bool counters = true;      // transactions and bank conflicts too (with checks only)
  uint64_t instructionLimit = 1000000000;  // warp instructions of one block; beyond: TimedOut
  int isa = 90;              // newest PTX version taken, times 10
  int computeCapability = 75;              // newest target taken
};
Options& options();

// What a launch or a copy did wrong.
struct Fault {
  enum Kind {
    OutOfBounds, Misaligned, UseAfterFree, Uninitialised, SharedRace, GlobalRace,
    DivergentBarrier, Trap, TimedOut
  };
  Kind kind;
  std::string message;       // one line: kernel, PTX line, block, thread, address, what
};

// ---- memory: addresses are those kernels see; a freed range stays known, so that its use is told

uint64_t allocate(size_t bytes, const std::string& label);   // 0: not enough
bool release(uint64_t address, std::string* problem);        // false: not a live allocation (double free, ...)
bool isLive(uint64_t address, size_t bytes, std::string* problem);
bool copyIn(uint64_t to, const void* from, size_t bytes, std::string* problem);   // marks as written
bool copyOut(void* to, uint64_t from, size_t bytes, std::string* problem);        // uninitialised is a problem (checks on)
bool copyWithin(uint64_t to, uint64_t from, size_t bytes, std::string* problem);  // carries the marks
bool fill32(uint64_t to, uint32_t value, size_t count, std::string* problem);
size_t liveBytes();
size_t capacity();
void setCapacity(size_t bytes);
std::vector<std::string> liveAllocations();                  // for the report of leaks: label, address, bytes
void releaseAll();                                           // context end

// ---- modules

struct Parameter { std::string type; size_t size; size_t offset; };   // type as in PTX: "u64", "f32", "u32", "b8[16]"
struct Kernel {
  std::string name;
  std::vector<Parameter> parameters;
  int maxThreads = 1024;     // .maxntid, or 1024
  size_t staticShared = 0;
  int registers = 0;         // declared virtual registers: an upper estimate only
};
struct Module;                                               // opaque
// null: refused; error says why with the PTX line (unknown instruction by name, bad version, syntax).
std::shared_ptr<Module> parse(const std::string& ptx, std::string* error);
const Kernel* find(const Module& module, const std::string& name);
std::vector<std::string> kernels(const Module& module);

// ---- running

struct Launch { unsigned grid[3]; unsigned block[3]; size_t dynamicShared; };
// arguments: the packed .param block as the driver builds it from kernelParams. Runs to the end.
// Empty: fine. The first fault ends the launch; others of the same kind are not reported again.
std::vector<Fault> run(const Module& module, const Kernel& kernel, const Launch& launch,
                       const std::vector<uint8_t>& arguments);

struct Counters {            // of one kernel since the last reset
  uint64_t launches = 0, instructions = 0 /* warp */, laneInstructions = 0;
  uint64_t globalLoads = 0, globalStores = 0 /* lane bytes */, globalTransactions = 0 /* 32-byte sectors */;
  uint64_t sharedAccesses = 0 /* warp */, bankConflicts = 0 /* extra wavefronts */;
  uint64_t divergentBranches = 0;
};
std::map<std::string, Counters> counters();
std::string coverage();      // per kernel: PTX lines never executed, opcodes never executed
void resetCounters();

}  // namespace emulator
