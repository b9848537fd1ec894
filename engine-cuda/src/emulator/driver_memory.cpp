// SPDX-License-Identifier: Apache-2.0

// Device memory, pinned host memory, copies and fills.

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <sys/uio.h>
#include <unistd.h>

#include "driver.h"

namespace driver {

namespace {

struct Copy {
  const char* entryPoint;
  DevicePointer to;
  DevicePointer from;
  size_t bytes;
};

using Bytes = std::shared_ptr<std::vector<uint8_t>>;

Bytes take(const void* from, size_t bytes) {
  auto start = static_cast<const uint8_t*>(from);
  return std::make_shared<std::vector<uint8_t>>(start, start + bytes);
}

Result requireLive(const char* entryPoint, DevicePointer at, size_t bytes) {
  std::string problem;
  if (emulator::isLive(at, bytes, &problem)) return SUCCESS;
  return refuse(INVALID_VALUE, std::string(entryPoint) + ": " + problem);
}

// Memory can be gone by the time that queued work runs.
Result late(bool done, const char* entryPoint, const std::string& problem) {
  if (done) return SUCCESS;
  return refuse(ILLEGAL_ADDRESS, std::string(entryPoint) + ": " + problem);
}

Result writeDevice(const char* entryPoint, DevicePointer to, const void* from, size_t bytes) {
  driver().tally.copiesIn++;
  driver().tally.bytesIn += bytes;
  std::string problem;
  return late(emulator::copyIn(to, from, bytes, &problem), entryPoint, problem);
}

// Bytes that nobody wrote are a problem of the program, which a device does not see: the copy
// succeeds, and the host gets values that it can not take for results.
Result readDevice(const char* entryPoint, void* to, DevicePointer from, size_t bytes) {
  driver().tally.copiesOut++;
  driver().tally.bytesOut += bytes;
  std::string problem;
  if (emulator::copyOut(to, from, bytes, &problem)) return SUCCESS;
  if (!emulator::isLive(from, bytes, nullptr)) return late(false, entryPoint, problem);
  std::memset(to, POISON, bytes);
  return refuse(SUCCESS, std::string(entryPoint) + ": " + problem);
}

Result requirePinnedInCapture(void* stream, const char* entryPoint) {
  Stream* found = streamOf(stream);
  if (found == nullptr) return INVALID_HANDLE;
  if (!found->captures()) return SUCCESS;
  return spoilCapture(*found, text("%s with pageable host memory", entryPoint).c_str());
}

// A graph can outlive the host memory that it copies.
Step notPinnedAnyMore(const char* entryPoint, const void* host) {
  std::string line = text("%s: %p was freed after the copy was captured", entryPoint, host);
  return [line] { return refuse(ILLEGAL_ADDRESS, line); };
}

// The source is read when the copy runs, and must not change until then, but by an earlier copy.
Step readPinnedLater(const char* entryPoint, DevicePointer to, const void* from, size_t bytes) {
  if (!isPinned(from, bytes)) return notPinnedAnyMore(entryPoint, from);
  bool constant = emulator::options().checks && !isTarget(from, bytes);
  Bytes before = constant ? take(from, bytes) : nullptr;
  return [=] {
    if (before != nullptr && std::memcmp(before->data(), from, bytes) != 0) {
      report(text("%s: the host changed the source before the copy of %llu bytes ran", entryPoint,
                  bytes));
    }
    return writeDevice(entryPoint, to, from, bytes);
  };
}

Step writePinnedLater(const char* entryPoint, void* to, DevicePointer from, size_t bytes) {
  if (!isPinned(to, bytes)) return notPinnedAnyMore(entryPoint, to);
  if (!emulator::options().checks) {
    return [=] { return readDevice(entryPoint, to, from, bytes); };
  }
  return [=, target = closeTarget(entryPoint, to, bytes)] {
    openTarget(*target);
    return readDevice(entryPoint, to, from, bytes);
  };
}

Result copyOnDevice(const Copy& copy, void* stream) {
  if (copy.bytes == 0) return SUCCESS;
  Result live = requireLive(copy.entryPoint, copy.to, copy.bytes);
  if (live == SUCCESS) live = requireLive(copy.entryPoint, copy.from, copy.bytes);
  if (live != SUCCESS) return live;
  Step run = [copy] {
    std::string problem;
    return late(emulator::copyWithin(copy.to, copy.from, copy.bytes, &problem), copy.entryPoint,
                problem);
  };
  return submit(stream, [run] { return run; });
}

Result fill(const char* entryPoint, DevicePointer to, uint32_t value, size_t count, void* stream) {
  if (to % 4 != 0) {
    return refuse(INVALID_VALUE, text("%s: 0x%llx is not aligned to 4 bytes", entryPoint, to));
  }
  if (count == 0) return SUCCESS;
  Result live = requireLive(entryPoint, to, count * 4);
  if (live != SUCCESS) return live;
  Step run = [=] {
    std::string problem;
    return late(emulator::fill32(to, value, count, &problem), entryPoint, problem);
  };
  return submit(stream, [run] { return run; });
}

Result fillBytes(const char* entryPoint, DevicePointer to, uint8_t value, size_t count,
                 void* stream) {
  if (count == 0) return SUCCESS;
  Result live = requireLive(entryPoint, to, count);
  if (live != SUCCESS) return live;
  Step run = [=] {
    std::string problem;
    std::vector<uint8_t> bytes(count, value);
    return late(emulator::copyIn(to, bytes.data(), count, &problem), entryPoint, problem);
  };
  return submit(stream, [run] { return run; });
}

Result allocate(DevicePointer* address, size_t bytes) {
  if (address == nullptr || bytes == 0) return INVALID_VALUE;
  uint64_t number = ++driver().tally.allocations;
  if (strikes("alloc")) return OUT_OF_MEMORY;
  *address = emulator::allocate(bytes, text("allocation %llu", number));
  return *address == 0 ? OUT_OF_MEMORY : SUCCESS;
}

Result release(const char* entryPoint, DevicePointer address, Result otherwise) {
  std::string problem;
  if (address == 0 || emulator::release(address, &problem)) return SUCCESS;
  return refuse(otherwise, std::string(entryPoint) + ": " + problem);
}

Result hostAllocate(void** address, size_t bytes) {
  if (address == nullptr || bytes == 0) return INVALID_VALUE;
  *address = allocatePinned(bytes);
  if (*address == nullptr) return OUT_OF_MEMORY;
  driver().context->pinned[reinterpret_cast<uintptr_t>(*address)] = {bytes, false};
  return SUCCESS;
}

// Of a synchronous copy: after all work of the default stream, and what that waits for.
Result ready(const char* entryPoint) {
  Result allowed = refuseInCapture(entryPoint);
  if (allowed != SUCCESS) return allowed;
  driver().tally.waits++;
  enqueue(driver().context->defaultStream, [] { return SUCCESS; });
  return drain(driver().context->defaultStream);
}

}  // namespace

bool isPinned(const void* host, size_t bytes) {
  const auto& pinned = driver().context->pinned;
  auto after = pinned.upper_bound(reinterpret_cast<uintptr_t>(host));
  if (after == pinned.begin()) return false;
  const auto& [start, range] = *std::prev(after);
  return reinterpret_cast<uintptr_t>(host) + bytes <= start + range.bytes;
}

// Host memory that may not be there, as when a caller passed too few arguments.
bool readHost(void* to, const void* from, size_t bytes) {
  iovec target = {to, bytes};
  iovec source = {const_cast<void*>(from), bytes};
  ssize_t got = process_vm_readv(getpid(), &target, 1, &source, 1, 0);
  if (got < 0 && (errno == ENOSYS || errno == EPERM)) {  // in a sandbox: trust the caller
    std::memcpy(to, from, bytes);
    return true;
  }
  return got == static_cast<ssize_t>(bytes);
}

API cuMemGetInfo_v2(size_t* unused, size_t* total) {
  return enter(Needs::Context, [&] {
    *total = emulator::capacity();
    *unused = *total - std::min(*total, emulator::liveBytes());
    return SUCCESS;
  });
}

API cuMemAlloc_v2(DevicePointer* address, size_t bytes) {
  return enter(Needs::Context, [&] {
    Result allowed = refuseInCapture("cuMemAlloc");
    return allowed == SUCCESS ? allocate(address, bytes) : allowed;
  });
}

API cuMemFree_v2(DevicePointer address) {
  return enter(Needs::Cleanup, [&] {
    Result allowed = refuseInCapture("cuMemFree");
    if (allowed != SUCCESS) return allowed;
    drainAll();
    return release("cuMemFree", address, INVALID_VALUE);
  });
}

API cuMemAllocAsync(DevicePointer* address, size_t bytes, void* stream) {
  return enter(Needs::Context, [&] {
    Result allowed = refuseInCapture("cuMemAllocAsync");
    if (allowed != SUCCESS) return allowed;
    return streamOf(stream) == nullptr ? INVALID_HANDLE : allocate(address, bytes);
  });
}

API cuMemFreeAsync(DevicePointer address, void* stream) {
  return enter(Needs::Cleanup, [&] {
    Result live = requireLive("cuMemFreeAsync", address, 0);
    if (live != SUCCESS) return live;
    if (driver().context->error != SUCCESS) {
      return release("cuMemFreeAsync", address, INVALID_VALUE);
    }
    return submit(stream, [address]() -> Step {
      return [address] { return release("cuMemFreeAsync", address, ILLEGAL_ADDRESS); };
    });
  });
}

API cuMemHostAlloc(void** address, size_t bytes, unsigned) {
  return enter(Needs::Context, [&] { return hostAllocate(address, bytes); });
}

API cuMemAllocHost_v2(void** address, size_t bytes) {
  return enter(Needs::Context, [&] { return hostAllocate(address, bytes); });
}

API cuMemFreeHost(void* address) {
  return enter(Needs::Cleanup, [&] {
    auto& pinned = driver().context->pinned;
    auto at = pinned.find(reinterpret_cast<uintptr_t>(address));
    if (at == pinned.end() || at->second.registered) {
      return refuse(INVALID_VALUE,
                    text("cuMemFreeHost: %p is not pinned memory, or was freed before", address));
    }
    drainAll();
    releasePinned(address, at->second.bytes);
    pinned.erase(at);
    return SUCCESS;
  });
}

API cuMemHostRegister_v2(void* address, size_t bytes, unsigned) {
  return enter(Needs::Context, [&] {
    if (address == nullptr || bytes == 0) return INVALID_VALUE;
    if (isPinned(address, 1)) return HOST_MEMORY_ALREADY_REGISTERED;
    driver().context->pinned[reinterpret_cast<uintptr_t>(address)] = {bytes, true};
    return SUCCESS;
  });
}

API cuMemHostUnregister(void* address) {
  return enter(Needs::Cleanup, [&] {
    auto& pinned = driver().context->pinned;
    auto at = pinned.find(reinterpret_cast<uintptr_t>(address));
    if (at == pinned.end() || !at->second.registered) return HOST_MEMORY_NOT_REGISTERED;
    drainAll();
    pinned.erase(at);
    return SUCCESS;
  });
}

API cuMemcpyHtoD_v2(DevicePointer to, const void* from, size_t bytes) {
  return enter(Needs::Context, [&] {
    Result result = ready("cuMemcpyHtoD");
    if (result == SUCCESS) result = requireLive("cuMemcpyHtoD", to, bytes);
    return result == SUCCESS ? writeDevice("cuMemcpyHtoD", to, from, bytes) : result;
  });
}

API cuMemcpyDtoH_v2(void* to, DevicePointer from, size_t bytes) {
  return enter(Needs::Context, [&] {
    Result result = ready("cuMemcpyDtoH");
    if (result == SUCCESS) result = requireLive("cuMemcpyDtoH", from, bytes);
    return result == SUCCESS ? readDevice("cuMemcpyDtoH", to, from, bytes) : result;
  });
}

API cuMemcpyHtoDAsync_v2(DevicePointer to, const void* from, size_t bytes, void* stream) {
  return enter(Needs::Context, [&] {
    const char* name = "cuMemcpyHtoDAsync";
    Result result = requireLive(name, to, bytes);
    if (result != SUCCESS || bytes == 0) return result;
    if (isPinned(from, bytes)) {
      return submit(stream, [=] { return readPinnedLater(name, to, from, bytes); });
    }
    result = requirePinnedInCapture(stream, name);
    if (result != SUCCESS) return result;
    Step run = [=, source = take(from, bytes)] {
      return writeDevice(name, to, source->data(), bytes);
    };
    return submit(stream, [&] { return run; });
  });
}

// Into pageable memory such a copy is done on return.
API cuMemcpyDtoHAsync_v2(void* to, DevicePointer from, size_t bytes, void* stream) {
  return enter(Needs::Context, [&] {
    const char* name = "cuMemcpyDtoHAsync";
    Result result = requireLive(name, from, bytes);
    if (result != SUCCESS || bytes == 0) return result;
    if (isPinned(to, bytes)) {
      return submit(stream, [=] { return writePinnedLater(name, to, from, bytes); });
    }
    result = requirePinnedInCapture(stream, name);
    if (result != SUCCESS) return result;
    Step run = [=] { return readDevice(name, to, from, bytes); };
    result = submit(stream, [&] { return run; });
    return result == SUCCESS ? drain(*streamOf(stream)) : result;
  });
}

API cuMemcpyDtoD_v2(DevicePointer to, DevicePointer from, size_t bytes) {
  return enter(Needs::Context, [&] {
    Result allowed = refuseInCapture("cuMemcpyDtoD");
    return allowed == SUCCESS ? copyOnDevice({"cuMemcpyDtoD", to, from, bytes}, nullptr) : allowed;
  });
}

API cuMemcpyDtoDAsync_v2(DevicePointer to, DevicePointer from, size_t bytes, void* stream) {
  return enter(Needs::Context,
               [&] { return copyOnDevice({"cuMemcpyDtoDAsync", to, from, bytes}, stream); });
}

API cuMemsetD32_v2(DevicePointer to, unsigned value, size_t count) {
  return enter(Needs::Context, [&] { return fill("cuMemsetD32", to, value, count, nullptr); });
}

API cuMemsetD32Async(DevicePointer to, unsigned value, size_t count, void* stream) {
  return enter(Needs::Context, [&] { return fill("cuMemsetD32Async", to, value, count, stream); });
}

API cuMemsetD8_v2(DevicePointer to, unsigned char value, size_t count) {
  return enter(Needs::Context, [&] { return fillBytes("cuMemsetD8", to, value, count, nullptr); });
}

API cuMemsetD8Async(DevicePointer to, unsigned char value, size_t count, void* stream) {
  return enter(Needs::Context,
               [&] { return fillBytes("cuMemsetD8Async", to, value, count, stream); });
}

}  // namespace driver
