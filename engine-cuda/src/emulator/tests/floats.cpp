// SPDX-License-Identifier: Apache-2.0

#include <cfenv>
#include <cmath>

#include "opcodes.h"
#include "testing.h"

namespace tests {

namespace {

// Values whose sums and products are exact in 113 bits: directed rounding is taken from there.
const Values MODERATE = {0,          0x80000000, 0x3f800000, 0xbf800001, 0x3f7fffff, 0x40490fdb,
                         0xc0200003, 0x33800001, 0x4b000001, 0xcb7fffff, 0x2f123457};

float flushed(float x) { return std::fabs(x) < 0x1p-126f ? std::copysign(0.0f, x) : x; }
float saturated(float x) { return x > 0 ? std::fmin(x, 1.0f) : 0.0f; }

// The nearest or next float of an exact value.
float roundTo(__float128 exact, const std::string& mode) {
  float nearest = static_cast<float>(exact);
  __float128 back = nearest;
  if (mode == "rn" || back == exact) return nearest;
  bool down = mode == "rm" || (mode == "rz" && exact > 0);
  if (down) return back > exact ? std::nextafterf(nearest, -INFINITY) : nearest;
  return back < exact ? std::nextafterf(nearest, INFINITY) : nearest;
}

using Two = float (*)(float, float);

void binary(const std::string& operation, Two f) {
  opcode(operation + ".f32", "fff", {FLOATS, FLOATS},
         [=](Bits a, Bits b, Bits, Bits) { return resultOf(f(asFloat(a), asFloat(b))); });
}

void binaryFlushed(const std::string& operation, Two f) {
  opcode(operation + ".ftz.f32", "fff", {FLOATS, FLOATS}, [=](Bits a, Bits b, Bits, Bits) {
    return resultOf(flushed(f(flushed(asFloat(a)), flushed(asFloat(b)))));
  });
}

void arithmetic() {
  Two add = [](float x, float y) { return x + y; }, subtract = [](float x, float y) { return x - y; };
  Two multiply = [](float x, float y) { return x * y; }, divide = [](float x, float y) { return x / y; };
  binary("add", add);
  binary("add.rn", add);
  binary("sub.rn", subtract);
  binary("mul.rn", multiply);
  binary("div.rn", divide);
  binaryFlushed("add", add);
  binaryFlushed("sub.rn", subtract);
  binaryFlushed("mul.rn", multiply);
  binaryFlushed("div.rn", divide);
  opcode("add.sat.f32", "fff", {FLOATS, FLOATS},
         [](Bits a, Bits b, Bits, Bits) { return resultOf(saturated(asFloat(a) + asFloat(b))); });
  opcode("mul.ftz.sat.f32", "fff", {FLOATS, FLOATS}, [](Bits a, Bits b, Bits, Bits) {
    return resultOf(saturated(flushed(flushed(asFloat(a)) * flushed(asFloat(b)))));
  });
  opcode("fma.rn.f32", "ffff", {FLOATS, FLOATS, FLOATS},
         [](Bits a, Bits b, Bits c, Bits) { return resultOf(std::fmaf(asFloat(a), asFloat(b), asFloat(c))); });
  opcode("fma.rn.ftz.f32", "ffff", {FLOATS, FLOATS, FLOATS}, [](Bits a, Bits b, Bits c, Bits) {
    return resultOf(flushed(std::fmaf(flushed(asFloat(a)), flushed(asFloat(b)), flushed(asFloat(c)))));
  });
  opcode("fma.rn.sat.f32", "ffff", {FLOATS, FLOATS, {0x3f000000}}, [](Bits a, Bits b, Bits c, Bits) {
    return resultOf(saturated(std::fmaf(asFloat(a), asFloat(b), asFloat(c))));
  });
  opcode("sqrt.rn.f32", "ff", {FLOATS}, [](Bits a, Bits, Bits, Bits) { return resultOf(std::sqrt(asFloat(a))); });
  opcode("rcp.rn.f32", "ff", {FLOATS}, [](Bits a, Bits, Bits, Bits) { return resultOf(1.0f / asFloat(a)); });
}

void roundings() {
  for (const char* name : {"rn", "rz", "rm", "rp"}) {
    std::string mode = name;
    opcode("add." + mode + ".f32", "fff", {MODERATE, MODERATE}, [=](Bits a, Bits b, Bits, Bits) {
      float exactZero = mode == "rm" ? -0.0f : 0.0f;
      __float128 exact = static_cast<__float128>(asFloat(a)) + asFloat(b);
      if (exact == 0) return bitsOf(asFloat(a) == 0 && asFloat(b) == 0 && a == b ? asFloat(a) : exactZero);
      return bitsOf(roundTo(exact, mode));
    });
    opcode("mul." + mode + ".f32", "fff", {MODERATE, MODERATE}, [=](Bits a, Bits b, Bits, Bits) {
      __float128 exact = static_cast<__float128>(asFloat(a)) * asFloat(b);
      return exact == 0 ? (a ^ b) & 0x80000000 : bitsOf(roundTo(exact, mode));
    });
    opcode("fma." + mode + ".f32", "ffff", {MODERATE, MODERATE, {0x3f800001, 0xc1234567}}, [=](Bits a, Bits b, Bits c, Bits) {
      __float128 exact = static_cast<__float128>(asFloat(a)) * asFloat(b) + asFloat(c);
      return exact == 0 && mode == "rm" ? Bits{0x80000000} : bitsOf(roundTo(exact, mode));
    });
    const Values positive = {0x3f800000, 0x40400000, 0x40490fdb, 0x33800001, 0x4b000001};
    opcode("sqrt." + mode + ".f32", "ff", {positive}, [=](Bits a, Bits, Bits, Bits) {
      // A root of a float is no float and no midpoint, or it is exact: long double decides.
      return bitsOf(roundTo(std::sqrt(static_cast<long double>(asFloat(a))), mode));
    });
    opcode("div." + mode + ".f32", "fff", {positive, positive}, [=](Bits a, Bits b, Bits, Bits) {
      return bitsOf(roundTo(static_cast<__float128>(asFloat(a)) / asFloat(b), mode));
    });
    opcode("rcp." + mode + ".f32", "ff", {positive}, [=](Bits a, Bits, Bits, Bits) {
      return bitsOf(roundTo(static_cast<__float128>(1) / asFloat(a), mode));
    });
  }
}

float least(float x, float y) {
  if (x != x) return y;
  if (y != y) return x;
  return x < y || (x == y && std::signbit(x)) ? x : y;
}

void extremes() {
  binary("min", least);
  binary("max", [](float x, float y) { return x != x ? y : y != y ? x : -least(-x, -y); });
  binary("min.NaN", [](float x, float y) { return x != x || y != y ? NAN : least(x, y); });
  binaryFlushed("min", least);
  opcode("neg.f32", "ff", {FLOATS}, [](Bits a, Bits, Bits, Bits) { return a ^ 0x80000000; });
  opcode("abs.f32", "ff", {FLOATS}, [](Bits a, Bits, Bits, Bits) { return a & 0x7fffffff; });
  opcode("abs.ftz.f32", "ff", {FLOATS}, [](Bits a, Bits, Bits, Bits) { return bitsOf(flushed(asFloat(a & 0x7fffffff))); });
  opcode("copysign.f32", "fff", {FLOATS, FLOATS},
         [](Bits a, Bits b, Bits, Bits) { return (a & 0x80000000) | (b & 0x7fffffff); });
  opcode("testp.subnormal.f32", "pf", {FLOATS}, [](Bits a, Bits, Bits, Bits) {
    return Bits{(a & 0x7f800000) == 0 && (a & 0x7fffff) != 0};
  });
  opcode("testp.finite.f32", "pf", {FLOATS}, [](Bits a, Bits, Bits, Bits) { return Bits{(a & 0x7f800000) != 0x7f800000}; });
  opcode("testp.infinite.f64", "pg", {DOUBLES}, [](Bits a, Bits, Bits, Bits) { return Bits{a << 1 == 0xffe0000000000000}; });
  opcode("testp.notanumber.f32", "pf", {FLOATS}, [](Bits a, Bits, Bits, Bits) { return Bits{(a & 0x7fffffff) > 0x7f800000}; });
}

void comparisons() {
  struct Test {
    const char* name;
    bool less, equal, greater, unordered;
  };
  const Test all[] = {{"eq", 0, 1, 0, 0},  {"ne", 1, 0, 1, 0},  {"lt", 1, 0, 0, 0},  {"le", 1, 1, 0, 0},
                      {"gt", 0, 0, 1, 0},  {"ge", 0, 1, 1, 0},  {"equ", 0, 1, 0, 1}, {"neu", 1, 0, 1, 1},
                      {"ltu", 1, 0, 0, 1}, {"leu", 1, 1, 0, 1}, {"gtu", 0, 0, 1, 1}, {"geu", 0, 1, 1, 1},
                      {"num", 1, 1, 1, 0}, {"nan", 0, 0, 0, 1}};
  for (const Test& t : all) {
    auto holds = [=](auto x, auto y) {
      return Bits{x < y ? t.less : x == y ? t.equal : x > y ? t.greater : t.unordered};
    };
    std::string name = std::string("setp.") + t.name;
    opcode(name + ".f32", "pff", {FLOATS, FLOATS}, [=](Bits a, Bits b, Bits, Bits) { return holds(asFloat(a), asFloat(b)); });
    opcode(name + ".ftz.f32", "pff", {FLOATS, FLOATS},
           [=](Bits a, Bits b, Bits, Bits) { return holds(flushed(asFloat(a)), flushed(asFloat(b))); });
    opcode(name + ".f64", "pgg", {DOUBLES, DOUBLES}, [=](Bits a, Bits b, Bits, Bits) { return holds(asDouble(a), asDouble(b)); });
  }
}

void doubles() {
  std::vector<Values> both = {DOUBLES, DOUBLES};
  // Operations without an answer give x86 a NaN of the other sign: any NaN will do.
  auto result = [](double x) { return x != x ? Bits{0xfff8000000000000} : bitsOf(x); };
  opcode("add.rn.f64", "ggg", both, [=](Bits a, Bits b, Bits, Bits) { return result(asDouble(a) + asDouble(b)); });
  opcode("sub.f64", "ggg", both, [=](Bits a, Bits b, Bits, Bits) { return result(asDouble(a) - asDouble(b)); });
  opcode("mul.f64", "ggg", both, [=](Bits a, Bits b, Bits, Bits) { return result(asDouble(a) * asDouble(b)); });
  opcode("div.rn.f64", "ggg", both, [=](Bits a, Bits b, Bits, Bits) { return result(asDouble(a) / asDouble(b)); });
  opcode("fma.rn.f64", "gggg", {DOUBLES, DOUBLES, {0x3ff0000000000000, 1}}, [=](Bits a, Bits b, Bits c, Bits) {
    return result(std::fma(asDouble(a), asDouble(b), asDouble(c)));
  });
  opcode("sqrt.rn.f64", "gg", {DOUBLES}, [=](Bits a, Bits, Bits, Bits) { return result(std::sqrt(asDouble(a))); });
  opcode("rcp.rn.f64", "gg", {DOUBLES}, [=](Bits a, Bits, Bits, Bits) { return result(1 / asDouble(a)); });
  opcode("add.rm.f64", "ggg", {{0x3ff0000000000000}, {0xbc00000000000000}},
         [](Bits, Bits, Bits, Bits) { return Bits{0x3fefffffffffffff}; });
  opcode("neg.f64", "gg", {DOUBLES}, [](Bits a, Bits, Bits, Bits) { return a ^ 0x8000000000000000; });
  opcode("abs.f64", "gg", {DOUBLES}, [](Bits a, Bits, Bits, Bits) { return a & 0x7fffffffffffffff; });
  opcode("max.f64", "ggg", both, [](Bits a, Bits b, Bits, Bits) {
    return asDouble(a) == asDouble(b) ? a & b : asDouble(a) > asDouble(b) ? a : b;
  });
}

}  // namespace

void testFloats() {
  arithmetic();
  roundings();
  extremes();
  comparisons();
  doubles();
}

// ---- approximate instructions: within the documented error, moved by the seed, special values exact

namespace {

Values ramp(float from, float to, int count) {
  Values all;
  for (int i = 0; i < count; i++) all.push_back(bitsOf(from + (to - from) * static_cast<float>(i) / static_cast<float>(count)));
  return all;
}

std::vector<float> runOn(const std::string& instruction, const Values& inputs) {
  std::vector<uint32_t> in(inputs.begin(), inputs.end());
  Buffer input(in), out(std::vector<uint32_t>(in.size()));
  auto module = load(kernel("ld.global.f32 %f1, [%a];\n" + instruction + " %f2, %f1;\nst.global.f32 [%b], %f2;"));
  check(launch(*module, Arguments().add(input).add(out), {1, static_cast<unsigned>(in.size()), 0}).empty(), instruction);
  std::vector<float> results;
  for (uint32_t word : out.words()) results.push_back(asFloat(word));
  return results;
}

void within(const std::string& instruction, const Values& inputs, double (*exact)(double), double relative, double absolute) {
  emulator::options().seed = 1;
  std::vector<float> first = runOn(instruction, inputs);
  emulator::options().seed = 2;
  std::vector<float> second = runOn(instruction, inputs);
  emulator::options().seed = 0;
  int moved = 0;
  for (size_t i = 0; i < inputs.size(); i++) {
    double want = exact(asFloat(inputs[i]));
    double bound = std::fabs(want) * relative + absolute;
    check(std::fabs(first[i] - want) <= bound && std::fabs(second[i] - want) <= bound,
          instruction + " of " + std::to_string(asFloat(inputs[i])) + " is beyond its error");
    moved += first[i] != second[i];
  }
  check(moved > static_cast<int>(inputs.size()) / 10, instruction + " is not perturbed");
}

void special(const std::string& instruction, const Values& inputs, const Values& results) {
  std::vector<float> got = runOn(instruction, inputs);
  for (size_t i = 0; i < inputs.size(); i++) {
    check(bitsOf(got[i]) == results[i], instruction + " of a special value: " + std::to_string(i));
  }
}

}  // namespace

void testApproximations() {
  within("ex2.approx.f32", ramp(-20, 20, 900), [](double x) { return std::exp2(x); }, 0x1p-22, 0);
  within("lg2.approx.f32", ramp(2, 1000, 900), [](double x) { return std::log2(x); }, 0x1p-22, 0);
  within("lg2.approx.f32", ramp(0.51f, 1.99f, 900), [](double x) { return std::log2(x); }, 0, 0x1p-22);
  within("rcp.approx.f32", ramp(1, 2, 900), [](double x) { return 1 / x; }, 0, 0x1p-24);
  within("rsqrt.approx.f32", ramp(0.1f, 9, 900), [](double x) { return 1 / std::sqrt(x); }, 1.81e-7, 0);
  within("sqrt.approx.f32", ramp(0.1f, 9, 900), [](double x) { return std::sqrt(x); }, 0x1p-23, 0);
  within("sin.approx.f32", ramp(-3, 3, 900), [](double x) { return std::sin(x); }, 0, 6.8e-7);
  within("cos.approx.f32", ramp(-3, 3, 900), [](double x) { return std::cos(x); }, 0, 6.8e-7);
  within("tanh.approx.f32", ramp(-3, 3, 900), [](double x) { return std::tanh(x); }, 0x1p-11, 0);
  const Bits zero = 0, minusZero = 0x80000000, one = 0x3f800000, inf = 0x7f800000, minusInf = 0xff800000,
             nan = 0x7fffffff, subnormal = 0x00400000;
  special("ex2.approx.f32", {zero, inf, minusInf, 0x7fc00000}, {one, inf, zero, nan});
  special("lg2.approx.f32", {zero, inf, one, 0xbf800000}, {minusInf, inf, zero, nan});
  special("rcp.approx.f32", {zero, minusZero, inf, minusInf, one}, {inf, minusInf, zero, minusZero, one});
  special("rcp.approx.ftz.f32", {subnormal, 0x80400000}, {inf, minusInf});
  special("rsqrt.approx.f32", {zero, inf, 0xbf800000}, {inf, zero, nan});
  special("sin.approx.f32", {zero, minusZero, inf}, {zero, minusZero, nan});
  special("tanh.approx.f32", {zero, minusZero, inf, minusInf}, {zero, minusZero, one, 0xbf800000});
  opcode("div.full.f32", "fff", {{0x3f800000, 0xbf800000}, {zero, inf}}, [](Bits a, Bits b, Bits, Bits) {
    return resultOf(asFloat(a) / asFloat(b));
  });
  opcode("div.approx.f32", "fff", {{0x3f800000, 0xff800000}, {0x7f000001}},
         [](Bits a, Bits, Bits, Bits) { return a == 0x3f800000 ? 0 : Bits{0x7fffffff}; });
}

}  // namespace tests
