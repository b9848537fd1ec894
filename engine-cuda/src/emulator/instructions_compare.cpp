// SPDX-License-Identifier: Apache-2.0

// Comparisons and selections.

#include "floats.h"

namespace emulator {

namespace {

struct Equal { template <class T> static bool of(T x, T y) { return x == y; } };
struct NotEqual { template <class T> static bool of(T x, T y) { return x < y || x > y; } };
struct Less { template <class T> static bool of(T x, T y) { return x < y; } };
struct LessEqual { template <class T> static bool of(T x, T y) { return x <= y; } };
struct Greater { template <class T> static bool of(T x, T y) { return x > y; } };
struct GreaterEqual { template <class T> static bool of(T x, T y) { return x >= y; } };
struct Numbers { template <class T> static bool of(T x, T y) { return x == x && y == y; } };
// True also when an operand is NaN.
template <class F>
struct OrUnordered {
  template <class T>
  static bool of(T x, T y) {
    return F::of(x, y) || x != x || y != y;
  }
};
struct Unordered { template <class T> static bool of(T x, T y) { return x != x || y != y; } };

template <class F>
struct FlushedCompare {
  static bool of(float x, float y) { return F::of(flush(x), flush(y)); }
};

enum Combine : u8 { ALONE, AND, OR, XOR };

u32 combine(Warp& w, const Inst& i, u32 result) {
  u32 other = predicate(w, i.c) ^ static_cast<u32>(i.imm);
  switch (i.mode) {
    case AND: return result & other;
    case OR: return result | other;
    case XOR: return result ^ other;
    default: return result;
  }
}

// v[0] gets the combination of the opposite.
template <class A, class F>
struct SetPredicate {
  static void run(Warp& w, const Inst& i) {
    u32 result = compareLanes<A, F>(w, i);
    u32 combined = combine(w, i, result);
    u32 opposite = combine(w, i, ~result);
    if (i.v[0] != 0) setPredicate(w, i.v[0], opposite);
    setPredicate(w, i.d, combined);
  }
};

template <class F>
Handler integerCompare(const std::string& type) {
  return type == "u16" || type == "b16"   ? SetPredicate<u16, F>::run
         : type == "s16"                  ? SetPredicate<s16, F>::run
         : type == "u32" || type == "b32" ? SetPredicate<u32, F>::run
         : type == "s32"                  ? SetPredicate<s32, F>::run
         : type == "u64" || type == "b64" ? SetPredicate<u64, F>::run
         : type == "s64"                  ? SetPredicate<s64, F>::run
                                          : nullptr;
}

template <class F>
Handler floatCompare(const std::string& type, bool flushed) {
  if (type == "f64") return flushed ? nullptr : SetPredicate<double, F>::run;
  if (type != "f32") return nullptr;
  return flushed ? SetPredicate<float, FlushedCompare<F>>::run : SetPredicate<float, F>::run;
}

Handler integerHandler(const std::string& test, const std::string& type) {
  bool isUnsigned = type[0] == 'u';
  if (test == "eq") return integerCompare<Equal>(type);
  if (test == "ne") return integerCompare<NotEqual>(type);
  if (type[0] == 'b') return nullptr;
  if (test == "lt" || (isUnsigned && test == "lo")) return integerCompare<Less>(type);
  if (test == "le" || (isUnsigned && test == "ls")) return integerCompare<LessEqual>(type);
  if (test == "gt" || (isUnsigned && test == "hi")) return integerCompare<Greater>(type);
  if (test == "ge" || (isUnsigned && test == "hs")) return integerCompare<GreaterEqual>(type);
  return nullptr;
}

Handler floatHandler(const std::string& test, const std::string& type, bool flushed) {
  if (test == "eq") return floatCompare<Equal>(type, flushed);
  if (test == "ne") return floatCompare<NotEqual>(type, flushed);
  if (test == "lt") return floatCompare<Less>(type, flushed);
  if (test == "le") return floatCompare<LessEqual>(type, flushed);
  if (test == "gt") return floatCompare<Greater>(type, flushed);
  if (test == "ge") return floatCompare<GreaterEqual>(type, flushed);
  if (test == "equ") return floatCompare<OrUnordered<Equal>>(type, flushed);
  if (test == "neu") return floatCompare<OrUnordered<NotEqual>>(type, flushed);
  if (test == "ltu") return floatCompare<OrUnordered<Less>>(type, flushed);
  if (test == "leu") return floatCompare<OrUnordered<LessEqual>>(type, flushed);
  if (test == "gtu") return floatCompare<OrUnordered<Greater>>(type, flushed);
  if (test == "geu") return floatCompare<OrUnordered<GreaterEqual>>(type, flushed);
  if (test == "num") return floatCompare<Numbers>(type, flushed);
  if (test == "nan") return floatCompare<Unordered>(type, flushed);
  return nullptr;
}

Handler handlerOf(const std::string& test, const std::string& type, bool flushed) {
  if (isFloat(type)) return floatHandler(test, type, flushed);
  return flushed ? nullptr : integerHandler(test, type);
}

void takeCombination(Decoder& d, Inst& i) {
  std::string with = d.takeOne({"and", "or", "xor"}, true);
  i.mode = with == "and" ? AND : with == "or" ? OR : with == "xor" ? XOR : ALONE;
}

void combinedOperand(Decoder& d, Inst& i) {
  if (i.mode == ALONE) return;
  d.comma();
  bool negated;
  i.c = d.predicateOperand(&negated);
  i.imm = negated ? -1 : 0;
}

void decodeSetPredicate(Decoder& d, Inst& i) {
  takeCombination(d, i);
  bool flushed = d.take("ftz");
  std::string type = d.takeType();
  std::string test = d.takeAny();
  i.d = d.destination("pred");
  if (d.accept("|")) i.v[0] = d.destination("pred");
  d.comma();
  i.a = d.operand(type);
  d.comma();
  i.b = d.operand(type);
  combinedOperand(d, i);
  i.run = d.need(handlerOf(test, type, flushed));
}

// ---- selections

template <class T>
void select(Warp& w, const Inst& i) {
  u32 p = predicate(w, i.c);
  const T* a = registerAt<T>(w, i.a);
  const T* b = registerAt<T>(w, i.b);
  eachLane<T>(w, i.d, [=](int l) { return p >> l & 1 ? a[l] : b[l]; });
}

void decodeSelect(Decoder& d, Inst& i) {
  std::string type = d.takeType();
  operandsDABC(d, i, type, type, type, "pred");
  i.run = sizeOfType(type) == 8 ? select<u64> : select<u32>;
}

// By the sign of c: x for c >= 0, y for c < 0 and NaN.
struct SelectBySign {
  template <class T, class C>
  static T of(T x, T y, C c) {
    return c >= 0 ? x : y;
  }
};
struct SelectBySignFlushed {
  template <class T>
  static T of(T x, T y, float c) {
    return flush(c) >= 0 ? x : y;
  }
};

void decodeSelectBySign(Decoder& d, Inst& i) {
  bool flushed = d.take("ftz");
  std::string type = d.takeType();
  std::string by = d.takeType();
  if ((by != "s32" && by != "f32") || (flushed && by != "f32")) d.unknown();
  operandsDABC(d, i, type, type, type, by);
  bool wide = sizeOfType(type) == 8;
  if (by == "s32") {
    i.run = wide ? ternary<u64, u64, u64, s32, SelectBySign> : ternary<u32, u32, u32, s32, SelectBySign>;
  } else if (flushed) {
    i.run = wide ? ternary<u64, u64, u64, float, SelectBySignFlushed>
                 : ternary<u32, u32, u32, float, SelectBySignFlushed>;
  } else {
    i.run = wide ? ternary<u64, u64, u64, float, SelectBySign> : ternary<u32, u32, u32, float, SelectBySign>;
  }
}

// ---- properties of floats

struct CopySign { template <class T> static T of(T sign, T x) { return std::copysign(x, sign); } };

void decodeCopySign(Decoder& d, Inst& i) {
  std::string type = d.takeType();
  operandsDAB(d, i, type, type, type);
  i.run = d.need(type == "f32"   ? binary<float, float, float, CopySign>
                 : type == "f64" ? binary<double, double, double, CopySign>
                                 : nullptr);
}

template <class T>
bool hasProperty(T x, int property) {
  int kind = std::fpclassify(x);
  switch (property) {
    case 0: return kind != FP_INFINITE && kind != FP_NAN;
    case 1: return kind == FP_INFINITE;
    case 2: return kind != FP_NAN;
    case 3: return kind == FP_NAN;
    case 4: return kind == FP_NORMAL || kind == FP_ZERO;
    default: return kind == FP_SUBNORMAL;
  }
}

template <class T>
void testProperty(Warp& w, const Inst& i) {
  const T* a = registerAt<T>(w, i.a);
  u32 result = 0;
  for (int l = 0; l < LANES; l++) result |= hasProperty(a[l], i.mode) ? 1u << l : 0;
  setPredicate(w, i.d, result);
}

void decodeTestProperty(Decoder& d, Inst& i) {
  static const std::vector<std::string> names = {"finite", "infinite", "number",
                                                 "notanumber", "normal", "subnormal"};
  std::string name = d.takeOne(names);
  while (names[i.mode] != name) i.mode++;
  std::string type = d.takeType();
  operandsDA(d, i, "pred", type);
  i.run = d.need(type == "f32" ? testProperty<float> : type == "f64" ? testProperty<double> : nullptr);
}

}  // namespace

void addCompareOpcodes(OpcodeTable& table) {
  table["setp"] = decodeSetPredicate;
  table["selp"] = decodeSelect;
  table["slct"] = decodeSelectBySign;
  table["copysign"] = decodeCopySign;
  table["testp"] = decodeTestProperty;
}

}  // namespace emulator
