// SPDX-License-Identifier: Apache-2.0

// Arithmetic of single and double precision, correctly rounded in the mode that the opcode names.
// Subnormals are kept unless it says ftz.

#include "approximate.h"
#include "floats.h"

namespace emulator {

namespace {

struct Add { template <class T> static T of(T x, T y) { return canonical(x + y); } };
struct Subtract { template <class T> static T of(T x, T y) { return canonical(x - y); } };
struct Multiply { template <class T> static T of(T x, T y) { return canonical(x * y); } };
struct Divide { template <class T> static T of(T x, T y) { return canonical(x / y); } };
struct Fused {
  static float of(float x, float y, float z) { return canonical(__builtin_fmaf(x, y, z)); }
  static double of(double x, double y, double z) { return __builtin_fma(x, y, z); }
};
struct Root { template <class T> static T of(T x) { return canonical(std::sqrt(x)); } };
struct Reciprocal { template <class T> static T of(T x) { return canonical(T{1} / x); } };
struct Negate { template <class T> static T of(T x) { return -x; } };
struct Absolute { template <class T> static T of(T x) { return std::fabs(x); } };

// A NaN loses against a number; -0 is less than +0.
struct Minimum {
  template <class T>
  static T of(T x, T y) {
    T least = x < y || (x == y && std::signbit(x)) ? x : y;
    return canonical(x != x ? y : y != y ? x : least);
  }
};
struct Maximum {
  template <class T>
  static T of(T x, T y) {
    T most = x > y || (x == y && !std::signbit(x)) ? x : y;
    return canonical(x != x ? y : y != y ? x : most);
  }
};
template <class F>
struct WithNaN {
  template <class T>
  static T of(T x, T y) {
    return x != x || y != y ? canonical(std::numeric_limits<T>::quiet_NaN()) : F::of(x, y);
  }
};

template <int N, class T, class F>
struct OfArity;
template <class T, class F>
struct OfArity<1, T, F> { static constexpr Handler run = unary<T, T, F>; };
template <class T, class F>
struct OfArity<2, T, F> { static constexpr Handler run = binary<T, T, T, F>; };
template <class T, class F>
struct OfArity<3, T, F> { static constexpr Handler run = ternary<T, T, T, T, F>; };

template <int N, class F>
Handler single(Inst& i, const std::string& rounding, bool flushed, bool saturated) {
  if (flushed && saturated) return byRounding<OfArity<N, float, Saturated<Flushed<F>>>::run>(i, rounding);
  if (flushed) return byRounding<OfArity<N, float, Flushed<F>>::run>(i, rounding);
  if (saturated) return byRounding<OfArity<N, float, Saturated<F>>::run>(i, rounding);
  return byRounding<OfArity<N, float, F>::run>(i, rounding);
}

void operandsOf(Decoder& d, Inst& i, const std::string& type, int count) {
  if (count == 1) operandsDA(d, i, type, type);
  if (count == 2) operandsDAB(d, i, type, type, type);
  if (count == 3) operandsDABC(d, i, type, type, type, type);
}

// add, sub, mul, fma; div, sqrt and rcp once their approximate forms are out of the way.
template <int N, class F>
void decodeRounded(Decoder& d, Inst& i, bool maySaturate) {
  std::string rounding = takeRounding(d);
  bool flushed = d.take("ftz");
  bool saturated = maySaturate && d.take("sat");
  std::string type = d.takeType();
  operandsOf(d, i, type, N);
  if (type == "f32") {
    i.run = single<N, F>(i, rounding, flushed, saturated);
  } else {
    if (type != "f64" || flushed || saturated) d.unknown();
    i.run = byRounding<OfArity<N, double, F>::run>(i, rounding);
  }
}

template <class F>
void decodeExtreme(Decoder& d, Inst& i) {
  bool flushed = d.take("ftz");
  bool withNaN = d.take("NaN");
  std::string type = d.takeType();
  operandsOf(d, i, type, 2);
  if (type == "f32") {
    i.run = withNaN ? single<2, WithNaN<F>>(i, "", flushed, false) : single<2, F>(i, "", flushed, false);
  } else {
    i.run = d.need(type == "f64" && !flushed && !withNaN ? OfArity<2, double, F>::run : nullptr);
  }
}

template <class F>
void decodeSign(Decoder& d, Inst& i) {
  bool flushed = d.take("ftz");
  std::string type = d.takeType();
  operandsOf(d, i, type, 1);
  i.run = d.need(type == "f32"               ? single<1, F>(i, "", flushed, false)
                 : type == "f64" && !flushed ? OfArity<1, double, F>::run
                                             : nullptr);
}

// Single precision only: rcp.approx and the like.
template <int N, class F>
void decodeApproximate(Decoder& d, Inst& i) {
  bool flushed = d.take("ftz");
  std::string type = d.takeType();
  if (type != "f32") d.unknown();
  operandsOf(d, i, type, N);
  i.run = flushed ? OfArity<N, float, Flushed<F>>::run : OfArity<N, float, F>::run;
}

template <class F>
void decodeOnlyApproximate(Decoder& d, Inst& i) {
  d.takeOne({"approx"});
  decodeApproximate<1, F>(d, i);
}

template <class EXACT, class APPROXIMATE>
void decodeEither(Decoder& d, Inst& i) {
  if (d.take("approx")) return decodeApproximate<1, APPROXIMATE>(d, i);
  decodeRounded<1, EXACT>(d, i, false);
}

void decodeDivide(Decoder& d, Inst& i) {
  if (d.take("approx")) return decodeApproximate<2, ApproximateQuotient>(d, i);
  if (d.take("full")) return decodeApproximate<2, FullRangeQuotient>(d, i);
  decodeRounded<2, Divide>(d, i, false);
}

}  // namespace

void decodeFloatArithmetic(Decoder& d, Inst& i, const std::string& name) {
  if (name == "add") decodeRounded<2, Add>(d, i, true);
  if (name == "sub") decodeRounded<2, Subtract>(d, i, true);
  if (name == "mul") decodeRounded<2, Multiply>(d, i, true);
  if (name == "fma") decodeRounded<3, Fused>(d, i, true);
  if (name == "div") decodeDivide(d, i);
  if (name == "min") decodeExtreme<Minimum>(d, i);
  if (name == "max") decodeExtreme<Maximum>(d, i);
  if (name == "neg") decodeSign<Negate>(d, i);
  if (name == "abs") decodeSign<Absolute>(d, i);
}

void addFloatOpcodes(OpcodeTable& table) {
  table["fma"] = [](Decoder& d, Inst& i) { decodeRounded<3, Fused>(d, i, true); };
  table["sqrt"] = decodeEither<Root, ApproximateRoot>;
  table["rcp"] = decodeEither<Reciprocal, ApproximateReciprocal>;
  table["rsqrt"] = decodeOnlyApproximate<ApproximateInverseRoot>;
  table["ex2"] = decodeOnlyApproximate<ApproximateExp2>;
  table["lg2"] = decodeOnlyApproximate<ApproximateLog2>;
  table["sin"] = decodeOnlyApproximate<ApproximateSine>;
  table["cos"] = decodeOnlyApproximate<ApproximateCosine>;
  table["tanh"] = decodeOnlyApproximate<ApproximateTanh>;
}

}  // namespace emulator
