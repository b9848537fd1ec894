// SPDX-License-Identifier: Apache-2.0

// A launch: its blocks, in order or shuffled, over the host threads of a pool that stays.

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <numeric>
#include <thread>

#include <xmmintrin.h>

#include "floats.h"
#include "races.h"
#include "text.h"
#include "warp.h"

namespace emulator {

namespace {

constexpr u64 LARGEST_SHARED = 1u << 20;
// Below so many warp instructions in the rest of the blocks, one thread is faster than two.
constexpr u64 WORTH_SHARING = 20000;

// Round to nearest, subnormals kept, no traps: whatever the thread had before.
class PlainFloats {
 public:
  PlainFloats() : before(_mm_getcsr()) { _mm_setcsr(0x1f80); }
  ~PlainFloats() { _mm_setcsr(before); }

 private:
  unsigned before;
};

struct Job {
  LaunchState state;
  std::vector<u64> order;  // empty: ascending
  u64 blocks = 0;
  std::atomic<u64> next{0};
  std::atomic<u64> end{0};     // no block from here on is started
  std::mutex lock;
  Fault fault{};
  u64 faultAt = ~0ull;         // place in the order
  Counters sum;
  std::vector<u64> hits;

  void report(u64 place, const Fault& what) {
    std::lock_guard<std::mutex> hold(lock);
    if (place >= faultAt) return;
    faultAt = place;
    fault = what;
    end = std::min(end.load(), place);
  }
};

void addTo(Counters& sum, const Counters& c) {
  sum.launches += c.launches;
  sum.instructions += c.instructions;
  sum.laneInstructions += c.laneInstructions;
  sum.globalLoads += c.globalLoads;
  sum.globalStores += c.globalStores;
  sum.globalTransactions += c.globalTransactions;
  sum.sharedAccesses += c.sharedAccesses;
  sum.bankConflicts += c.bankConflicts;
  sum.divergentBranches += c.divergentBranches;
}

void collect(Job& job, const Worker& worker) {
  std::lock_guard<std::mutex> hold(job.lock);
  addTo(job.sum, worker.counters);
  for (size_t i = 0; i < worker.hits.size(); i++) job.hits[i] += worker.hits[i];
}

// Never destroyed: its threads wait when the process ends.
class Pool {
 public:
  static Pool& get() {
    static Pool* one = new Pool();
    return *one;
  }

  void run(Job& job, int threads) {
    Worker& mine = workerOf(0);
    prepare(mine, job.state);
    bool shared = threads <= 1 || job.blocks < 2;
    for (u64 done = 0; runNext(job, mine); done++) {
      if (!shared && mine.counters.instructions / (done + 1) * (job.blocks - done - 1) > WORTH_SHARING) {
        shared = true;
        job.state.parallel = true;
        offer(job, threads - 1);
      }
    }
    collect(job, mine);
    withdraw();
  }

  void forgetCells() {
    for (auto& worker : workers) worker->sharedCells.assign(worker->sharedCells.size(), Cell{0, 0});
  }

 private:
  std::mutex lock;
  std::condition_variable wake, idle;
  std::vector<std::unique_ptr<Worker>> workers;
  Job* offered = nullptr;
  u64 offers = 0;
  int active = 0;
  int started = 0;

  Worker& workerOf(size_t index) {
    while (workers.size() <= index) workers.push_back(std::make_unique<Worker>());
    return *workers[index];
  }

  static bool runNext(Job& job, Worker& worker) {
    u64 place = job.next++;
    if (place >= job.end) return false;
    try {
      runBlock(worker, job.order.empty() ? place : job.order[place]);
    } catch (const Stop& stopped) {
      job.report(place, stopped.fault);
    }
    return true;
  }

  void offer(Job& job, int helpers) {
    std::lock_guard<std::mutex> hold(lock);
    while (started < helpers) {
      Worker* worker = &workerOf(static_cast<size_t>(++started));
      std::thread([this, worker] { help(*worker); }).detach();
    }
    offered = &job;
    offers++;
    wake.notify_all();
  }

  void withdraw() {
    std::unique_lock<std::mutex> hold(lock);
    offered = nullptr;
    idle.wait(hold, [this] { return active == 0; });
  }

  void help(Worker& worker) {
    PlainFloats plain;
    u64 seen = 0;
    std::unique_lock<std::mutex> hold(lock);
    for (;;) {
      wake.wait(hold, [&] { return offered != nullptr && offers != seen; });
      seen = offers;
      Job& job = *offered;
      active++;
      hold.unlock();
      prepare(worker, job.state);
      while (runNext(job, worker)) {
      }
      collect(job, worker);
      hold.lock();
      if (--active == 0) idle.notify_all();
    }
  }
};

std::mutex& launchLock() {
  static auto* lock = new std::mutex();
  return *lock;
}

// Stamps have few bits for launches; when they are used up, all cells are forgotten.
u64 nextLaunchNumber() {
  static u64 number = 0;
  if (++number == stamp::LAUNCHES) {
    clearCells();
    Pool::get().forgetCells();
    number = 1;
  }
  return number;
}

std::string invalid(const Program& program, const Launch& launch, size_t argumentBytes) {
  const unsigned* b = launch.block;
  const unsigned* g = launch.grid;
  u64 threads = static_cast<u64>(b[0]) * b[1] * b[2];
  std::string name = "kernel " + program.kernel.name + ": ";
  if (threads == 0 || static_cast<u64>(g[0]) * g[1] * g[2] == 0) return name + "an empty launch";
  if (threads > 1024 || threads > static_cast<u64>(program.kernel.maxThreads)) {
    return name + text("%llu threads in a block, at most %d", threads, std::min(1024, program.kernel.maxThreads));
  }
  if (argumentBytes < program.parameterBytes) {
    return name + text("%zu bytes of arguments, %zu are declared", argumentBytes, program.parameterBytes);
  }
  if (program.kernel.staticShared + launch.dynamicShared > LARGEST_SHARED) {
    return name + "too much shared memory";
  }
  return "";
}

void describe(Job& job, const Program& program, const Launch& launch, const u8* parameters) {
  const Options& o = options();
  LaunchState& s = job.state;
  s.program = &program;
  s.launch = launch;
  s.parameters = parameters;
  s.threads = launch.block[0] * launch.block[1] * launch.block[2];
  s.sharedBytes = program.kernel.staticShared + launch.dynamicShared;
  s.number = nextLaunchNumber();
  s.checks = o.checks;
  s.judgeUnwritten = o.checks && !marksLost;
  s.parallel = false;
  s.counting = o.counters;
  s.coverage = o.coverage;
  s.seed = o.seed == 0 ? 0 : o.seed + s.number * 0x2545f4914f6cdd1dull;
  s.limit = o.instructionLimit;
  job.blocks = static_cast<u64>(launch.grid[0]) * launch.grid[1] * launch.grid[2];
  job.end = job.blocks;
  job.hits.assign(o.coverage ? program.code.size() : 0, 0);
  if (s.seed != 0) {
    job.order.resize(job.blocks);
    std::iota(job.order.begin(), job.order.end(), u64{0});
    Random(s.seed).shuffle(job.order);
  }
}

}  // namespace

std::vector<Fault> run(const Module& module, const Kernel& kernel, const Launch& launch,
                       const std::vector<uint8_t>& arguments) {
  Program* program = programOf(module, kernel.name);
  std::string problem = program == nullptr ? "no kernel " + kernel.name
                                           : invalid(*program, launch, arguments.size());
  if (!problem.empty()) return {{Fault::OutOfBounds, problem}};
  std::lock_guard<std::mutex> hold(launchLock());
  PlainFloats plain;
  approximationSeed = options().seed;
  if (!options().checks) marksLost = true;
  int threads = options().threads > 0 ? options().threads
                                      : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  Job job;
  describe(job, *program, launch, arguments.data());
  Pool::get().run(job, threads);
  job.sum.launches = 1;
  addTo(*program->counters, job.sum);
  for (size_t i = 0; i < job.hits.size(); i++) program->coverage->hits[i] += job.hits[i];
  if (job.faultAt == ~0ull) return {};
  return {job.fault};
}

}  // namespace emulator
