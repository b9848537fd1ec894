// SPDX-License-Identifier: Apache-2.0

// Device memory is host memory at the same addresses, in one reserved span; two shadows of the span
// tell which bytes were written, and who touched a word last.
#pragma once

#include <atomic>
#include <cstring>
#include <string>

#include "program.h"

namespace emulator {

// Who accessed a 32-bit word last, as stamps (races.h).
struct Cell {
  u64 write;
  u64 read;
};

struct Allocation {
  u64 base;
  u64 size;
  std::string label;
  bool module;  // belongs to a module, no leak of the context
  std::atomic<bool> freed{false};

  bool holds(u64 address, u64 bytes) const {
    return address >= base && bytes <= size && address - base <= size - bytes && !freed;
  }
};

// The span: address, and its shadows. A byte of `written` has a bit for each byte of a word.
struct Span {
  u64 base = 0;
  u64 bytes = 0;
  u8* written = nullptr;
  Cell* cells = nullptr;

  u8* writtenOf(u64 address) const { return written + (address - base) / 4; }
  Cell* cellOf(u64 address) const { return cells + (address - base) / 4; }
};
extern Span span;

// Set when kernels have run unchecked: the marks are then incomplete, and reads are not judged.
extern std::atomic<bool> marksLost;

u64 allocateFor(size_t bytes, const std::string& label, bool module);
// The allocation that starts at or before the address, live or freed; null: none.
const Allocation* nearestAllocation(u64 address);
// One sentence on why the bytes are not accessible.
std::string describeBad(u64 address, u64 bytes);
// Forgets who accessed what, when launch numbers start again.
void clearCells();

inline u8 byteBits(u64 address, unsigned bytes) {
  return static_cast<u8>(((1u << bytes) - 1) << (address & 3));
}

// Of an aligned access of 1, 2, 4, 8 or 16 bytes.
inline bool allWritten(const u8* marks, u64 address, unsigned bytes) {
  u32 all;
  switch (bytes) {
    case 4: return *marks == 0xf;
    case 8: return marks[0] == 0xf && marks[1] == 0xf;
    case 16: std::memcpy(&all, marks, 4); return all == 0x0f0f0f0f;
    default: return (*marks & byteBits(address, bytes)) == byteBits(address, bytes);
  }
}

inline void markWritten(u8* marks, u64 address, unsigned bytes) {
  if (bytes < 4) {
    __atomic_fetch_or(marks, byteBits(address, bytes), __ATOMIC_RELAXED);
    return;
  }
  for (unsigned word = 0; word < bytes / 4; word++) marks[word] = 0xf;
}

}  // namespace emulator
