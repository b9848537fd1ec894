// SPDX-License-Identifier: Apache-2.0

// What the tests of the machine share: small kernels from PTX text, launches, and counted failures.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "engine.h"

namespace tests {

// Counts and prints a failure.
void check(bool holds, const std::string& what);
int failures();

// Device memory of a test; words as they lie there.
class Buffer {
 public:
  explicit Buffer(size_t bytes, const std::string& label = "");  // never written
  explicit Buffer(const std::vector<uint32_t>& words);
  ~Buffer();
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  uint64_t address;
  size_t bytes;

  std::vector<uint32_t> words() const;  // fails the test when some were never written
};

// The packed arguments of a launch.
class Arguments {
 public:
  template <class T>
  Arguments& add(T value) {
    bytes.resize((bytes.size() + sizeof(T) - 1) / sizeof(T) * sizeof(T));
    size_t at = bytes.size();
    bytes.resize(at + sizeof(T));
    std::memcpy(&bytes[at], &value, sizeof(T));
    return *this;
  }
  Arguments& add(const Buffer& buffer) { return add(buffer.address); }
  std::vector<uint8_t> bytes;
};

// Adds version, target and address size, and fails the test when the module is refused.
std::shared_ptr<emulator::Module> load(const std::string& kernels);
// Why a module is refused; "" when it is not.
std::string refusal(const std::string& kernels);

struct Shape {
  unsigned blocks = 1;
  unsigned threads = 32;
  size_t dynamicShared = 0;
};
// Launches the only kernel.
std::vector<emulator::Fault> launch(const emulator::Module& module, const Arguments& arguments,
                                    Shape shape = {});
// A kernel k(p0, p1, p2, p3) of 64-bit parameters loaded into %in0.. (global addresses), with
// %tid, %lane offsets %o4 = 4 tid and %o8 = 8 tid, and registers to use.
std::string kernel(const std::string& body, const std::string& declarations = "");

std::string name(emulator::Fault::Kind kind);

void testIntegers();
void testBits();
void testFloats();
void testApproximations();
void testConversions();
void testMovesAndMemory();
void testWarps();
void testMemoryFaults();
void testRaces();
void testBarriers();
void testModules();
void testCounters();
void testOrders();

}  // namespace tests
