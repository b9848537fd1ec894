// SPDX-License-Identifier: Apache-2.0

// A libcuda.so.1 that has nothing behind it: as much of a driver as a probe sees, as unfit as the
// environment says. Results are those of the driver API.

#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace {
int setting(const char* name, int otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::atoi(text);
}
}  // namespace

extern "C" {
int cuInit(unsigned) { return setting("STUB_INIT", 0); }

int cuDriverGetVersion(int* version) {
  *version = setting("STUB_VERSION", 12060);
  return 0;
}

int cuDeviceGetCount(int* count) {
  *count = setting("STUB_DEVICES", 1);
  return 0;
}

int cuDeviceGet(int* device, int ordinal) {
  *device = ordinal;
  return 0;
}

int cuDeviceGetName(char* name, int length, int) {
  std::strncpy(name, "Stub card", static_cast<size_t>(length));
  return 0;
}

int cuDeviceGetAttribute(int* value, int attribute, int) {
  int capability = setting("STUB_CAPABILITY", 75);
  *value = attribute == 75 ? capability / 10 : attribute == 76 ? capability % 10 : 1024;
  return 0;
}

int cuDevicePrimaryCtxRetain(void** context, int) {
  *context = context;
  return setting("STUB_CONTEXT", 0);
}

int cuDevicePrimaryCtxRelease_v2(int) { return 0; }
int cuCtxSetCurrent(void*) { return 0; }
int cuMemFreeHost(void*) { return 0; }
int cuStreamDestroy_v2(void*) { return 0; }
int cuStreamSynchronize(void*) { return 0; }

int cuStreamCreate(void** stream, unsigned) {
  *stream = stream;
  return 0;
}

int cuEventCreate(void** event, unsigned) {
  *event = event;
  return 0;
}
int cuEventDestroy_v2(void*) { return 0; }

int cuMemHostAlloc(void** memory, size_t bytes, unsigned) {
  *memory = std::malloc(bytes);
  return 0;
}

int cuModuleLoadDataEx(void**, const void*, unsigned, int*, void**) {
  return setting("STUB_MODULE", 222);
}

int cuGetErrorName(int error, const char** name) {
  *name = error == 2     ? "CUDA_ERROR_OUT_OF_MEMORY"
          : error == 100 ? "CUDA_ERROR_NO_DEVICE"
          : error == 222 ? "CUDA_ERROR_UNSUPPORTED_PTX_VERSION"
          : error == 803 ? "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH"
                         : nullptr;
  return *name == nullptr ? 1 : 0;
}

int cuGetErrorString(int, const char** text) {
  *text = "the stub's text";
  return 0;
}
}
