// SPDX-License-Identifier: Apache-2.0

// Integer arithmetic.

#include <type_traits>

#include "functors.h"

namespace emulator {

namespace {

template <class T>
using Wider = std::conditional_t<
    sizeof(T) == 8, std::conditional_t<std::is_signed_v<T>, __int128, unsigned __int128>,
    std::conditional_t<
        sizeof(T) == 4, std::conditional_t<std::is_signed_v<T>, s64, u64>,
        std::conditional_t<std::is_signed_v<T>, s32, u32>>>;

template <class T>
constexpr int BITS = 8 * sizeof(T);

struct Add { template <class T> static T of(T x, T y) { return static_cast<T>(x + y); } };
struct Subtract { template <class T> static T of(T x, T y) { return static_cast<T>(x - y); } };
struct Minimum { template <class T> static T of(T x, T y) { return x < y ? x : y; } };
struct Maximum { template <class T> static T of(T x, T y) { return x > y ? x : y; } };
struct Negate { template <class T> static T of(T x) { return static_cast<T>(T{0} - x); } };
struct Absolute {
  template <class T>
  static T of(T x) {
    using U = std::make_unsigned_t<T>;
    return static_cast<T>(x < 0 ? U{0} - static_cast<U>(x) : static_cast<U>(x));
  }
};

struct MultiplyLow {
  template <class T>
  static T of(T x, T y) {
    return static_cast<T>(static_cast<u64>(x) * static_cast<u64>(y));
  }
};
template <>
u32 MultiplyLow::of(u32 x, u32 y) { return x * y; }

struct MultiplyHigh {
  template <class T>
  static T of(T x, T y) {
    return static_cast<T>(static_cast<Wider<T>>(x) * y >> BITS<T>);
  }
};
struct MultiplyWide {
  template <class T>
  static Wider<T> of(T x, T y) {
    return static_cast<Wider<T>>(x) * y;
  }
};
struct MultiplyAddLow {
  template <class T>
  static T of(T x, T y, T z) {
    return static_cast<T>(MultiplyLow::of(x, y) + z);
  }
};
struct MultiplyAddHigh {
  template <class T>
  static T of(T x, T y, T z) {
    using U = std::make_unsigned_t<T>;
    return static_cast<T>(static_cast<U>(MultiplyHigh::of(x, y)) + static_cast<U>(z));
  }
};
struct MultiplyAddWide {
  template <class T>
  static Wider<T> of(T x, T y, Wider<T> z) {
    using U = std::make_unsigned_t<Wider<T>>;
    return static_cast<Wider<T>>(static_cast<U>(MultiplyWide::of(x, y)) + static_cast<U>(z));
  }
};

// The low 24 bits of each, sign-extended for s32.
template <class T>
T low24(T x) {
  return static_cast<T>(static_cast<T>(static_cast<u32>(x) << 8) >> 8);
}
struct Multiply24Low { template <class T> static T of(T x, T y) { return MultiplyLow::of<u32>(low24(x), low24(y)); } };
struct Multiply24High {
  template <class T>
  static T of(T x, T y) {
    return static_cast<T>(static_cast<Wider<T>>(low24(x)) * low24(y) >> 16);
  }
};
template <class M>
struct MultiplyAdd24 {
  template <class T>
  static T of(T x, T y, T z) {
    return static_cast<T>(static_cast<u32>(M::of(x, y)) + static_cast<u32>(z));
  }
};

// Division by zero gives all ones, as the hardware does. Quotients of 32-bit integers are exact when
// taken from a correctly rounded double.
struct Divide {
  template <class T>
  static T of(T x, T y) {
    if constexpr (sizeof(T) < 8) {
      s64 q = static_cast<s64>(static_cast<double>(x) / static_cast<double>(y));
      return y == 0 ? static_cast<T>(-1) : static_cast<T>(q);
    } else {
      if (y == 0) return static_cast<T>(-1);
      if (std::is_signed_v<T> && y == static_cast<T>(-1)) return Negate::of(static_cast<u64>(x));
      return x / y;
    }
  }
};
struct Remainder {
  template <class T>
  static T of(T x, T y) {
    if constexpr (sizeof(T) < 8) {
      u32 product = static_cast<u32>(Divide::of(x, y)) * static_cast<u32>(y);
      return y == 0 ? x : static_cast<T>(static_cast<u32>(x) - product);
    } else {
      if (y == 0) return x;
      return std::is_signed_v<T> && y == static_cast<T>(-1) ? T{0} : x % y;
    }
  }
};

struct AddSaturated {
  static s32 of(s32 x, s32 y) {
    s64 sum = static_cast<s64>(x) + y;
    return static_cast<s32>(sum < INT32_MIN ? INT32_MIN : sum > INT32_MAX ? INT32_MAX : sum);
  }
};
struct SubtractSaturated {
  static s32 of(s32 x, s32 y) {
    s64 difference = static_cast<s64>(x) - y;
    return static_cast<s32>(difference < INT32_MIN   ? INT32_MIN
                            : difference > INT32_MAX ? INT32_MAX
                                                     : difference);
  }
};
struct SumOfDifferences {
  template <class T>
  static T of(T x, T y, T z) {
    u64 difference = x > y ? static_cast<u64>(x) - static_cast<u64>(y)
                           : static_cast<u64>(y) - static_cast<u64>(x);
    return static_cast<T>(static_cast<u64>(z) + difference);
  }
};

// ---- with carry

// inst.mode: 1 carry in, 2 carry out. Subtraction keeps the borrow.
template <class T, bool SUBTRACT>
void addCarry(Warp& w, const Inst& i) {
  const T* a = registerAt<T>(w, i.a);
  const T* b = registerAt<T>(w, i.b);
  u32 in = i.mode & 1 ? w.carry : 0;
  u32 out = 0;
  T results[LANES];
  for (int l = 0; l < LANES; l++) {
    T sum;
    T carry = in >> l & 1;
    bool first = SUBTRACT ? __builtin_sub_overflow(a[l], b[l], &sum) : __builtin_add_overflow(a[l], b[l], &sum);
    bool second = SUBTRACT ? __builtin_sub_overflow(sum, carry, &results[l])
                           : __builtin_add_overflow(sum, carry, &results[l]);
    out |= static_cast<u32>(first || second) << l;
  }
  if (i.mode & 2) w.carry = (w.carry & ~w.mask) | (out & w.mask);
  blend(registerAt<T>(w, i.d), results, w.mask);
}

template <class T, class M>
void multiplyAddCarry(Warp& w, const Inst& i) {
  const T* a = registerAt<T>(w, i.a);
  const T* b = registerAt<T>(w, i.b);
  const T* c = registerAt<T>(w, i.c);
  u32 in = i.mode & 1 ? w.carry : 0;
  u32 out = 0;
  T results[LANES];
  for (int l = 0; l < LANES; l++) {
    T sum;
    bool first = __builtin_add_overflow(M::of(a[l], b[l]), c[l], &sum);
    bool second = __builtin_add_overflow(sum, static_cast<T>(in >> l & 1), &results[l]);
    out |= static_cast<u32>(first || second) << l;
  }
  if (i.mode & 2) w.carry = (w.carry & ~w.mask) | (out & w.mask);
  blend(registerAt<T>(w, i.d), results, w.mask);
}

// ---- decoders

template <bool SUBTRACT>
void decodeAddCarry(Decoder& d, Inst& i, bool carryIn) {
  i.mode = static_cast<u8>((carryIn ? 1 : 0) | (d.take("cc") ? 2 : 0));
  std::string type = d.takeType();
  operandsDAB(d, i, type, type, type);
  i.run = sizeOfType(type) == 4   ? addCarry<u32, SUBTRACT>
          : sizeOfType(type) == 8 ? addCarry<u64, SUBTRACT>
                                  : d.need(nullptr);
}

template <class F, class SATURATED, bool SUBTRACT>
void decodeAdd(Decoder& d, Inst& i) {
  if (isFloat(d.peekType())) return decodeFloatArithmetic(d, i, SUBTRACT ? "sub" : "add");
  if (d.take("cc")) {
    i.mode = 2;
    std::string type = d.takeType();
    operandsDAB(d, i, type, type, type);
    i.run = sizeOfType(type) == 8 ? addCarry<u64, SUBTRACT> : addCarry<u32, SUBTRACT>;
    return;
  }
  bool saturate = d.take("sat");
  std::string type = d.takeType();
  operandsDAB(d, i, type, type, type);
  i.run = saturate ? (type == "s32" ? binary<s32, s32, s32, SATURATED> : d.need(nullptr))
                   : d.need(byUnsigned<Binary<F>::template Of>(type));
}

template <class T>
struct Wide {
  static constexpr Handler multiply = binary<Wider<T>, T, T, MultiplyWide>;
  static constexpr Handler multiplyAdd = ternary<Wider<T>, T, T, Wider<T>, MultiplyAddWide>;
};

template <bool ADD>
Handler wideHandler(const std::string& type) {
  if (type == "s16") return ADD ? Wide<s16>::multiplyAdd : Wide<s16>::multiply;
  if (type == "u16") return ADD ? Wide<u16>::multiplyAdd : Wide<u16>::multiply;
  if (type == "s32") return ADD ? Wide<s32>::multiplyAdd : Wide<s32>::multiply;
  if (type == "u32") return ADD ? Wide<u32>::multiplyAdd : Wide<u32>::multiply;
  return nullptr;
}

void decodeMultiply(Decoder& d, Inst& i) {
  if (isFloat(d.peekType())) return decodeFloatArithmetic(d, i, "mul");
  std::string part = d.takeOne({"lo", "hi", "wide"});
  std::string type = d.takeType();
  std::string to = part == "wide" ? (sizeOfType(type) == 4 ? "u64" : "u32") : type;
  operandsDAB(d, i, to, type, type);
  i.run = d.need(part == "wide" ? wideHandler<false>(type)
                 : part == "lo" ? byUnsigned<Binary<MultiplyLow>::Of>(type)
                                : bySign<Binary<MultiplyHigh>::Of>(type));
}

void decodeMultiplyAdd(Decoder& d, Inst& i) {
  if (isFloat(d.peekType())) return decodeFloatArithmetic(d, i, "fma");
  std::string part = d.takeOne({"lo", "hi", "wide"});
  bool carry = d.take("cc");
  std::string type = d.takeType();
  std::string to = part == "wide" ? (sizeOfType(type) == 4 ? "u64" : "u32") : type;
  operandsDABC(d, i, to, type, type, to);
  if (carry) {
    i.mode = 2;
    i.run = d.need(type != "u32" ? nullptr
                   : part == "lo" ? multiplyAddCarry<u32, MultiplyLow>
                   : part == "hi" ? multiplyAddCarry<u32, MultiplyHigh>
                                  : nullptr);
    return;
  }
  i.run = d.need(part == "wide" ? wideHandler<true>(type)
                 : part == "lo" ? byUnsigned<Ternary<MultiplyAddLow>::Of>(type)
                                : bySign<Ternary<MultiplyAddHigh>::Of>(type));
}

void decodeMultiplyAddCarry(Decoder& d, Inst& i) {
  std::string part = d.takeOne({"lo", "hi"});
  i.mode = static_cast<u8>(1 | (d.take("cc") ? 2 : 0));
  std::string type = d.takeType();
  operandsDABC(d, i, type, type, type, type);
  bool low = part == "lo";
  i.run = d.need(type == "u32"   ? (low ? multiplyAddCarry<u32, MultiplyLow> : multiplyAddCarry<u32, MultiplyHigh>)
                 : type == "u64" ? (low ? multiplyAddCarry<u64, MultiplyLow> : multiplyAddCarry<u64, MultiplyHigh>)
                                 : nullptr);
}

void decodeMultiply24(Decoder& d, Inst& i) {
  bool low = d.takeOne({"lo", "hi"}) == "lo";
  std::string type = d.takeType();
  operandsDAB(d, i, type, type, type);
  i.run = d.need(type == "u32"   ? (low ? binary<u32, u32, u32, Multiply24Low> : binary<u32, u32, u32, Multiply24High>)
                 : type == "s32" ? (low ? binary<s32, s32, s32, Multiply24Low> : binary<s32, s32, s32, Multiply24High>)
                                 : nullptr);
}

void decodeMultiplyAdd24(Decoder& d, Inst& i) {
  if (d.takeOne({"lo"}) != "lo") d.unknown();
  std::string type = d.takeType();
  operandsDABC(d, i, type, type, type, type);
  i.run = d.need(type == "u32"   ? ternary<u32, u32, u32, u32, MultiplyAdd24<Multiply24Low>>
                 : type == "s32" ? ternary<s32, s32, s32, s32, MultiplyAdd24<Multiply24Low>>
                                 : nullptr);
}

template <class F>
void decodeSigned(Decoder& d, Inst& i) {
  std::string type = d.takeType();
  operandsDAB(d, i, type, type, type);
  i.run = d.need(type[0] == 'b' ? nullptr : bySign<Binary<F>::template Of>(type));
}

void decodeDivide(Decoder& d, Inst& i) {
  if (isFloat(d.peekType())) return decodeFloatArithmetic(d, i, "div");
  decodeSigned<Divide>(d, i);
}

template <class F, bool MAXIMUM>
void decodeMinMax(Decoder& d, Inst& i) {
  if (isFloat(d.peekType())) return decodeFloatArithmetic(d, i, MAXIMUM ? "max" : "min");
  decodeSigned<F>(d, i);
}

template <class F>
void decodeOne(Decoder& d, Inst& i, const char* name) {
  if (isFloat(d.peekType())) return decodeFloatArithmetic(d, i, name);
  std::string type = d.takeType();
  operandsDA(d, i, type, type);
  i.run = d.need(type == "s16"   ? unary<s16, s16, F>
                 : type == "s32" ? unary<s32, s32, F>
                 : type == "s64" ? unary<s64, s64, F>
                                 : nullptr);
}

struct NegateSigned {
  template <class T>
  static T of(T x) {
    return static_cast<T>(Negate::of(static_cast<std::make_unsigned_t<T>>(x)));
  }
};

void decodeSumOfDifferences(Decoder& d, Inst& i) {
  std::string type = d.takeType();
  operandsDABC(d, i, type, type, type, type);
  i.run = d.need(type[0] == 'b' ? nullptr : bySign<Ternary<SumOfDifferences>::Of>(type));
}

}  // namespace

void addIntegerOpcodes(OpcodeTable& table) {
  table["add"] = decodeAdd<Add, AddSaturated, false>;
  table["sub"] = decodeAdd<Subtract, SubtractSaturated, true>;
  table["addc"] = [](Decoder& d, Inst& i) { decodeAddCarry<false>(d, i, true); };
  table["subc"] = [](Decoder& d, Inst& i) { decodeAddCarry<true>(d, i, true); };
  table["mul"] = decodeMultiply;
  table["mad"] = decodeMultiplyAdd;
  table["madc"] = decodeMultiplyAddCarry;
  table["mul24"] = decodeMultiply24;
  table["mad24"] = decodeMultiplyAdd24;
  table["div"] = decodeDivide;
  table["rem"] = decodeSigned<Remainder>;
  table["min"] = decodeMinMax<Minimum, false>;
  table["max"] = decodeMinMax<Maximum, true>;
  table["neg"] = [](Decoder& d, Inst& i) { decodeOne<NegateSigned>(d, i, "neg"); };
  table["abs"] = [](Decoder& d, Inst& i) { decodeOne<Absolute>(d, i, "abs"); };
  table["sad"] = decodeSumOfDifferences;
}

}  // namespace emulator
