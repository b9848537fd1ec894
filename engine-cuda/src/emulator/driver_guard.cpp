// SPDX-License-Identifier: Apache-2.0

// Pinned host memory that tells when the host is too early. While a copy into it waits, its pages
// are closed: the first access to a page comes here as a signal, is noted, and goes on with the page
// open. Signals about any other address go to who handled them before: the JVM lives on them.

#include <atomic>
#include <csignal>
#include <cstring>
#include <sys/mman.h>
#include <ucontext.h>

#include "driver.h"

namespace driver {

namespace {

constexpr size_t PAGE = 4096;
constexpr int MOST_BLOCKS = 64;  // pinned allocations; further ones are never closed
constexpr int MOST_TOUCHES = 256;
constexpr uintptr_t WRITE = uintptr_t{1} << 63;
constexpr int WRITE_FAULT = 2;  // a bit of the processor's error code

// What the handler may use: it must not lock or allocate.
struct Block {
  std::atomic<uintptr_t> start{0};
  std::atomic<uintptr_t> end{0};
};
Block blocks[MOST_BLOCKS];
std::atomic<uintptr_t> touches[MOST_TOUCHES];
std::atomic<unsigned> touched{0};
struct sigaction previous;

uintptr_t numberOf(const void* address) { return reinterpret_cast<uintptr_t>(address); }
uintptr_t pageOf(uintptr_t at) { return at / PAGE * PAGE; }
size_t pagesOf(size_t bytes) { return (bytes + PAGE - 1) / PAGE * PAGE; }

bool inBlock(uintptr_t at) {
  for (const Block& block : blocks) {
    if (at >= block.start && at < block.end) return true;
  }
  return false;
}

void allow(uintptr_t at, size_t bytes, int access) {
  mprotect(reinterpret_cast<void*>(pageOf(at)), at + bytes - pageOf(at), access);
}

void passOn(int signal, siginfo_t* info, void* context) {
  if (previous.sa_flags & SA_SIGINFO) return previous.sa_sigaction(signal, info, context);
  sigaction(signal, &previous, nullptr);  // the default strikes when the access is repeated
}

// Another thread may have opened the page since: then this access just goes on.
void onFault(int signal, siginfo_t* info, void* context) {
  uintptr_t at = numberOf(info->si_addr);
  if (!inBlock(at)) return passOn(signal, info, context);
  bool write = static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_ERR] & WRITE_FAULT;
  unsigned slot = touched++;
  if (slot < MOST_TOUCHES) touches[slot] = at | (write ? WRITE : 0);
  allow(at, 1, PROT_READ | PROT_WRITE);
}

void listen() {
  static bool listening = false;
  if (std::exchange(listening, true)) return;
  sigaction(SIGSEGV, nullptr, &previous);
  struct sigaction ours = {};
  ours.sa_sigaction = onFault;
  ours.sa_mask = previous.sa_mask;
  ours.sa_flags = SA_SIGINFO | SA_RESTART | (previous.sa_flags & SA_ONSTACK);
  sigaction(SIGSEGV, &ours, nullptr);
}

}  // namespace

struct Target {
  const char* entryPoint;
  void* start;
  size_t bytes;
  bool alone;  // no earlier copy will write there too
  bool told = false;

  uintptr_t begin() const { return numberOf(start); }
  void tell(const char* what) {
    if (std::exchange(told, true)) return;
    report(text("%s: the host %s the target before the copy of %llu bytes ran", entryPoint, what,
                bytes));
  }
};

namespace {

// Those whose copies wait, in the order of the copies.
std::vector<std::weak_ptr<Target>>& waiting() {
  static auto* all = new std::vector<std::weak_ptr<Target>>();
  return *all;
}

void judge(uintptr_t touch) {
  uintptr_t at = touch & ~WRITE;
  for (const auto& one : waiting()) {
    auto target = one.lock();
    if (target != nullptr && at - target->begin() < target->bytes) {
      target->tell(touch & WRITE ? "wrote to" : "read");
    }
  }
}

void judgeTouches() {
  for (std::atomic<uintptr_t>& touch : touches) {
    if (uintptr_t at = touch.exchange(0)) judge(at);
  }
  touched = 0;
}

void forget(const Target* target) {
  auto& all = waiting();
  for (size_t i = all.size(); i-- > 0;) {
    auto one = all[i].lock();
    if (one == nullptr || one.get() == target) all.erase(all.begin() + static_cast<long>(i));
  }
}

}  // namespace

void* allocatePinned(size_t bytes) {
  void* made = mmap(nullptr, pagesOf(bytes), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (made == MAP_FAILED) return nullptr;
  for (Block& block : blocks) {
    if (block.start != 0) continue;
    block.start = numberOf(made);
    block.end = block.start + pagesOf(bytes);
    break;
  }
  return made;
}

void releasePinned(void* start, size_t bytes) {
  for (Block& block : blocks) {
    if (block.start != numberOf(start)) continue;
    block.end = 0;
    block.start = 0;
  }
  munmap(start, pagesOf(bytes));
}

// Closed or not, the host that is too early finds NaN, or -1.
std::shared_ptr<Target> closeTarget(const char* entryPoint, void* start, size_t bytes) {
  judgeTouches();
  auto target = std::make_shared<Target>(Target{entryPoint, start, bytes, !isTarget(start, bytes)});
  waiting().push_back(target);
  bool ours = inBlock(target->begin());
  if (ours) allow(target->begin(), bytes, PROT_READ | PROT_WRITE);
  std::memset(start, POISON, bytes);
  if (ours) {
    listen();
    allow(target->begin(), bytes, PROT_NONE);
  }
  return target;
}

void openTarget(Target& target) {
  if (inBlock(target.begin())) allow(target.begin(), target.bytes, PROT_READ | PROT_WRITE);
  judgeTouches();
  forget(&target);
  auto content = static_cast<const uint8_t*>(target.start);
  for (size_t i = 0; target.alone && i < target.bytes; i++) {
    if (content[i] != POISON) return target.tell("wrote to");
  }
}

bool isTarget(const void* start, size_t bytes) {
  for (const auto& one : waiting()) {
    auto target = one.lock();
    bool apart = target == nullptr || target->begin() >= numberOf(start) + bytes ||
                 numberOf(start) >= target->begin() + target->bytes;
    if (!apart) return true;
  }
  return false;
}

}  // namespace driver
