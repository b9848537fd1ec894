// SPDX-License-Identifier: Apache-2.0

#include "approximate.h"

namespace emulator {

u64 approximationSeed = 0;

double errorOf(u32 x, u32 y, u32 operation) {
  // The finaliser of splitmix64.
  u64 h = approximationSeed * 0x9e3779b97f4a7c15ull + (static_cast<u64>(y) << 32 | x) + operation;
  h = (h ^ h >> 30) * 0xbf58476d1ce4e5b9ull;
  h = (h ^ h >> 27) * 0x94d049bb133111ebull;
  h ^= h >> 31;
  return static_cast<double>(h >> 11) * 0x1p-52 - 1;
}

}  // namespace emulator
