// SPDX-License-Identifier: Apache-2.0

#include <cfenv>
#include <cmath>
#include <limits>

#include "opcodes.h"
#include "testing.h"

namespace tests {

namespace {

char registerFor(int bits) { return bits == 64 ? 'd' : bits == 32 ? 'r' : 'h'; }

struct Integer {
  int bits;
  bool isSigned;
  std::string name() const { return (isSigned ? "s" : "u") + std::to_string(bits); }
  __int128 least() const { return isSigned ? -(__int128{1} << (bits - 1)) : 0; }
  __int128 most() const { return (__int128{1} << (bits - isSigned)) - 1; }
  __int128 value(Bits raw) const {
    __int128 low = raw & static_cast<Bits>((__int128{1} << bits) - 1);
    return isSigned && low >> (bits - 1) ? low - (__int128{1} << bits) : low;
  }
  // As it lies in a register: 8-bit values are extended, 16 bits for the rest.
  Bits lies(__int128 x) const {
    if (bits == 8) x = value(static_cast<Bits>(x));
    int width = bits == 8 ? 16 : bits;
    return static_cast<Bits>(x) & static_cast<Bits>((__int128{1} << width) - 1);
  }
};

const Integer INTEGERS[] = {{8, false}, {8, true}, {16, false}, {16, true}, {32, false}, {32, true}, {64, false}, {64, true}};

const Values& valuesOf(int bits) { return bits == 64 ? INTS64 : bits == 32 ? INTS32 : INTS16; }

void integers() {
  for (const Integer& to : INTEGERS) {
    for (const Integer& from : INTEGERS) {
      std::string types = "." + to.name() + "." + from.name();
      std::string registers = {registerFor(to.bits), registerFor(from.bits)};
      opcode("cvt" + types, registers, {valuesOf(from.bits)},
             [=](Bits a, Bits, Bits, Bits) { return to.lies(from.value(a)); });
      opcode("cvt.sat" + types, registers, {valuesOf(from.bits)}, [=](Bits a, Bits, Bits, Bits) {
        __int128 x = from.value(a);
        return to.lies(x < to.least() ? to.least() : x > to.most() ? to.most() : x);
      });
    }
  }
}

template <class T>
T directed(__float128 exact, const std::string& mode) {
  T nearest = static_cast<T>(exact);
  __float128 back = nearest;
  bool down = mode == "rm" || (mode == "rz" && exact > 0);
  if (mode == "rn" || back == exact) return nearest;
  if (down) return back > exact ? std::nextafter(nearest, -std::numeric_limits<T>::infinity()) : nearest;
  return back < exact ? std::nextafter(nearest, std::numeric_limits<T>::infinity()) : nearest;
}

void toFloats() {
  for (const Integer& from : INTEGERS) {
    for (const char* mode : {"rn", "rz", "rm", "rp"}) {
      std::string name = std::string("cvt.") + mode;
      std::string registers = {'f', registerFor(from.bits)};
      opcode(name + ".f32." + from.name(), registers, {valuesOf(from.bits)},
             [=](Bits a, Bits, Bits, Bits) { return bitsOf(directed<float>(from.value(a), mode)); });
      registers[0] = 'g';
      opcode(name + ".f64." + from.name(), registers, {valuesOf(from.bits)},
             [=](Bits a, Bits, Bits, Bits) { return bitsOf(directed<double>(from.value(a), mode)); });
    }
  }
}

double integral(double x, const std::string& mode) {
  return mode == "rzi" ? std::trunc(x) : mode == "rmi" ? std::floor(x) : mode == "rpi" ? std::ceil(x) : std::nearbyint(x);
}

Bits toInteger(double x, const Integer& to, const std::string& mode, bool fromDouble) {
  if (x != x) return fromDouble || to.bits == 64 ? to.lies(__int128{1} << (to.bits - 1)) : 0;
  double y = integral(x, mode);
  if (y <= static_cast<double>(to.least())) return to.lies(to.least());
  if (y >= static_cast<double>(to.most())) return to.lies(to.most());
  return to.lies(static_cast<__int128>(y));
}

const Values HALVES = {0x3f000000, 0xbf000000, 0x3fc00000, 0x40200000, 0xc0200000, 0x3effffff, 0x3f000001,
                       0x4effffff, 0x4f000000, 0xcf000000, 0x4f7fffff, 0x437e8000, 0x80000001, 0x47000000};

void fromFloats() {
  Values singles = FLOATS, doubles = DOUBLES;
  singles.insert(singles.end(), HALVES.begin(), HALVES.end());
  for (Bits half : HALVES) doubles.push_back(bitsOf(static_cast<double>(asFloat(half))));
  doubles.push_back(0x7ff8000000000000);
  for (const char* mode : {"rni", "rzi", "rmi", "rpi"}) {
    std::string name = std::string("cvt.") + mode;
    for (const Integer& to : INTEGERS) {
      std::string registers = {registerFor(to.bits), 'f'};
      opcode(name + "." + to.name() + ".f32", registers, {singles},
             [=](Bits a, Bits, Bits, Bits) { return toInteger(asFloat(a), to, mode, false); });
      registers[1] = 'g';
      opcode(name + "." + to.name() + ".f64", registers, {doubles},
             [=](Bits a, Bits, Bits, Bits) { return toInteger(asDouble(a), to, mode, true); });
    }
    opcode(name + ".f32.f32", "ff", {singles},
           [=](Bits a, Bits, Bits, Bits) { return resultOf(static_cast<float>(integral(asFloat(a), mode))); });
    opcode(name + ".f64.f64", "gg", {DOUBLES},
           [=](Bits a, Bits, Bits, Bits) { return bitsOf(integral(asDouble(a), mode)); });
  }
  opcode("cvt.rpi.ftz.s32.f32", "rf", {{1, 0x3f000000}}, [](Bits a, Bits, Bits, Bits) { return Bits{a != 1}; });
}

void floats() {
  opcode("cvt.f64.f32", "gf", {{0, 1, 0x80000000, 0x3f800001, 0x7f800000, 0x00400000}},
         [](Bits a, Bits, Bits, Bits) { return bitsOf(static_cast<double>(asFloat(a))); });
  for (const char* mode : {"rn", "rz", "rm", "rp"}) {
    opcode(std::string("cvt.") + mode + ".f32.f64", "fg", {{0x3ff0000010000000, 0x3ff0000010000001, 0xbff0000030000000, 0x36a0000000000000, 0x3690000000000001}},
           [=](Bits a, Bits, Bits, Bits) { return bitsOf(directed<float>(asDouble(a), mode)); });
  }
  opcode("cvt.sat.f32.f32", "ff", {FLOATS}, [](Bits a, Bits, Bits, Bits) {
    float x = asFloat(a);
    return bitsOf(x > 0 ? (x < 1 ? x : 1.0f) : 0.0f);
  });
  opcode("cvt.ftz.f32.f32", "ff", {{1, 0x80400000, 0x3f800000}},
         [](Bits a, Bits, Bits, Bits) { return a == 0x3f800000 ? a : a & 0x80000000; });
  opcode("cvt.f32.f16", "fh", {{0, 0x3c00, 0x0001, 0xfbff, 0x7c00, 0x8000}}, [](Bits a, Bits, Bits, Bits) {
    static const std::vector<std::pair<Bits, float>> known = {{0, 0.0f}, {0x3c00, 1.0f}, {1, 0x1p-24f}, {0xfbff, -65504.0f}, {0x7c00, INFINITY}, {0x8000, -0.0f}};
    for (auto& [half, single] : known) {
      if (half == a) return bitsOf(single);
    }
    return Bits{1};
  });
  opcode("cvt.rn.f16.f32", "hf", {{0x3f800000, 0x3f801000, 0x3f803000, 0x477ff000, 0x33800000, 0x7fc00000}}, [](Bits a, Bits, Bits, Bits) {
    return a == 0x3f800000 || a == 0x3f801000 ? Bits{0x3c00} : a == 0x3f803000 ? 0x3c02 : a == 0x477ff000 ? 0x7c00 : a == 0x33800000 ? 1 : 0x7fff;
  });
}

}  // namespace

void testConversions() {
  integers();
  toFloats();
  fromFloats();
  floats();
}

}  // namespace tests
