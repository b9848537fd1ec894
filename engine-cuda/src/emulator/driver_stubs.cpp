// SPDX-License-Identifier: Apache-2.0

// Entry points that JCuda links against and the emulated driver does not implement: they say so.

#include "driver.h"

#define STUB(entryPoint) \
  extern "C" __attribute__((weak, visibility("default"))) int entryPoint() { \
    return driver::unsupported(#entryPoint); \
  }
#include "driver_stubs.h"
