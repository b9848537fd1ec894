// SPDX-License-Identifier: Apache-2.0

// Approximate instructions: the true value moved, by a hash of the operands and the seed, within the
// error that the PTX ISA documents. Special values are exact.
#pragma once

#include "floats.h"

namespace emulator {

// From a hash of the operands: in [-1, 1].
double errorOf(u32 x, u32 y, u32 operation);

// Half an ulp of the result's rounding is part of the bound.
constexpr double ROUNDING = 0x1p-24;

// The exact value with a relative error of at most `bound`.
inline float relative(double exact, double bound, double error) {
  if (!(std::fabs(exact) <= std::numeric_limits<float>::max()) || exact == 0) {
    return canonical(static_cast<float>(exact));
  }
  return static_cast<float>(exact * (1 + error * (bound - ROUNDING)));
}

inline float absolute(double exact, double bound, double error) {
  return static_cast<float>(exact + error * (bound - ROUNDING));
}

// At most 1 ulp.
struct ApproximateReciprocal {
  static float of(float x) {
    double exact = 1.0 / static_cast<double>(x);
    float nearest = canonical(static_cast<float>(exact));
    if (!(std::fabs(exact) <= std::numeric_limits<float>::max()) ||
        static_cast<double>(nearest) == exact) {
      return nearest;
    }
    float other = std::nextafterf(nearest, static_cast<double>(nearest) < exact ? INFINITY : -INFINITY);
    return errorOf(toBits(x), 0, 1) < 0 ? nearest : other;
  }
};

struct ApproximateRoot {
  static float of(float x) {
    return relative(std::sqrt(static_cast<double>(x)), 0x1p-23, errorOf(toBits(x), 0, 2));
  }
};

struct ApproximateInverseRoot {
  static float of(float x) {
    return relative(1.0 / std::sqrt(static_cast<double>(x)), 1.8e-7, errorOf(toBits(x), 0, 3));
  }
};

struct ApproximateExp2 {
  static float of(float x) {
    if (x == 0) return 1;
    return relative(std::exp2(static_cast<double>(x)), 0x1p-22, errorOf(toBits(x), 0, 4));
  }
};

struct ApproximateLog2 {
  static float of(float x) {
    double exact = std::log2(static_cast<double>(x));
    double error = errorOf(toBits(x), 0, 5);
    if (x > 0.5f && x < 2 && x != 1) return absolute(exact, 0x1p-22, error);
    return relative(exact, 0x1p-22, error);
  }
};

inline float circular(double exact, float x, double error) {
  if (!(std::fabs(x) <= std::numeric_limits<float>::max())) return canonical(NAN);
  if (x == 0) return static_cast<float>(exact);
  float value = absolute(exact, std::fabs(x) <= 6.2831853f ? 0x1p-20 * 0.7 : 0x1p-15, error);
  return value > 1 ? 1 : value < -1 ? -1 : value;
}
struct ApproximateSine {
  static float of(float x) { return circular(std::sin(static_cast<double>(x)), x, errorOf(toBits(x), 0, 6)); }
};
struct ApproximateCosine {
  static float of(float x) { return circular(std::cos(static_cast<double>(x)), x, errorOf(toBits(x), 0, 7)); }
};

struct ApproximateTanh {
  static float of(float x) {
    if (std::isinf(x)) return std::copysign(1.0f, x);
    float value = relative(std::tanh(static_cast<double>(x)), 0x1p-11, errorOf(toBits(x), 0, 8));
    return value > 1 ? 1 : value < -1 ? -1 : value;
  }
};

// At most 2 ulp.
struct FullRangeQuotient {
  static float of(float x, float y) {
    return relative(static_cast<double>(x) / static_cast<double>(y), 0x1p-23,
                    errorOf(toBits(x), toBits(y), 9));
  }
};

// As x times 1/y, which is zero for the greatest y.
struct ApproximateQuotient {
  static float of(float x, float y) {
    if (std::fabs(y) > 0x1p126f && !std::isinf(y)) {
      return canonical(std::isinf(x) ? NAN : x * std::copysign(0.0f, y));
    }
    return FullRangeQuotient::of(x, y);
  }
};

}  // namespace emulator
