// SPDX-License-Identifier: Apache-2.0

// cvt between integers, floats and half precision, with rounding and saturation. What varies without
// changing types is decided as the instruction runs, to keep the number of handlers small.

#include "floats.h"

namespace emulator {

namespace {

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

// ---- integers

struct Same { template <class T> static T of(T x) { return x; } };

// D: u8, s8, or the width of the register: what lies above a 16-bit value means nothing.
template <class D>
struct Cast {
  template <class S>
  struct Of {
    static constexpr Handler run = unary<D, S, Same>;
  };
};

template <class S>
struct Clamp {
  // To i.v[0] bits, signed when i.mode is 1.
  static void run(Warp& w, const Inst& i) {
    const Stored<S>* a = source<S>(w, i.a);
    __int128 most = (__int128{1} << (i.v[0] - i.mode)) - 1;
    __int128 least = i.mode == 1 ? -most - 1 : 0;
    u64 results[LANES];
    for (int l = 0; l < LANES; l++) {
      __int128 x = static_cast<S>(a[l]);
      results[l] = static_cast<u64>(x < least ? least : x > most ? most : x);
    }
    if (i.v[0] == 64) {
      blend(registerAt<u64>(w, i.d), results, w.mask);
    } else {
      eachLane<u32>(w, i.d, [&](int l) { return static_cast<u32>(results[l]); });
    }
  }
};

Handler integerToInteger(Inst& i, const std::string& to, const std::string& from, bool saturated) {
  if (saturated) {
    i.v[0] = static_cast<u32>(8 * sizeOfType(to));
    i.mode = to[0] == 's';
    return byInteger<Clamp>(from);
  }
  if (to == "u8") return byInteger<Cast<u8>::Of>(from);
  if (to == "s8") return byInteger<Cast<s8>::Of>(from);
  return sizeOfType(to) == 8 ? byInteger<Cast<u64>::Of>(from) : byInteger<Cast<u32>::Of>(from);
}

// ---- integers to floats

template <class D>
struct ToFloat { template <class S> static D of(S x) { return static_cast<D>(x); } };

template <class D>
struct FloatOf {
  template <class S>
  struct Of {
    static void run(Warp& w, const Inst& i) {
      if (i.imm != FE_TONEAREST) std::fesetround(static_cast<int>(i.imm));
      unary<D, S, ToFloat<D>>(w, i);
      if (i.imm != FE_TONEAREST) std::fesetround(FE_TONEAREST);
    }
  };
};

Handler integerToFloat(Inst& i, const std::string& to, const std::string& from, const std::string& mode) {
  if (mode.size() != 2) return nullptr;
  i.imm = mode == "rz" ? FE_TOWARDZERO : mode == "rm" ? FE_DOWNWARD : mode == "rp" ? FE_UPWARD : FE_TONEAREST;
  return to == "f32" ? byInteger<FloatOf<float>::Of>(from) : to == "f64" ? byInteger<FloatOf<double>::Of>(from) : nullptr;
}

// ---- floats to integral values

// i.mode: how; i.vector 2: subnormals are flushed first.
enum Integral : u8 { NEAREST, ZERO, DOWN, UP, AS_IS };

Integral integralOf(const std::string& mode) {
  return mode == "rni" ? NEAREST : mode == "rzi" ? ZERO : mode == "rmi" ? DOWN : mode == "rpi" ? UP : AS_IS;
}

template <class S>
void integral(const S* from, const Inst& i, S* to) {
  for (int l = 0; l < LANES; l++) to[l] = from[l];
  if constexpr (sizeof(S) == 4) {
    if (i.vector == 2) {
      for (int l = 0; l < LANES; l++) to[l] = flush(to[l]);
    }
  }
  switch (i.mode) {
    case NEAREST:
      for (int l = 0; l < LANES; l++) to[l] = std::nearbyint(to[l]);
      break;
    case ZERO:
      for (int l = 0; l < LANES; l++) to[l] = std::trunc(to[l]);
      break;
    case DOWN:
      for (int l = 0; l < LANES; l++) to[l] = std::floor(to[l]);
      break;
    case UP:
      for (int l = 0; l < LANES; l++) to[l] = std::ceil(to[l]);
      break;
    default: break;
  }
}

// Clamped; NaN is 0, or only the top bit when one side has 64 bits.
template <class D, class S>
D toInteger(S x) {
  constexpr D LEAST = std::numeric_limits<D>::min(), MOST = std::numeric_limits<D>::max();
  constexpr bool WIDE = sizeof(S) == 8 || sizeof(D) == 8;
  if (x != x) return WIDE ? static_cast<D>(u64{1} << (8 * sizeof(D) - 1)) : D{0};
  return x <= static_cast<S>(LEAST) ? LEAST : x >= static_cast<S>(MOST) ? MOST : static_cast<D>(x);
}

template <class S>
struct IntegerOf {
  template <class D>
  struct Of {
    static void run(Warp& w, const Inst& i) {
      S values[LANES];
      integral(registerAt<S>(w, i.a), i, values);
      eachLane<D>(w, i.d, [&](int l) { return toInteger<D>(values[l]); });
    }
  };
};

Handler floatToInteger(Inst& i, const std::string& to, const std::string& from, const std::string& mode, bool flushed) {
  i.mode = integralOf(mode);
  i.vector = flushed ? 2 : 1;
  if (i.mode == AS_IS || (flushed && from != "f32")) return nullptr;
  return from == "f32" ? byInteger<IntegerOf<float>::Of>(to) : from == "f64" ? byInteger<IntegerOf<double>::Of>(to) : nullptr;
}

// ---- floats to floats

template <class T, bool SATURATED>
void sameFloat(Warp& w, const Inst& i) {
  T values[LANES];
  integral(registerAt<T>(w, i.a), i, values);
  eachLane<T>(w, i.d, [&](int l) { return SATURATED ? saturate(values[l]) : canonical(values[l]); });
}

struct Narrow { static float of(double x) { return canonical(static_cast<float>(x)); } };
struct NarrowFlushed { static float of(double x) { return flush(Narrow::of(x)); } };
struct NarrowSaturated { static float of(double x) { return saturate(Narrow::of(x)); } };
struct Widen { static double of(float x) { return static_cast<double>(x); } };
struct WidenFlushed { static double of(float x) { return static_cast<double>(flush(x)); } };
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

Handler sameFloatHandler(Inst& i, const std::string& type, const std::string& mode, bool flushed, bool saturated) {
  i.mode = integralOf(mode);
  i.vector = flushed ? 2 : 1;
  if (!mode.empty() && i.mode == AS_IS) return nullptr;
  if (type == "f32") return saturated ? sameFloat<float, true> : sameFloat<float, false>;
  if (type != "f64" || flushed) return nullptr;
  return saturated ? sameFloat<double, true> : sameFloat<double, false>;
}

Handler narrowHandler(Inst& i, const std::string& mode, bool flushed, bool saturated) {
  if (mode.size() != 2 || (flushed && saturated)) return nullptr;
  return flushed     ? byRounding<unary<float, double, NarrowFlushed>>(i, mode)
         : saturated ? byRounding<unary<float, double, NarrowSaturated>>(i, mode)
                     : byRounding<unary<float, double, Narrow>>(i, mode);
}

Handler floatToFloat(Inst& i, const std::string& to, const std::string& from, const std::string& mode,
                     bool flushed, bool saturated) {
  if (to == from) return sameFloatHandler(i, to, mode, flushed, saturated);
  if (to == "f32" && from == "f64") return narrowHandler(i, mode, flushed, saturated);
  if (saturated) return nullptr;
  if (to == "f64" && from == "f32" && mode.empty()) {
    return flushed ? unary<double, float, WidenFlushed> : unary<double, float, Widen>;
  }
  if (flushed) return nullptr;
  if (to == "f16" && from == "f32" && mode == "rn") return unary<u16, float, NarrowToHalf>;
  if (to == "f32" && from == "f16" && mode.empty()) return unary<float, u16, WidenHalf>;
  return nullptr;
}

// ---- decoder

Handler handlerOf(Inst& i, const std::string& to, const std::string& from, const std::string& mode,
                  bool flushed, bool saturated) {
  if (isFloat(to) && isFloat(from)) return floatToFloat(i, to, from, mode, flushed, saturated);
  // Conversions to integers saturate by themselves.
  if (isFloat(from)) return floatToInteger(i, to, from, mode, flushed);
  if (isFloat(to)) return saturated || flushed ? nullptr : integerToFloat(i, to, from, mode);
  return !mode.empty() || flushed ? nullptr : integerToInteger(i, to, from, saturated);
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
  i.run = d.need(handlerOf(i, to, from, mode, flushed, saturated));
}

}  // namespace

void addConvertOpcodes(OpcodeTable& table) { table["cvt"] = decodeConvert; }

}  // namespace emulator
