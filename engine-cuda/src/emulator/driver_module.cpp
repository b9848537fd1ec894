// SPDX-License-Identifier: Apache-2.0

// Modules, their functions, and launches.

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "driver.h"

namespace driver {

namespace {

constexpr int ERROR_LOG = 5;       // of CUjit_option
constexpr int ERROR_LOG_BYTES = 6;

constexpr int DYNAMIC_SHARED_LIMIT = 8;  // of CUfunction_attribute

struct Dimensions {
  unsigned grid[3];
  unsigned block[3];

  uint64_t threads() const { return uint64_t{block[0]} * block[1] * block[2]; }
  std::string toString() const {
    return text("grid (%u,%u,%u) block (%u,%u,%u)", grid[0], grid[1], grid[2], block[0], block[1],
                block[2]);
  }
};

// Newest PTX, as major * 10 + minor, that a driver takes: 7.0 with CUDA 11.0, then one more with
// each minor release, but none with 12.6.
int newestPtx(int version) {
  int major = version / 1000;
  int minor = version % 1000 / 10;
  if (major == 12 && minor >= 6) minor--;
  return (major - 4) * 10 + minor;
}

// Of a directive at the start of a line, ".version 7.0" or ".target sm_75"; 0: not there.
int directive(const std::string& ptx, const std::string& name, const char* pattern) {
  size_t at = ptx.compare(0, name.size(), name) == 0 ? 0 : ptx.find("\n" + name);
  if (at == std::string::npos) return 0;
  std::string line = ptx.substr(ptx.find(name, at), 40);
  int major = 0;
  int minor = 0;
  return std::sscanf(line.c_str() + name.size(), pattern, &major, &minor) == 2 ? major * 10 + minor
                                                                               : major;
}

Result refuseImage(const std::string& ptx, std::string* problem) {
  const Settings& settings = driver().settings;
  if (ptx.compare(0, 4, "\x7f" "ELF") == 0 || ptx.compare(0, 4, "\x50\xed\x55\xba") == 0) {
    *problem = "the emulated device has no machine code; it runs PTX only";
    return NO_BINARY_FOR_GPU;
  }
  int version = directive(ptx, ".version", " %d.%d");
  if (version > newestPtx(settings.version)) {
    *problem = text("PTX %d.%d is newer than driver %d takes", version / 10, version % 10,
                    settings.version);
    return UNSUPPORTED_PTX_VERSION;
  }
  int target = directive(ptx, ".target", " sm_%d");
  if (target > settings.capability) {
    *problem = text("PTX for sm_%d, the device is sm_%d", target, settings.capability);
    return NO_BINARY_FOR_GPU;
  }
  return SUCCESS;
}

Result load(void** handle, const std::string& ptx, std::string* problem) {
  Result refused = refuseImage(ptx, problem);
  if (refused != SUCCESS) return refused;
  auto program = std::make_unique<Program>();
  program->module = emulator::parse(ptx, problem);
  if (program->module == nullptr) return INVALID_PTX;
  for (const std::string& name : emulator::kernels(*program->module)) {
    const emulator::Kernel* kernel = emulator::find(*program->module, name);
    program->functions.emplace(name, Function{program.get(), kernel});
  }
  for (auto& [name, function] : program->functions) driver().context->functions.insert(&function);
  *handle = driver().context->programs.add(std::move(program));
  return SUCCESS;
}

Result loadAndReport(void** handle, const void* image, std::string* problem) {
  if (handle == nullptr || image == nullptr) return INVALID_VALUE;
  Result result = load(handle, static_cast<const char*>(image), problem);
  return result == SUCCESS ? result : refuse(result, "cuModuleLoadData: " + *problem);
}

int onFunction(void* handle, const std::function<Result(Function&)>& body) {
  return enter(Needs::Context, [&] {
    bool known = driver().context->functions.count(handle) == 1;
    return known ? body(*static_cast<Function*>(handle)) : INVALID_HANDLE;
  });
}

int attributeOf(const Function& function, int which) {
  switch (which) {
    case 0: return function.kernel->maxThreads;
    case 1: return static_cast<int>(function.kernel->staticShared);
    case 2: case 3: return 0;  // constant and local memory
    case 4: return std::min(function.kernel->registers, 255);
    case 5: case 6: return driver().settings.capability;
    case 7: return 0;
    case 8: return static_cast<int>(function.dynamicShared);
    default: return -1;
  }
}

// Empty: the device can do it.
std::string problemOf(const Dimensions& d, const Function& function, size_t dynamicShared) {
  for (int axis = 0; axis < 3; axis++) {
    if (d.block[axis] == 0 || d.grid[axis] == 0) return "an extent is 0";
    if (d.block[axis] > static_cast<unsigned>(attribute(2 + axis))) return "the block is too large";
    if (d.grid[axis] > static_cast<unsigned>(attribute(5 + axis))) return "the grid is too large";
  }
  if (d.threads() > static_cast<uint64_t>(attribute(1))) {
    return text("%llu threads in a block, the device takes %d", d.threads(), attribute(1));
  }
  size_t limit = std::max<size_t>(attribute(8), function.dynamicShared);
  if (function.kernel->staticShared + dynamicShared > limit) {
    return text("%llu + %llu bytes of shared memory, the limit is %llu",
                function.kernel->staticShared, dynamicShared, limit);
  }
  return "";
}

// The block of arguments; host memory that can not be read is a problem, not a crash.
std::string pack(const emulator::Kernel& kernel, void** values, std::vector<uint8_t>* packed) {
  for (size_t i = 0; i < kernel.parameters.size(); i++) {
    const emulator::Parameter& p = kernel.parameters[i];
    void* value = nullptr;
    packed->resize(std::max(packed->size(), p.offset + p.size));
    if (values == nullptr || !readHost(&value, values + i, sizeof value) || value == nullptr ||
        !readHost(packed->data() + p.offset, value, p.size)) {
      return text("argument %d of %d (%s) can not be read; too few arguments?",
                  static_cast<int>(i + 1), static_cast<int>(kernel.parameters.size()),
                  p.type.c_str());
    }
  }
  return "";
}

Result ofFault(emulator::Fault::Kind kind) {
  switch (kind) {
    case emulator::Fault::OutOfBounds:
    case emulator::Fault::UseAfterFree: return ILLEGAL_ADDRESS;
    case emulator::Fault::Misaligned: return MISALIGNED_ADDRESS;
    case emulator::Fault::TimedOut: return LAUNCH_TIMEOUT;
    default: return LAUNCH_FAILED;
  }
}

Result runKernel(const emulator::Module& module, const emulator::Kernel& kernel,
                 const emulator::Launch& launch, const std::vector<uint8_t>& arguments) {
  driver().tally.kernels++;
  if (strikes("launch")) return LAUNCH_FAILED;
  if (strikes("illegal")) return ILLEGAL_ADDRESS;
  if (strikes("lost")) return UNKNOWN;
  std::vector<emulator::Fault> faults = emulator::run(module, kernel, launch, arguments);
  for (const emulator::Fault& fault : faults) report(fault.message);
  return faults.empty() ? SUCCESS : ofFault(faults.front().kind);
}

}  // namespace

API cuModuleLoadData(void** module, const void* image) {
  return enter(Needs::Context, [&] {
    std::string problem;
    return loadAndReport(module, image, &problem);
  });
}

API cuModuleLoadDataEx(void** module, const void* image, unsigned count, int* options,
                       void** values) {
  return enter(Needs::Context, [&] {
    char* log = nullptr;
    size_t bytes = 0;
    for (unsigned i = 0; i < count; i++) {
      if (options[i] == ERROR_LOG) log = static_cast<char*>(values[i]);
      if (options[i] == ERROR_LOG_BYTES) bytes = reinterpret_cast<uintptr_t>(values[i]);
    }
    std::string problem;
    Result result = loadAndReport(module, image, &problem);
    if (log != nullptr && bytes != 0) std::snprintf(log, bytes, "%s", problem.c_str());
    return result;
  });
}

API cuModuleUnload(void* handle) {
  return enter(Needs::Cleanup, [&] {
    Program* program = driver().context->programs.find(handle);
    if (program == nullptr) return INVALID_HANDLE;
    drainAll();
    for (auto& [name, function] : program->functions) driver().context->functions.erase(&function);
    driver().context->programs.remove(handle);
    return SUCCESS;
  });
}

API cuModuleGetFunction(void** function, void* handle, const char* name) {
  return enter(Needs::Context, [&] {
    Program* program = driver().context->programs.find(handle);
    if (program == nullptr) return INVALID_HANDLE;
    auto at = program->functions.find(name);
    if (at == program->functions.end()) return NOT_FOUND;
    *function = &at->second;
    return SUCCESS;
  });
}

API cuFuncGetAttribute(int* value, int which, void* handle) {
  return onFunction(handle, [&](Function& function) {
    *value = attributeOf(function, which);
    return *value >= 0 ? SUCCESS : INVALID_VALUE;
  });
}

API cuFuncSetAttribute(void* handle, int which, int value) {
  return onFunction(handle, [&](Function& function) {
    if (which != DYNAMIC_SHARED_LIMIT) return SUCCESS;  // hints
    if (value < 0 || value > attribute(97)) return INVALID_VALUE;
    function.dynamicShared = static_cast<size_t>(value);
    return SUCCESS;
  });
}

API cuFuncSetCacheConfig(void* handle, int) {
  return onFunction(handle, [](Function&) { return SUCCESS; });
}

API cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, void* handle, int threads,
                                                size_t dynamicShared) {
  return onFunction(handle, [&](Function& function) {
    if (threads <= 0) return INVALID_VALUE;
    size_t shared = function.kernel->staticShared + dynamicShared;
    int registers = std::max(1, attributeOf(function, 4)) * ((threads + 31) / 32 * 32);
    *blocks = std::min({attribute(39) / threads, attribute(106), attribute(82) / registers});
    if (shared != 0) *blocks = std::min<int>(*blocks, static_cast<int>(attribute(81) / shared));
    return SUCCESS;
  });
}

API cuLaunchKernel(void* handle, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX,
                   unsigned blockY, unsigned blockZ, unsigned dynamicShared, void* stream,
                   void** arguments, void** extra) {
  return onFunction(handle, [&](Function& function) {
    Dimensions d = {{gridX, gridY, gridZ}, {blockX, blockY, blockZ}};
    const emulator::Kernel& kernel = *function.kernel;
    std::string where = "launch of " + kernel.name + ", " + d.toString() + ": ";
    std::string problem = problemOf(d, function, dynamicShared);
    if (!problem.empty()) return refuse(INVALID_VALUE, where + problem);
    if (d.threads() > static_cast<uint64_t>(kernel.maxThreads)) {
      return refuse(LAUNCH_OUT_OF_RESOURCES,
                    where + text("the kernel takes %d threads in a block", kernel.maxThreads));
    }
    std::vector<uint8_t> packed;
    if (extra != nullptr) return refuse(NOT_SUPPORTED, where + "a packed argument buffer");
    problem = pack(kernel, arguments, &packed);
    if (!problem.empty()) return refuse(INVALID_VALUE, where + problem);
    driver().tally.launches++;
    emulator::Launch launch = {{gridX, gridY, gridZ}, {blockX, blockY, blockZ}, dynamicShared};
    Step step = [module = function.program->module, &kernel, launch, packed] {
      return runKernel(*module, kernel, launch, packed);
    };
    return submit(stream, [step] { return step; });
  });
}

}  // namespace driver
