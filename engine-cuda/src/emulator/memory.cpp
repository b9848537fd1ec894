// SPDX-License-Identifier: Apache-2.0

#include "memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>
#include <shared_mutex>

#include "text.h"

namespace emulator {

Span span;
std::atomic<bool> marksLost{false};

Options& options() {
  static Options* all = new Options();
  return *all;
}

namespace {

constexpr u64 LARGEST_SPAN = 1ull << 38;
constexpr u64 SMALLEST_SPAN = 1ull << 32;
constexpr u64 ALIGNMENT = 256;
constexpr u64 GAP = 256;
constexpr u64 PAGE = 4096;

struct Heap {
  std::shared_mutex lock;
  std::map<u64, Allocation> all;  // freed ones too: addresses are not used again
  u64 top = 0;
  u64 used = 0;
  u64 limit = 8ull << 30;
};

// Never destroyed: threads of the host may still run while the process ends.
Heap& heap() {
  static Heap* one = new Heap();
  return *one;
}

void* reserve(u64 bytes) {
  void* at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return at == MAP_FAILED ? nullptr : at;
}

bool reserveSpan() {
  for (u64 bytes = LARGEST_SPAN; bytes >= SMALLEST_SPAN; bytes /= 2) {
    void* base = reserve(bytes);
    void* written = reserve(bytes / 4);
    void* cells = reserve(bytes / 4 * sizeof(Cell));
    if (base != nullptr && written != nullptr && cells != nullptr) {
      span = {reinterpret_cast<u64>(base), bytes, static_cast<u8*>(written),
              static_cast<Cell*>(cells)};
      heap().top = span.base + GAP;
      return true;
    }
    if (base != nullptr) munmap(base, bytes);
    if (written != nullptr) munmap(written, bytes / 4);
    if (cells != nullptr) munmap(cells, bytes / 4 * sizeof(Cell));
  }
  return false;
}

u64 roundUp(u64 value, u64 unit) { return (value + unit - 1) / unit * unit; }

// Gives whole pages inside [from, to) back; they read as zero afterwards.
void drop(u64 from, u64 to) {
  from = roundUp(from, PAGE);
  to = to / PAGE * PAGE;
  if (from < to) madvise(reinterpret_cast<void*>(from), to - from, MADV_DONTNEED);
}

void retire(Heap& h, Allocation& a) {
  a.freed = true;
  h.used -= a.size;
  drop(a.base, a.base + a.size);
  drop(reinterpret_cast<u64>(span.writtenOf(a.base)),
       reinterpret_cast<u64>(span.writtenOf(a.base + a.size)));
  drop(reinterpret_cast<u64>(span.cellOf(a.base)),
       reinterpret_cast<u64>(span.cellOf(a.base + a.size)));
}

bool fail(std::string* problem, const std::string& text) {
  if (problem != nullptr) *problem = text;
  return false;
}

// The first byte that no one wrote; `to` when there is none.
u64 firstUnwritten(u64 from, u64 to) {
  for (u64 at = from; at < to;) {
    u8 marks = *span.writtenOf(at);
    if (marks == 0xf && at % 4 == 0 && to - at >= 4) {
      at += 4;
    } else if (marks >> (at & 3) & 1) {
      at++;
    } else {
      return at;
    }
  }
  return to;
}

void markRange(u64 from, u64 to) {
  for (; from < to && from % 4 != 0; from++) *span.writtenOf(from) |= byteBits(from, 1);
  u64 words = (to - from) / 4;
  std::memset(span.writtenOf(from), 0xf, words);
  for (from += words * 4; from < to; from++) *span.writtenOf(from) |= byteBits(from, 1);
}

void copyMarks(u64 to, u64 from, u64 bytes) {
  if (to % 4 == 0 && from % 4 == 0 && bytes % 4 == 0) {
    std::memmove(span.writtenOf(to), span.writtenOf(from), bytes / 4);
    return;
  }
  std::vector<bool> marks(bytes);
  for (u64 i = 0; i < bytes; i++) marks[i] = *span.writtenOf(from + i) >> ((from + i) & 3) & 1;
  for (u64 i = 0; i < bytes; i++) {
    u8& to8 = *span.writtenOf(to + i);
    u8 bit = byteBits(to + i, 1);
    to8 = static_cast<u8>(marks[i] ? to8 | bit : to8 & ~bit);
  }
}

}  // namespace

u64 allocateFor(size_t bytes, const std::string& label, bool module) {
  Heap& h = heap();
  std::unique_lock<std::shared_mutex> hold(h.lock);
  if (span.base == 0 && !reserveSpan()) return 0;
  if (bytes == 0 || bytes > h.limit - std::min(h.limit, h.used)) return 0;
  u64 next = roundUp(h.top + bytes + GAP, ALIGNMENT);
  if (next > span.base + span.bytes) return 0;
  u64 base = h.top;
  Allocation& a = h.all[base];
  a.base = base;
  a.size = bytes;
  a.label = label;
  a.module = module;
  h.top = next;
  h.used += bytes;
  return base;
}

uint64_t allocate(size_t bytes, const std::string& label) {
  return allocateFor(bytes, label, false);
}

const Allocation* nearestAllocation(u64 address) {
  Heap& h = heap();
  std::shared_lock<std::shared_mutex> hold(h.lock);
  auto after = h.all.upper_bound(address);
  return after == h.all.begin() ? nullptr : &std::prev(after)->second;
}

std::string describeBad(u64 address, u64 bytes) {
  const Allocation* a = nearestAllocation(address);
  if (a == nullptr) return text("0x%llx is below every allocation", address);
  std::string which = text("allocation 0x%llx of %llu bytes", a->base, a->size);
  if (!a->label.empty()) which += " (" + a->label + ")";
  u64 offset = address - a->base;
  if (offset >= a->size) {
    return text("0x%llx is %llu bytes past the end of ", address, offset - a->size) + which;
  }
  if (a->freed) return text("0x%llx is %llu bytes into the freed ", address, offset) + which;
  if (bytes > a->size - offset) {
    return text("%llu bytes at 0x%llx end %llu bytes past the end of ", bytes, address,
                bytes - (a->size - offset)) + which;
  }
  return text("0x%llx is %llu bytes into ", address, offset) + which;
}

bool release(uint64_t address, std::string* problem) {
  Heap& h = heap();
  std::unique_lock<std::shared_mutex> hold(h.lock);
  auto at = h.all.find(address);
  if (at == h.all.end()) {
    return fail(problem, text("0x%llx is not the start of an allocation", address));
  }
  if (at->second.freed) {
    return fail(problem, text("allocation 0x%llx of %llu bytes was freed before", address,
                              at->second.size));
  }
  retire(h, at->second);
  return true;
}

bool isLive(uint64_t address, size_t bytes, std::string* problem) {
  const Allocation* a = nearestAllocation(address);
  if (a != nullptr && a->holds(address, bytes)) return true;
  return fail(problem, describeBad(address, bytes));
}

bool copyIn(uint64_t to, const void* from, size_t bytes, std::string* problem) {
  if (!isLive(to, bytes, problem)) return false;
  std::memcpy(reinterpret_cast<void*>(to), from, bytes);
  markRange(to, to + bytes);
  return true;
}

bool copyOut(void* to, uint64_t from, size_t bytes, std::string* problem) {
  if (!isLive(from, bytes, problem)) return false;
  if (options().checks && !marksLost) {
    u64 bad = firstUnwritten(from, from + bytes);
    if (bad < from + bytes) return fail(problem, "never written: " + describeBad(bad, 1));
  }
  std::memcpy(to, reinterpret_cast<const void*>(from), bytes);
  return true;
}

bool copyWithin(uint64_t to, uint64_t from, size_t bytes, std::string* problem) {
  if (!isLive(to, bytes, problem) || !isLive(from, bytes, problem)) return false;
  std::memmove(reinterpret_cast<void*>(to), reinterpret_cast<const void*>(from), bytes);
  copyMarks(to, from, bytes);
  return true;
}

bool fill32(uint64_t to, uint32_t value, size_t count, std::string* problem) {
  if (to % 4 != 0) return fail(problem, text("0x%llx is not a multiple of 4", to));
  if (!isLive(to, count * 4, problem)) return false;
  std::fill_n(reinterpret_cast<u32*>(to), count, value);
  markRange(to, to + count * 4);
  return true;
}

size_t liveBytes() {
  std::shared_lock<std::shared_mutex> hold(heap().lock);
  return heap().used;
}

size_t capacity() { return heap().limit; }

void setCapacity(size_t bytes) { heap().limit = bytes; }

std::vector<std::string> liveAllocations() {
  std::shared_lock<std::shared_mutex> hold(heap().lock);
  std::vector<std::string> lines;
  for (const auto& [base, a] : heap().all) {
    if (a.freed || a.module) continue;
    lines.push_back((a.label.empty() ? "" : a.label + ", ") +
                    text("0x%llx, %llu bytes", base, a.size));
  }
  return lines;
}

void releaseAll() {
  std::unique_lock<std::shared_mutex> hold(heap().lock);
  for (auto& [base, a] : heap().all) {
    if (!a.freed && !a.module) retire(heap(), a);
  }
  marksLost = false;  // what unchecked kernels wrote is gone
}

void clearCells() {
  Heap& h = heap();
  std::unique_lock<std::shared_mutex> hold(h.lock);
  if (span.base != 0) {
    madvise(span.cells, (h.top - span.base) / 4 * sizeof(Cell), MADV_DONTNEED);
  }
}

Module::~Module() {
  for (u64 variable : variables) release(variable, nullptr);
}

}  // namespace emulator
