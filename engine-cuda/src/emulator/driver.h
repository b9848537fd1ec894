// SPDX-License-Identifier: Apache-2.0

// The state of the emulated driver, shared by the files that implement its entry points. What is
// queued on a stream runs when something waits for it, so that nothing can come to depend on luck.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine.h"
#include "text.h"

#define API extern "C" __attribute__((visibility("default"))) int

namespace driver {

using emulator::text;

using DevicePointer = unsigned long long;

enum Result : int {
#define CUDA_ERROR(name, value, text) name = value,
#include "driver_errors.h"
#undef CUDA_ERROR
};

// Makes the n-th event of its kind fail, and all that follow.
struct Injection {
  uint64_t at;
  uint64_t seen = 0;

  bool strikes() { return ++seen >= at; }
};

struct Settings {
  bool defer = true;       // stream work waits for a synchronising call
  int devices = 1;         // 0: cuInit finds no device
  int capability = 75;     // major * 10 + minor
  int version = 12060;     // of the driver; decides the newest PTX it takes
  std::map<std::string, Injection> failures;  // by the words of FAILURES
};

// Work is prepared when it is submitted, or when the graph that holds it is launched (what the host
// passes by value, and by pageable memory, is taken then), and runs later.
using Step = std::function<Result()>;
using Work = std::function<Step()>;

struct Graph {
  std::vector<Work> nodes;
};

struct Queued {
  uint64_t number;  // counts all submissions, so that streams can wait for each other
  Step step;
};

struct Stream {
  bool blocking = true;            // waits for the default stream, and that for this one
  std::deque<Queued> queue;
  std::unique_ptr<Graph> capture;  // set while it captures
  bool captureBroken = false;
  bool relaxed = false;            // the capture leaves other calls alone

  bool captures() const { return capture != nullptr; }
};

struct Event {
  bool timed = true;
  bool recorded = false;
  bool captured = false;
  bool done = true;
  int64_t nanoseconds = 0;   // when it was passed
  Stream* stream = nullptr;  // where it was recorded, as which submission
  uint64_t number = 0;
};

struct Program;

struct Function {
  Program* program;
  const emulator::Kernel* kernel;
  size_t dynamicShared = 48 * 1024;  // most that a launch may ask for
};

struct Program {
  std::shared_ptr<emulator::Module> module;
  std::map<std::string, Function> functions;
};

template <class T>
class Handles {
 public:
  T* add(std::unique_ptr<T> one) {
    T* handle = one.get();
    all_.emplace(handle, std::move(one));
    return handle;
  }
  T* find(void* handle) const {
    auto at = all_.find(handle);
    return at == all_.end() ? nullptr : at->second.get();
  }
  bool remove(void* handle) { return all_.erase(handle) == 1; }
  const std::map<void*, std::unique_ptr<T>>& all() const { return all_; }

 private:
  std::map<void*, std::unique_ptr<T>> all_;
};

struct HostRange {
  size_t bytes;
  bool registered;  // by cuMemHostRegister: not ours to free
};

// The primary context. A new one has a new handle, so that old handles are told.
struct Context {
  void* handle;
  int users = 0;
  Result error = SUCCESS;  // the first asynchronous failure; every later call returns it
  Stream defaultStream;
  Handles<Stream> streams;
  Handles<Event> events;
  Handles<Program> programs;
  Handles<Graph> graphs;
  Handles<std::shared_ptr<const Graph>> executables;
  std::set<void*> functions;
  std::map<uintptr_t, HostRange> pinned;
};

struct Tally {
  uint64_t allocations = 0, launches = 0, graphLaunches = 0, kernels = 0, copiesIn = 0, bytesIn = 0,
           copiesOut = 0, bytesOut = 0, waits = 0;
};

struct Driver {
  std::mutex lock;
  bool initialised = false;
  Settings settings;
  Tally tally;
  std::unique_ptr<Context> context;
  uint64_t submissions = 0;
  std::vector<std::string> reports;
};

// Never destroyed: host threads may outlive static destruction.
Driver& driver();

// One problem, one line.
void report(const std::string& line);
Result refuse(Result result, const std::string& line);
bool strikes(const char* failure);
int unsupported(const char* entryPoint);

// What an entry point needs before its own code.
enum class Needs {
  Nothing,
  Init,     // cuInit
  Context,  // a current context without an error
  Cleanup   // a current context; works on a broken one as well, and returns its error
};
int enter(Needs needs, const std::function<Result()>& body);

// ---- streams (driver_stream.cpp)

// Null if there is no such stream; 0, 1 and 2 are the names of the default stream.
Stream* streamOf(void* handle);
Result submit(void* stream, const Work& work);
Result enqueue(Stream& stream, const Step& step);
// Runs what is queued; the error of the context is the result.
Result drain(Stream& stream);
Result drainAll();
// For what must not happen while a stream captures: it spoils the capture.
Result refuseInCapture(const char* what);
Result spoilCapture(Stream& stream, const char* what);

// ---- memory (driver_memory.cpp)
// As floats NaN, as integers -1: what the host finds where no result is.
constexpr int POISON = 0xff;
bool isPinned(const void* host, size_t bytes);
bool readHost(void* to, const void* from, size_t bytes);

// ---- pinned memory that a copy will write (driver_guard.cpp)
struct Target;
void* allocatePinned(size_t bytes);  // zeros; null: not enough memory
void releasePinned(void* start, size_t bytes);
// From here on accesses of the host are noted, until openTarget reports them.
std::shared_ptr<Target> closeTarget(const char* entryPoint, void* start, size_t bytes);
void openTarget(Target& target);
// Whether a copy will write to any of these bytes.
bool isTarget(const void* start, size_t bytes);

// ---- device and contexts (driver_device.cpp)
// By the numbers of CUdevice_attribute; -1: not known here.
int attribute(int which);
bool hasCurrent();
bool isCurrent();  // and not of the past

// ---- what Java asks for (driver.cpp)
// Empty, or what is wrong. Names that are not given take their defaults.
std::string configure(const std::string& settings);
std::vector<std::string> takeReports();
std::vector<std::string> counters();

}  // namespace driver
