// SPDX-License-Identifier: Apache-2.0

// From the addresses of a memory instruction to host addresses, with every check on the way.
#pragma once

#include "warp.h"

namespace emulator {

enum class Does : u8 { Read, Write, Atomic };

// Host addresses of the active lanes of an access of `bytes` each; throws Stop. The others are not set.
void resolve(Warp& w, const Inst& inst, unsigned bytes, Does does, u64* at);

}  // namespace emulator
