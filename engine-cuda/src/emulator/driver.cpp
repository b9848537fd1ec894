// SPDX-License-Identifier: Apache-2.0

// What all entry points share, and those that need no context.

#include "driver.h"

#include <cstdlib>
#include <new>
#include <sstream>

namespace driver {

namespace {

constexpr size_t MOST_REPORTS = 1000;

const char* const FAILURES[] = {"alloc", "launch", "illegal", "lost", "graph"};

struct ErrorText {
  int value;
  const char* name;
  const char* text;
};

const ErrorText ERRORS[] = {
#define CUDA_ERROR(name, value, text) \
  {value, value == 0 ? "CUDA_" #name : "CUDA_ERROR_" #name, text},
#include "driver_errors.h"
#undef CUDA_ERROR
};

const ErrorText* errorOf(int result) {
  for (const ErrorText& one : ERRORS) {
    if (one.value == result) return &one;
  }
  return nullptr;
}

bool parseNumber(const std::string& text, uint64_t* value) {
  if (text.empty() || text[0] < '0' || text[0] > '9') return false;
  char* end = nullptr;
  *value = std::strtoull(text.c_str(), &end, 10);
  std::string unit = end;
  if (unit == "K") *value <<= 10;
  if (unit == "M") *value <<= 20;
  if (unit == "G") *value <<= 30;
  return unit.empty() || unit == "K" || unit == "M" || unit == "G";
}

bool parseSwitch(const std::string& text, bool* value) {
  *value = text == "on";
  return *value || text == "off";
}

// What configure() sets, before it is known to be right as a whole.
struct Wanted {
  Settings settings;
  emulator::Options options;
  uint64_t memory = 2ull << 30;
};

bool setFailure(Wanted& wanted, const std::string& value) {
  size_t colon = value.find(':');
  uint64_t at = 0;
  if (colon == std::string::npos || !parseNumber(value.substr(colon + 1), &at) || at == 0) {
    return false;
  }
  for (const char* failure : FAILURES) {
    if (value.substr(0, colon) == failure) {
      wanted.settings.failures[failure] = {at};
      return true;
    }
  }
  return false;
}

bool set(Wanted& wanted, const std::string& name, const std::string& value) {
  if (name == "checks") return parseSwitch(value, &wanted.options.checks);
  if (name == "coverage") return parseSwitch(value, &wanted.options.coverage);
  if (name == "defer") return parseSwitch(value, &wanted.settings.defer);
  if (name == "fail") return setFailure(wanted, value);
  uint64_t number = 0;
  if (!parseNumber(value, &number)) return false;
  if (name == "seed") {
    wanted.options.seed = number;
  } else if (name == "memory") {
    wanted.memory = number;
  } else if (name == "threads" && number <= 1024) {
    wanted.options.threads = static_cast<int>(number);
  } else if (name == "devices" && number <= 1) {
    wanted.settings.devices = static_cast<int>(number);
  } else if (name == "capability" && number >= 50 && number <= 120) {
    wanted.settings.capability = static_cast<int>(number);
  } else if (name == "driver" && number >= 11000 && number < 20000) {
    wanted.settings.version = static_cast<int>(number);
  } else {
    return false;
  }
  return true;
}

}  // namespace

Driver& driver() {
  static Driver* one = new Driver();
  return *one;
}

void report(const std::string& line) {
  std::vector<std::string>& reports = driver().reports;
  if (reports.size() < MOST_REPORTS) reports.push_back(line);
}

Result refuse(Result result, const std::string& line) {
  report(line);
  return result;
}

bool strikes(const char* failure) {
  auto at = driver().settings.failures.find(failure);
  return at != driver().settings.failures.end() && at->second.strikes();
}

int enter(Needs needs, const std::function<Result()>& body) {
  std::lock_guard<std::mutex> hold(driver().lock);
  try {
    if (needs == Needs::Nothing) return body();
    if (!driver().initialised) return NOT_INITIALIZED;
    if (needs == Needs::Init) return body();
    if (!hasCurrent()) return INVALID_CONTEXT;
    if (!isCurrent()) return CONTEXT_IS_DESTROYED;
    Result error = driver().context->error;
    if (needs == Needs::Context && error != SUCCESS) return error;
    Result result = body();
    return needs == Needs::Cleanup && error != SUCCESS ? error : result;
  } catch (const std::bad_alloc&) {
    return OUT_OF_MEMORY;
  }
}

std::string configure(const std::string& settings) {
  Wanted wanted;
  std::stringstream in(settings);
  for (std::string item; std::getline(in, item, ',');) {
    size_t equals = item.find('=');
    if (equals == std::string::npos ||
        !set(wanted, item.substr(0, equals), item.substr(equals + 1))) {
      return "the emulated driver has no setting '" + item + "'";
    }
  }
  std::lock_guard<std::mutex> hold(driver().lock);
  driver().settings = wanted.settings;
  driver().tally = {};
  emulator::options() = wanted.options;
  emulator::setCapacity(wanted.memory);
  emulator::resetCounters();
  return "";
}

std::vector<std::string> takeReports() {
  std::lock_guard<std::mutex> hold(driver().lock);
  return std::exchange(driver().reports, {});
}

std::vector<std::string> counters() {
  std::lock_guard<std::mutex> hold(driver().lock);
  const Tally& t = driver().tally;
  std::vector<std::string> lines;
  auto add = [&](const std::string& name, uint64_t value) {
    lines.push_back(name + "=" + std::to_string(value));
  };
  add("contexts", driver().context != nullptr);
  add("liveBytes", emulator::liveBytes());
  add("allocations", t.allocations);
  add("launches", t.launches);
  add("graphLaunches", t.graphLaunches);
  add("kernels", t.kernels);
  add("copiesIn", t.copiesIn);
  add("bytesIn", t.bytesIn);
  add("copiesOut", t.copiesOut);
  add("bytesOut", t.bytesOut);
  add("waits", t.waits);
  for (const auto& [kernel, c] : emulator::counters()) {
    if (c.launches == 0) continue;
    add(kernel + ".launches", c.launches);
    add(kernel + ".instructions", c.instructions);
    add(kernel + ".laneInstructions", c.laneInstructions);
    add(kernel + ".globalLoads", c.globalLoads);
    add(kernel + ".globalStores", c.globalStores);
    add(kernel + ".globalTransactions", c.globalTransactions);
    add(kernel + ".sharedAccesses", c.sharedAccesses);
    add(kernel + ".bankConflicts", c.bankConflicts);
    add(kernel + ".divergentBranches", c.divergentBranches);
  }
  return lines;
}

// Called by every stub.
int unsupported(const char* entryPoint) {
  return enter(Needs::Nothing, [&] {
    return refuse(NOT_SUPPORTED, text("%s is not part of the emulated driver", entryPoint));
  });
}

API cuInit(unsigned flags) {
  return enter(Needs::Nothing, [&] {
    if (flags != 0) return INVALID_VALUE;
    if (driver().settings.devices == 0) return NO_DEVICE;
    driver().initialised = true;
    return SUCCESS;
  });
}

API cuDriverGetVersion(int* version) {
  return enter(Needs::Nothing, [&] {
    if (version == nullptr) return INVALID_VALUE;
    *version = driver().settings.version;
    return SUCCESS;
  });
}

API cuGetErrorName(int result, const char** name) {
  const ErrorText* error = errorOf(result);
  *name = error == nullptr ? nullptr : error->name;
  return error == nullptr ? INVALID_VALUE : SUCCESS;
}

API cuGetErrorString(int result, const char** string) {
  const ErrorText* error = errorOf(result);
  *string = error == nullptr ? nullptr : error->text;
  return error == nullptr ? INVALID_VALUE : SUCCESS;
}

}  // namespace driver
