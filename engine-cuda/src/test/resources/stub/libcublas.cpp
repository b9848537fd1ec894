// SPDX-License-Identifier: Apache-2.0

// A libcublas.so.12 that computes nothing: it refuses what the real one refuses, and writes down
// the rest.

#include <cstddef>
#include <cstdio>

namespace {
constexpr int SUCCESS = 0;
constexpr int NOT_INITIALIZED = 1;
constexpr int INVALID_VALUE = 7;
int object;
int mathMode;
void* ours(void* handle) { return handle == &object ? handle : nullptr; }
}  // namespace

extern "C" {
int cublasCreate_v2(void** handle) {
  *handle = &object;
  return SUCCESS;
}

int cublasDestroy_v2(void* handle) {
  std::printf("destroy\n");
  std::fflush(stdout);
  return ours(handle) ? SUCCESS : NOT_INITIALIZED;
}

int cublasSetStream_v2(void* handle, void* stream) {
  std::printf("stream %s\n", stream == nullptr ? "null" : "given");
  return ours(handle) ? SUCCESS : NOT_INITIALIZED;
}

int cublasSetWorkspace_v2(void* handle, void* memory, size_t bytes) {
  std::printf("workspace %p %zu\n", memory, bytes);
  return ours(handle) ? SUCCESS : NOT_INITIALIZED;
}

int cublasSetMathMode(void* handle, int mode) {
  mathMode = mode;
  return ours(handle) ? SUCCESS : NOT_INITIALIZED;
}

int cublasSgemm_v2(void* handle, int transA, int transB, int m, int n, int k, const float* alpha,
                   const float* a, int lda, const float* b, int ldb, const float* beta, float* c,
                   int ldc) {
  if (!ours(handle)) return NOT_INITIALIZED;
  int rowsOfA = transA == 0 ? m : k;
  int rowsOfB = transB == 0 ? k : n;
  bool right = m > 0 && n > 0 && k > 0 && lda >= rowsOfA && ldb >= rowsOfB && ldc >= m && a && b && c;
  if (!right || transA < 0 || transA > 1 || transB < 0 || transB > 1) return INVALID_VALUE;
  std::printf("sgemm %c%c %d %d %d alpha %g a %p %d b %p %d beta %g c %p %d mode %d\n",
              "NT"[transA], "NT"[transB], m, n, k, *alpha, static_cast<const void*>(a), lda,
              static_cast<const void*>(b), ldb, *beta, static_cast<void*>(c), ldc, mathMode);
  std::fflush(stdout);
  return SUCCESS;
}
}
