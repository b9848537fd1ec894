// SPDX-License-Identifier: Apache-2.0

// The one device, and its primary context.

#include <cstring>

#include "driver.h"

namespace driver {

namespace {

thread_local void* current = nullptr;

constexpr int LAUNCH_LIMIT = 1024;

// What differs between the architectures.
struct Architecture {
  int capability;
  int threads, blocks, shared;  // most of a multiprocessor
  int sharedOptIn;              // most of a block
};

const Architecture ARCHITECTURES[] = {
    {50, 2048, 32, 64 * 1024, 48 * 1024},   {75, 1024, 16, 64 * 1024, 64 * 1024},
    {80, 2048, 32, 164 * 1024, 163 * 1024}, {86, 1536, 16, 100 * 1024, 99 * 1024},
    {89, 1536, 24, 100 * 1024, 99 * 1024},  {90, 2048, 32, 228 * 1024, 227 * 1024},
};

// The newest one that is not newer than the device.
const Architecture& architecture() {
  const Architecture* found = &ARCHITECTURES[0];
  for (const Architecture& one : ARCHITECTURES) {
    if (one.capability <= driver().settings.capability) found = &one;
  }
  return *found;
}

}  // namespace

int attribute(int which) {
  const Architecture& a = architecture();
  switch (which) {
    case 1: return LAUNCH_LIMIT;           // threads of a block
    case 2: case 3: return LAUNCH_LIMIT;   // block x, y
    case 4: return 64;                     // block z
    case 5: return 0x7fffffff;             // grid x
    case 6: case 7: return 65535;          // grid y, z
    case 8: return 48 * 1024;              // shared memory of a block
    case 9: return 64 * 1024;              // constant memory
    case 10: return 32;                    // warp
    case 11: return 0x7fffffff;            // pitch
    case 12: return 64 * 1024;             // registers of a block
    case 13: return 1000 * 1000;           // clock, kHz
    case 14: return 512;                   // texture alignment
    case 15: return 1;                     // overlap of copies
    case 16: return 4;                     // multiprocessors
    case 17: case 18: return 0;            // time limit, integrated
    case 19: return 1;                     // can map host memory
    case 20: return 0;                     // compute mode: default
    case 31: return 1;                     // concurrent kernels
    case 32: return 0;                     // ECC
    case 33: case 34: case 35: case 50: return 0;  // PCI, TCC
    case 36: return 1000 * 1000;           // memory clock, kHz
    case 37: return 64;                    // bus, bits
    case 38: return 1024 * 1024;           // L2
    case 39: return a.threads;
    case 40: case 41: return 1;            // copy engines, unified addressing
    case 75: return driver().settings.capability / 10;
    case 76: return driver().settings.capability % 10;
    case 78: case 79: case 80: return 1;   // priorities, caching of global and local loads
    case 81: return a.shared;
    case 82: return 64 * 1024;             // registers of a multiprocessor
    case 83: case 84: return 0;            // managed memory, several on a board
    case 97: return a.sharedOptIn;
    case 106: return a.blocks;
    case 115: return 1;                    // memory pools
    default: return -1;
  }
}

bool hasCurrent() { return current != nullptr; }

bool isCurrent() {
  return driver().context != nullptr && driver().context->handle == current;
}

namespace {

void* nextHandle() {
  static uintptr_t count = 0;
  return reinterpret_cast<void*>(0x10000 + 16 * ++count);
}

void reportLeaks(const Context& context) {
  for (const std::string& leak : emulator::liveAllocations()) {
    report("leak at context end: device memory " + leak);
  }
  for (const auto& [at, range] : context.pinned) {
    report(text("leak at context end: pinned host memory 0x%llx, %llu bytes", at, range.bytes));
  }
  auto count = [](const char* what, size_t number) {
    if (number != 0) report(text("leak at context end: %d %s", static_cast<int>(number), what));
  };
  count("streams", context.streams.all().size());
  count("events", context.events.all().size());
  count("modules", context.programs.all().size());
  count("graphs", context.graphs.all().size());
  count("executable graphs", context.executables.all().size());
}

// A broken context frees nothing on request; what it held goes with it.
void endContext() {
  Context& context = *driver().context;
  drainAll();
  if (context.error == SUCCESS) reportLeaks(context);
  for (const auto& [at, range] : context.pinned) {
    if (!range.registered) releasePinned(reinterpret_cast<void*>(at), range.bytes);
  }
  driver().context.reset();
  emulator::releaseAll();
}


// An entry point about a device.
int ofDevice(int device, const std::function<Result()>& body) {
  return enter(Needs::Init, [&] { return device == 0 ? body() : INVALID_DEVICE; });
}

}  // namespace

API cuDeviceGetCount(int* count) {
  return enter(Needs::Init, [&] {
    *count = driver().settings.devices;
    return SUCCESS;
  });
}

API cuDeviceGet(int* device, int ordinal) {
  return ofDevice(ordinal, [&] {
    *device = ordinal;
    return SUCCESS;
  });
}

API cuDeviceGetName(char* name, int length, int device) {
  return ofDevice(device, [&] {
    if (length <= 0) return INVALID_VALUE;
    std::strncpy(name, "Unroll emulated CUDA device (no GPU)", length - 1);
    name[length - 1] = '\0';
    return SUCCESS;
  });
}

API cuDeviceGetUuid(unsigned char* uuid, int device) {
  return ofDevice(device, [&] {
    std::memcpy(uuid, "unroll emulated", 16);
    return SUCCESS;
  });
}

API cuDeviceGetPCIBusId(char* id, int length, int device) {
  return ofDevice(device, [&] {
    if (length < 13) return INVALID_VALUE;
    std::strcpy(id, "0000:00:00.0");
    return SUCCESS;
  });
}

API cuDeviceTotalMem_v2(size_t* bytes, int device) {
  return ofDevice(device, [&] {
    *bytes = emulator::capacity();
    return SUCCESS;
  });
}

API cuDeviceGetAttribute(int* value, int which, int device) {
  return ofDevice(device, [&] {
    *value = attribute(which);
    if (*value >= 0) return SUCCESS;
    return refuse(INVALID_VALUE, text("cuDeviceGetAttribute: %d is not emulated", which));
  });
}

API cuDeviceComputeCapability(int* major, int* minor, int device) {
  return ofDevice(device, [&] {
    *major = driver().settings.capability / 10;
    *minor = driver().settings.capability % 10;
    return SUCCESS;
  });
}

API cuDevicePrimaryCtxRetain(void** context, int device) {
  return ofDevice(device, [&] {
    std::unique_ptr<Context>& primary = driver().context;
    if (primary == nullptr) {
      primary = std::make_unique<Context>();
      primary->handle = nextHandle();
    }
    primary->users++;
    *context = primary->handle;
    return SUCCESS;
  });
}

API cuDevicePrimaryCtxRelease_v2(int device) {
  return ofDevice(device, [&] {
    if (driver().context == nullptr) {
      return refuse(INVALID_CONTEXT, "cuDevicePrimaryCtxRelease: released more than retained");
    }
    if (--driver().context->users == 0) endContext();
    return SUCCESS;
  });
}

API cuDevicePrimaryCtxReset_v2(int device) {
  return ofDevice(device, [&] {
    if (driver().context != nullptr) endContext();
    return SUCCESS;
  });
}

API cuDevicePrimaryCtxGetState(int device, unsigned* flags, int* active) {
  return ofDevice(device, [&] {
    *flags = 0;
    *active = driver().context != nullptr;
    return SUCCESS;
  });
}

API cuDevicePrimaryCtxSetFlags_v2(int device, unsigned) {
  return ofDevice(device, [] { return SUCCESS; });
}

API cuCtxSetCurrent(void* context) {
  return enter(Needs::Init, [&] {
    bool known = driver().context != nullptr && driver().context->handle == context;
    if (context != nullptr && !known) return CONTEXT_IS_DESTROYED;
    current = context;
    return SUCCESS;
  });
}

API cuCtxGetCurrent(void** context) {
  return enter(Needs::Init, [&] {
    *context = current;
    return SUCCESS;
  });
}

API cuCtxGetDevice(int* device) {
  return enter(Needs::Context, [&] {
    *device = 0;
    return SUCCESS;
  });
}

API cuCtxGetApiVersion(void*, unsigned* version) {
  return enter(Needs::Init, [&] {
    *version = 3020;
    return SUCCESS;
  });
}

API cuCtxGetStreamPriorityRange(int* least, int* greatest) {
  return enter(Needs::Context, [&] {
    if (least != nullptr) *least = 0;
    if (greatest != nullptr) *greatest = 0;
    return SUCCESS;
  });
}

API cuCtxSynchronize() {
  return enter(Needs::Context, [] {
    driver().tally.waits++;
    Result allowed = refuseInCapture("cuCtxSynchronize");
    return allowed == SUCCESS ? drainAll() : allowed;
  });
}

}  // namespace driver
