// SPDX-License-Identifier: Apache-2.0

// Logic, shifts, and the instructions that pick bits and bytes.

#include "functors.h"

namespace emulator {

namespace {

struct And { template <class T> static T of(T x, T y) { return x & y; } };
struct Or { template <class T> static T of(T x, T y) { return x | y; } };
struct Xor { template <class T> static T of(T x, T y) { return x ^ y; } };
struct Not { template <class T> static T of(T x) { return static_cast<T>(~x); } };
struct LogicalNot { template <class T> static T of(T x) { return x == 0 ? 1 : 0; } };

// Shifts by the width or more give zero, or copies of the sign.
struct ShiftLeft {
  template <class T>
  static T of(T x, u32 by) {
    return by >= 8 * sizeof(T) ? T{0} : static_cast<T>(static_cast<u64>(x) << (by & 63));
  }
};
template <>
u32 ShiftLeft::of(u32 x, u32 by) { return by >= 32 ? 0 : x << (by & 31); }
struct ShiftRight {
  template <class T>
  static T of(T x, u32 by) {
    constexpr u32 BITS = 8 * sizeof(T);
    if constexpr (T(-1) < T(0)) {
      return static_cast<T>(x >> (by >= BITS ? BITS - 1 : by));
    } else {
      return by >= BITS ? T{0} : static_cast<T>(x >> (by & (BITS - 1)));
    }
  }
};

template <bool LEFT, bool WRAP>
struct Funnel {
  static u32 of(u32 low, u32 high, u32 by) {
    u32 n = WRAP ? by & 31 : by > 32 ? 32 : by;
    u64 both = static_cast<u64>(high) << 32 | low;
    return static_cast<u32>(LEFT ? both << n >> 32 : both >> n);
  }
};

template <class T>
T lowBits(u32 count) {
  return count >= 8 * sizeof(T) ? static_cast<T>(-1) : static_cast<T>((T{1} << count) - 1);
}

struct Extract {
  template <class T>
  static T of(T x, u32 from, u32 count) {
    constexpr u32 BITS = 8 * sizeof(T);
    using U = std::make_unsigned_t<T>;
    from &= 0xff;
    count &= 0xff;
    U field = from >= BITS ? U{0} : static_cast<U>(static_cast<U>(x) >> from);
    U bits = field & lowBits<U>(count);
    if constexpr (std::is_signed_v<T>) {
      // What lies beyond the field, or beyond the value, is the sign.
      u32 top = from + count - 1 < BITS - 1 ? from + count - 1 : BITS - 1;
      bool negative = count != 0 && (static_cast<U>(x) >> top & 1);
      u32 have = from >= BITS ? 0 : std::min(count, BITS - from);
      if (negative) bits |= static_cast<U>(~lowBits<U>(have));
    }
    return static_cast<T>(bits);
  }
};

template <class T>
struct ExtractOf {
  static constexpr Handler run = ternary<T, T, u32, u32, Extract>;
};

struct Insert {
  template <class T>
  static T of(T field, T into, u32 from, u32 count) {
    from &= 0xff;
    count &= 0xff;
    T mask = from >= 8 * sizeof(T) ? T{0} : static_cast<T>(lowBits<T>(count) << from);
    T shifted = from >= 8 * sizeof(T) ? T{0} : static_cast<T>(field << from);
    return static_cast<T>((into & ~mask) | (shifted & mask));
  }
};

template <class T>
u64 reversed(T x) {
  u64 r = 0;
  for (unsigned bit = 0; bit < 8 * sizeof(T); bit++) r = r << 1 | (x >> bit & 1);
  return r;
}
struct Reverse { template <class T> static T of(T x) { return static_cast<T>(reversed(x)); } };

struct Population { template <class T> static u32 of(T x) { return static_cast<u32>(__builtin_popcountll(x)); } };
struct LeadingZeros {
  template <class T>
  static u32 of(T x) {
    return x == 0 ? 8 * sizeof(T)
                  : static_cast<u32>(__builtin_clzll(x)) - (64 - 8 * static_cast<u32>(sizeof(T)));
  }
};

// Position of the highest bit that is not the sign; all ones: none.
struct FindHighest {
  template <class T>
  static u32 of(T x) {
    using U = std::make_unsigned_t<T>;
    U bits = static_cast<U>(x < T{0} ? ~x : x);
    return bits == 0 ? 0xffffffffu : 63 - static_cast<u32>(__builtin_clzll(bits));
  }
};
struct FindHighestShift {
  template <class T>
  static u32 of(T x) {
    u32 at = FindHighest::of(x);
    return at == 0xffffffffu ? at : 8 * static_cast<u32>(sizeof(T)) - 1 - at;
  }
};

// A byte of two words; bit 3 of the selector copies its sign over the byte.
u32 pick(u64 bytes, u32 selector) {
  u32 byte = static_cast<u32>(bytes >> (8 * (selector & 7))) & 0xff;
  return selector & 8 ? (byte & 0x80 ? 0xff : 0) : byte;
}
struct Permute {
  static u32 of(u32 x, u32 y, u32 selectors) {
    u64 bytes = static_cast<u64>(y) << 32 | x;
    u32 r = 0;
    for (int k = 0; k < 4; k++) r |= pick(bytes, selectors >> (4 * k) & 15) << (8 * k);
    return r;
  }
};
// The modes of prmt as selectors, by the lower two bits of the control.
constexpr u32 PERMUTE_MODES[6][4] = {{0x3210, 0x4321, 0x5432, 0x6543},   // f4e
                                     {0x5670, 0x6701, 0x7012, 0x0123},   // b4e
                                     {0x0000, 0x1111, 0x2222, 0x3333},   // rc8
                                     {0x3210, 0x3211, 0x3222, 0x3333},   // ecl
                                     {0x0000, 0x1110, 0x2210, 0x3210},   // ecr
                                     {0x1010, 0x3232, 0x1010, 0x3232}};  // rc16
template <int MODE>
struct PermuteMode {
  static u32 of(u32 x, u32 y, u32 control) {
    return Permute::of(x, y, PERMUTE_MODES[MODE][control & 3]);
  }
};

void lookup3(Warp& w, const Inst& i) {
  const u32* a = registerAt<u32>(w, i.a);
  const u32* b = registerAt<u32>(w, i.b);
  const u32* c = registerAt<u32>(w, i.c);
  u32 results[LANES] = {};
  for (int row = 0; row < 8; row++) {
    if (!(i.imm >> row & 1)) continue;
    u32 na = row & 4 ? 0 : ALL_LANES, nb = row & 2 ? 0 : ALL_LANES, nc = row & 1 ? 0 : ALL_LANES;
    for (int l = 0; l < LANES; l++) results[l] |= (a[l] ^ na) & (b[l] ^ nb) & (c[l] ^ nc);
  }
  blend(registerAt<u32>(w, i.d), results, w.mask);
}

template <class A, class B>
struct DotBytes {
  static u32 of(u32 x, u32 y, u32 sum) {
    for (int k = 0; k < 4; k++) {
      sum += static_cast<u32>(static_cast<A>(x >> (8 * k)) * static_cast<B>(y >> (8 * k)));
    }
    return sum;
  }
};

// ---- predicates

template <class F>
void logicPredicates(Warp& w, const Inst& i) {
  setPredicate(w, i.d, F::of(predicate(w, i.a), predicate(w, i.b)));
}
void notPredicate(Warp& w, const Inst& i) { setPredicate(w, i.d, ~predicate(w, i.a)); }

// ---- decoders

template <class F>
void decodeLogic(Decoder& d, Inst& i) {
  std::string type = d.takeType();
  if (type[0] != 'b' && type != "pred") d.unknown();
  operandsDAB(d, i, type, type, type);
  i.run = d.need(type == "pred" ? logicPredicates<F> : byUnsigned<Binary<F>::template Of>(type));
}

void decodeNot(Decoder& d, Inst& i) {
  std::string type = d.takeType();
  operandsDA(d, i, type, type);
  i.run = d.need(type == "pred" ? notPredicate : byUnsigned<Unary<Not>::Of>(type));
}

template <class F>
void decodeUnsignedOne(Decoder& d, Inst& i) {
  std::string type = d.takeType();
  operandsDA(d, i, type, type);
  i.run = d.need(byUnsigned<Unary<F>::template Of>(type));
}

void decodeShiftLeft(Decoder& d, Inst& i) {
  std::string type = d.takeType();
  operandsDAB(d, i, type, type, "u32");
  i.run = d.need(byUnsigned<Shift<ShiftLeft>::Of>(type));
}

void decodeShiftRight(Decoder& d, Inst& i) {
  std::string type = d.takeType();
  operandsDAB(d, i, type, type, "u32");
  i.run = d.need(bySign<Shift<ShiftRight>::Of>(type));
}

void decodeFunnel(Decoder& d, Inst& i) {
  bool left = d.takeOne({"l", "r"}) == "l";
  bool wrap = d.takeOne({"wrap", "clamp"}) == "wrap";
  std::string type = d.takeType();
  if (type != "b32") d.unknown();
  operandsDABC(d, i, type, type, type, "u32");
  i.run = left ? (wrap ? ternary<u32, u32, u32, u32, Funnel<true, true>>
                       : ternary<u32, u32, u32, u32, Funnel<true, false>>)
               : (wrap ? ternary<u32, u32, u32, u32, Funnel<false, true>>
                       : ternary<u32, u32, u32, u32, Funnel<false, false>>);
}

void decodeExtract(Decoder& d, Inst& i) {
  std::string type = d.takeType();
  operandsDABC(d, i, type, type, "u32", "u32");
  i.run = d.need(type[0] == 'b' || sizeOfType(type) == 2 ? nullptr : bySign<ExtractOf>(type));
}

void decodeInsert(Decoder& d, Inst& i) {
  std::string type = d.takeType();
  operandsDABC(d, i, type, type, type, "u32");
  d.comma();
  i.e = d.operand("u32");
  i.run = d.need(type == "b32"   ? quaternary<u32, u32, u32, u32, u32, Insert>
                 : type == "b64" ? quaternary<u64, u64, u64, u32, u32, Insert>
                                 : nullptr);
}

// A result of 32 bits from an operand of 32 or 64.
template <class F>
void decodeCount(Decoder& d, Inst& i) {
  std::string type = d.takeType();
  operandsDA(d, i, "u32", type);
  i.run = d.need(type == "b32" ? unary<u32, u32, F> : type == "b64" ? unary<u32, u64, F> : nullptr);
}

template <class F>
Handler highestHandler(const std::string& type) {
  return type == "u32"   ? unary<u32, u32, F>
         : type == "s32" ? unary<u32, s32, F>
         : type == "u64" ? unary<u32, u64, F>
         : type == "s64" ? unary<u32, s64, F>
                         : nullptr;
}

void decodeHighest(Decoder& d, Inst& i) {
  bool shift = d.take("shiftamt");
  std::string type = d.takeType();
  operandsDA(d, i, "u32", type);
  i.run = d.need(shift ? highestHandler<FindHighestShift>(type) : highestHandler<FindHighest>(type));
}

void decodePermute(Decoder& d, Inst& i) {
  std::string type = d.takeType();
  if (type != "b32") d.unknown();
  std::string mode = d.takeOne({"f4e", "b4e", "rc8", "ecl", "ecr", "rc16"}, true);
  operandsDABC(d, i, type, type, type, "u32");
  i.run = mode == "f4e"   ? ternary<u32, u32, u32, u32, PermuteMode<0>>
          : mode == "b4e" ? ternary<u32, u32, u32, u32, PermuteMode<1>>
          : mode == "rc8" ? ternary<u32, u32, u32, u32, PermuteMode<2>>
          : mode == "ecl" ? ternary<u32, u32, u32, u32, PermuteMode<3>>
          : mode == "ecr" ? ternary<u32, u32, u32, u32, PermuteMode<4>>
          : mode == "rc16" ? ternary<u32, u32, u32, u32, PermuteMode<5>>
                           : ternary<u32, u32, u32, u32, Permute>;
}

void decodeLookup3(Decoder& d, Inst& i) {
  std::string type = d.takeType();
  if (type != "b32") d.unknown();
  operandsDABC(d, i, type, type, type, type);
  d.comma();
  i.imm = static_cast<s64>(d.number());
  i.run = lookup3;
}

void decodeDotBytes(Decoder& d, Inst& i) {
  std::string a = d.takeType();
  std::string b = d.takeType();
  if ((a != "u32" && a != "s32") || (b != "u32" && b != "s32")) d.unknown();
  operandsDABC(d, i, "u32", a, b, "u32");
  i.run = a == "u32" ? (b == "u32" ? ternary<u32, u32, u32, u32, DotBytes<u8, u8>>
                                   : ternary<u32, u32, u32, u32, DotBytes<u8, s8>>)
                     : (b == "u32" ? ternary<u32, u32, u32, u32, DotBytes<s8, u8>>
                                   : ternary<u32, u32, u32, u32, DotBytes<s8, s8>>);
}

}  // namespace

void addBitOpcodes(OpcodeTable& table) {
  table["and"] = decodeLogic<And>;
  table["or"] = decodeLogic<Or>;
  table["xor"] = decodeLogic<Xor>;
  table["not"] = decodeNot;
  table["cnot"] = decodeUnsignedOne<LogicalNot>;
  table["shl"] = decodeShiftLeft;
  table["shr"] = decodeShiftRight;
  table["shf"] = decodeFunnel;
  table["bfe"] = decodeExtract;
  table["bfi"] = decodeInsert;
  table["brev"] = decodeUnsignedOne<Reverse>;
  table["popc"] = decodeCount<Population>;
  table["clz"] = decodeCount<LeadingZeros>;
  table["bfind"] = decodeHighest;
  table["prmt"] = decodePermute;
  table["lop3"] = decodeLookup3;
  table["dp4a"] = decodeDotBytes;
}

}  // namespace emulator
