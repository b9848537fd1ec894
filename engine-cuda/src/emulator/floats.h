// SPDX-License-Identifier: Apache-2.0

// What the float instructions have in common.
#pragma once

#include <cfenv>
#include <cmath>
#include <cstring>
#include <limits>

#include "functors.h"

namespace emulator {

inline float fromBits(u32 bits) {
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}
inline u32 toBits(float value) {
  u32 bits;
  std::memcpy(&bits, &value, 4);
  return bits;
}

// Single precision has one NaN for results; double precision keeps payloads. Without a branch:
// loops with both a branch and a function such as fma are not vectorised.
inline float canonical(float x) {
  u32 isNaN = -static_cast<u32>(x != x);
  return fromBits((toBits(x) & ~isNaN) | (isNaN & 0x7fffffff));
}
inline double canonical(double x) { return x; }

inline float flush(float x) {
  return std::fabs(x) < std::numeric_limits<float>::min() ? std::copysign(0.0f, x) : x;
}

template <class T>
T saturate(T x) {
  return x > 0 ? (x < 1 ? x : T{1}) : T{0};
}

template <class F>
struct Flushed {
  template <class... T>
  static auto of(T... x) {
    return flush(F::of(flush(x)...));
  }
};

template <class F>
struct Saturated {
  template <class... T>
  static auto of(T... x) {
    return saturate(F::of(x...));
  }
};

// In the rounding mode i.imm. The computation reads and writes registers, which the compiler does not
// move across these calls.
template <Handler H>
void rounded(Warp& w, const Inst& i) {
  std::fesetround(static_cast<int>(i.imm));
  H(w, i);
  std::fesetround(FE_TONEAREST);
}

template <Handler H>
Handler byRounding(Inst& i, const std::string& mode) {
  i.imm = mode == "rz" ? FE_TOWARDZERO : mode == "rm" ? FE_DOWNWARD : mode == "rp" ? FE_UPWARD : FE_TONEAREST;
  return i.imm == FE_TONEAREST ? H : rounded<H>;
}

inline std::string takeRounding(Decoder& d) { return d.takeOne({"rn", "rz", "rm", "rp"}, true); }

// Of approximate instructions: another error for each seed.
extern u64 approximationSeed;

}  // namespace emulator
