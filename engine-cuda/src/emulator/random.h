// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <utility>

namespace emulator {

// splitmix64: enough to mix up orders.
class Random {
 public:
  explicit Random(uint64_t seed = 0) : state(seed) {}

  uint64_t next() {
    uint64_t z = state += 0x9e3779b97f4a7c15ull;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ z >> 27) * 0x94d049bb133111ebull;
    return z ^ z >> 31;
  }

  template <class Vector>
  void shuffle(Vector& all) {
    for (size_t left = all.size(); left > 1; left--) std::swap(all[left - 1], all[next() % left]);
  }

 private:
  uint64_t state;
};

}  // namespace emulator
