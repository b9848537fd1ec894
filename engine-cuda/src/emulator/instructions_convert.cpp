// SPDX-License-Identifier: Apache-2.0

// cvt between integers, floats and half precision, with rounding and saturation.

#include "floats.h"

namespace emulator {

namespace {

// ---- integers

struct Truncate { template <class T> static T of(T x) { return x; } };

template <class D>
struct Clamp {
  template <class S>
  static D of(S x) {
    constexpr D LEAST = std::numeric_limits<D>::min(), MOST = std::numeric_limits<D>::max();
    auto wide = static_cast<__int128>(x);
    return wide < LEAST ? LEAST : wide > MOST ? MOST : static_cast<D>(x);
  }
};

template <class D, bool SATURATED>
struct FromInteger {
  template <class S>
  struct Of {
    static constexpr Handler run =
        SATURATED ? unary<D, S, Clamp<D>> : unary<D, S, Truncate>;
  };
};

template <template <class> class H>
Handler byInteger(const std::string& type) {
  return type == "u8" || type == "b8" ? H<u8>::run
         : type == "s8"               ? H<s8>::run
         : type == "u16"              ? H<u16>::run
         : type == "s16"              ? H<s16>::run
         : type == "u32"              ? H<u32>::run
         : type == "s32"              ? H<s32>::run
         : type == "u64"              ? H<u64>::run
         : type == "s64"              ? H<s64>::run
                                      : nullptr;
}

template <bool SATURATED>
Handler integerToInteger(const std::string& to, const std::string& from) {
  if (to == "u8") return byInteger<FromInteger<u8, SATURATED>::template Of>(from);
  if (to == "s8") return byInteger<FromInteger<s8, SATURATED>::template Of>(from);
  if (to == "u16") return byInteger<FromInteger<u16, SATURATED>::template Of>(from);
  if (to == "s16") return byInteger<FromInteger<s16, SATURATED>::template Of>(from);
  if (to == "u32") return byInteger<FromInteger<u32, SATURATED>::template Of>(from);
  if (to == "s32") return byInteger<FromInteger<s32, SATURATED>::template Of>(from);
  if (to == "u64") return byInteger<FromInteger<u64, SATURATED>::template Of>(from);
  if (to == "s64") return byInteger<FromInteger<s64, SATURATED>::template Of>(from);
  return nullptr;
}

// ---- integers to floats

template <class D>
struct ToFloat { template <class S> static D of(S x) { return static_cast<D>(x); } };

template <class D>
struct FloatOf {
  template <class S>
  struct Of {
    static constexpr Handler run = unary<D, S, ToFloat<D>>;
  };
  template <class S>
  struct Up { static constexpr Handler run = rounded<Of<S>::run, FE_UPWARD>; };
  template <class S>
  struct Down { static constexpr Handler run = rounded<Of<S>::run, FE_DOWNWARD>; };
  template <class S>
  struct Zero { static constexpr Handler run = rounded<Of<S>::run, FE_TOWARDZERO>; };
};

template <class D>
Handler integerToFloat(const std::string& from, const std::string& mode) {
  return mode == "rp"   ? byInteger<FloatOf<D>::template Up>(from)
         : mode == "rm" ? byInteger<FloatOf<D>::template Down>(from)
         : mode == "rz" ? byInteger<FloatOf<D>::template Zero>(from)
         : mode == "rn" ? byInteger<FloatOf<D>::template Of>(from)
                        : nullptr;
}

// ---- floats to integral values

struct Nearest { template <class T> static T of(T x) { return std::nearbyint(x); } };
struct TowardZero { template <class T> static T of(T x) { return std::trunc(x); } };
struct Down { template <class T> static T of(T x) { return std::floor(x); } };
struct Up { template <class T> static T of(T x) { return std::ceil(x); } };

// Clamped; NaN is 0, or the lowest of a signed integer when one side has 64 bits.
template <class D, class ROUND>
struct ToInteger {
  template <class S>
  static D of(S x) {
    constexpr D LEAST = std::numeric_limits<D>::min(), MOST = std::numeric_limits<D>::max();
    if (x != x) return sizeof(S) == 8 || sizeof(D) == 8 ? static_cast<D>(u64{1} << (8 * sizeof(D) - 1)) : D{0};
    S y = ROUND::of(x);
    return y <= static_cast<S>(LEAST) ? LEAST : y >= static_cast<S>(MOST) ? MOST : static_cast<D>(y);
  }
};
template <class F>
struct AfterFlush { static auto of(float x) { return F::of(flush(x)); } };

template <class S, class ROUND>
struct IntegerOf {
  template <class D>
  struct Of {
    static constexpr Handler run = unary<D, S, ToInteger<D, ROUND>>;
  };
  template <class D>
  struct Flush {
    static constexpr Handler run = unary<D, S, AfterFlush<ToInteger<D, ROUND>>>;
  };
};

template <class S, class ROUND>
Handler floatToInteger(const std::string& to, bool flushed) {
  if constexpr (sizeof(S) == 4) {
    if (flushed) return byInteger<IntegerOf<S, ROUND>::template Flush>(to);
  }
  return flushed ? nullptr : byInteger<IntegerOf<S, ROUND>::template Of>(to);
}

template <class S>
Handler floatToInteger(const std::string& to, const std::string& mode, bool flushed) {
  return mode == "rni"   ? floatToInteger<S, Nearest>(to, flushed)
         : mode == "rzi" ? floatToInteger<S, TowardZero>(to, flushed)
         : mode == "rmi" ? floatToInteger<S, Down>(to, flushed)
         : mode == "rpi" ? floatToInteger<S, Up>(to, flushed)
                         : nullptr;
}

// ---- floats to floats

template <class F>
struct Canonical { template <class T> static T of(T x) { return canonical(F::of(x)); } };

template <class T, class F>
Handler sameSize(bool flushed, bool saturated) {
  if constexpr (sizeof(T) == 4) {
    if (flushed && saturated) return unary<T, T, Saturated<Flushed<Canonical<F>>>>;
    if (flushed) return unary<T, T, Flushed<Canonical<F>>>;
  }
  if (flushed) return nullptr;
  return saturated ? unary<T, T, Saturated<F>> : unary<T, T, Canonical<F>>;
}

template <class T>
Handler sameFloat(const std::string& mode, bool flushed, bool saturated) {
  return mode.empty()    ? sameSize<T, Truncate>(flushed, saturated)
         : mode == "rni" ? sameSize<T, Nearest>(flushed, saturated)
         : mode == "rzi" ? sameSize<T, TowardZero>(flushed, saturated)
         : mode == "rmi" ? sameSize<T, Down>(flushed, saturated)
         : mode == "rpi" ? sameSize<T, Up>(flushed, saturated)
                         : nullptr;
}

struct Narrow { static float of(double x) { return canonical(static_cast<float>(x)); } };
struct NarrowFlushed { static float of(double x) { return flush(Narrow::of(x)); } };
struct Widen { static double of(float x) { return static_cast<double>(x); } };
struct NarrowToHalf {
  static u16 of(float x) {
    auto half = static_cast<_Float16>(x);
    u16 bits;
    std::memcpy(&bits, &half, 2);
    return x != x ? 0x7fff : bits;
  }
};
struct WidenHalf {
  static float of(u16 bits) {
    _Float16 half;
    std::memcpy(&half, &bits, 2);
    return canonical(static_cast<float>(half));
  }
};
template <class F>
struct SaturatedSource { static float of(double x) { return saturate(F::of(x)); } };

Handler floatToFloat(const std::string& to, const std::string& from, const std::string& mode,
                     bool flushed, bool saturated) {
  if (to == from) {
    return to == "f32"   ? sameFloat<float>(mode, flushed, saturated)
           : to == "f64" ? sameFloat<double>(mode, flushed, saturated)
                         : nullptr;
  }
  if (to == "f32" && from == "f64" && !mode.empty()) {
    if (flushed) return saturated ? nullptr : byRounding<unary<float, double, NarrowFlushed>>(mode);
    return saturated ? byRounding<unary<float, double, SaturatedSource<Narrow>>>(mode)
                     : byRounding<unary<float, double, Narrow>>(mode);
  }
  if (saturated) return nullptr;
  if (to == "f64" && from == "f32" && mode.empty()) {
    return flushed ? unary<double, float, AfterFlush<Widen>> : unary<double, float, Widen>;
  }
  if (flushed) return nullptr;
  if (to == "f16" && from == "f32" && mode == "rn") return unary<u16, float, NarrowToHalf>;
  if (to == "f32" && from == "f16" && mode.empty()) return unary<float, u16, WidenHalf>;
  return nullptr;
}

// ---- decoder

Handler handlerOf(const std::string& to, const std::string& from, const std::string& mode,
                  bool flushed, bool saturated) {
  if (isFloat(to) && isFloat(from)) return floatToFloat(to, from, mode, flushed, saturated);
  if (isFloat(from)) {
    return from == "f32"   ? floatToInteger<float>(to, mode, flushed)
           : from == "f64" ? floatToInteger<double>(to, mode, flushed)
                           : nullptr;
  }
  if (isFloat(to)) {
    if (saturated || flushed) return nullptr;
    return to == "f32"   ? integerToFloat<float>(from, mode)
           : to == "f64" ? integerToFloat<double>(from, mode)
                         : nullptr;
  }
  if (!mode.empty() || flushed) return nullptr;
  return saturated ? integerToInteger<true>(to, from) : integerToInteger<false>(to, from);
}

u32 sized(Decoder& d, const std::string& type) {
  d.lastWidth = sizeOfType(type);
  u32 offset = d.anyRegister(type);
  if ((d.lastWidth == 8) != (sizeOfType(type) == 8)) d.refuse("a 64-bit register for ." + type);
  return offset;
}

void decodeConvert(Decoder& d, Inst& i) {
  std::string mode = d.takeOne({"rni", "rzi", "rmi", "rpi", "rn", "rz", "rm", "rp"}, true);
  bool flushed = d.take("ftz");
  bool saturated = d.take("sat");
  std::string to = d.takeType();
  std::string from = d.takeType();
  i.d = sized(d, to);
  d.comma();
  i.a = sized(d, from);
  i.run = d.need(handlerOf(to, from, mode, flushed, saturated));
}

}  // namespace

void addConvertOpcodes(OpcodeTable& table) { table["cvt"] = decodeConvert; }

}  // namespace emulator
