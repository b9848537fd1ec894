// SPDX-License-Identifier: Apache-2.0

#include <algorithm>

#include "opcodes.h"
#include "testing.h"

namespace tests {

namespace {

const Values COUNTS = {0, 1, 7, 15, 16, 31, 32, 33, 63, 64, 65, 255, 256, 0x80000000, 0xffffffff};

struct Width {
  int bits;
  std::string registers(int count) const { return std::string(count, bits == 16 ? 'h' : bits == 32 ? 'r' : 'd'); }
  std::string type(const char* kind) const { return kind + std::to_string(bits); }
  const Values& values() const { return bits == 16 ? INTS16 : bits == 32 ? INTS32 : INTS64; }
  Bits mask() const { return bits == 64 ? ~0ull : (1ull << bits) - 1; }
  int64_t sign(Bits x) const { return static_cast<int64_t>(x << (64 - bits)) >> (64 - bits); }
};

void logic(const Width& w) {
  std::vector<Values> both = {w.values(), w.values()};
  opcode("and." + w.type("b"), w.registers(3), both, [](Bits a, Bits b, Bits, Bits) { return a & b; });
  opcode("or." + w.type("b"), w.registers(3), both, [](Bits a, Bits b, Bits, Bits) { return a | b; });
  opcode("xor." + w.type("b"), w.registers(3), both, [](Bits a, Bits b, Bits, Bits) { return a ^ b; });
  opcode("not." + w.type("b"), w.registers(2), {w.values()}, [=](Bits a, Bits, Bits, Bits) { return ~a & w.mask(); });
  opcode("cnot." + w.type("b"), w.registers(2), {w.values()}, [](Bits a, Bits, Bits, Bits) { return Bits{a == 0}; });
}

void shifts(const Width& w) {
  std::string registers = w.registers(2) + "r";
  Bits bits = static_cast<Bits>(w.bits);
  opcode("shl." + w.type("b"), registers, {w.values(), COUNTS},
         [=](Bits a, Bits n, Bits, Bits) { return n >= bits ? 0 : a << n & w.mask(); });
  opcode("shr." + w.type("u"), registers, {w.values(), COUNTS},
         [=](Bits a, Bits n, Bits, Bits) { return n >= bits ? 0 : a >> n; });
  opcode("shr." + w.type("s"), registers, {w.values(), COUNTS}, [=](Bits a, Bits n, Bits, Bits) {
    return static_cast<Bits>(w.sign(a) >> std::min<Bits>(n, 63)) & w.mask();
  });
}

// As the manual of bfe spells it out, bit by bit.
Bits extract(const Width& w, bool isSigned, Bits a, Bits from, Bits count) {
  Bits msb = static_cast<Bits>(w.bits) - 1;
  from &= 255;
  count &= 255;
  Bits fill = !isSigned || count == 0 ? 0 : a >> std::min(from + count - 1, msb) & 1;
  Bits result = 0;
  for (Bits i = 0; i <= msb; i++) {
    Bits bit = i < count && from + i <= msb ? a >> (from + i) & 1 : fill;
    result |= bit << i;
  }
  return result;
}

Bits insert(const Width& w, Bits a, Bits b, Bits from, Bits count) {
  Bits msb = static_cast<Bits>(w.bits) - 1;
  from &= 255;
  count &= 255;
  for (Bits i = 0; i < count && from + i <= msb; i++) {
    b = (b & ~(1ull << (from + i))) | (a >> i & 1) << (from + i);
  }
  return b;
}

void fields(const Width& w) {
  for (bool isSigned : {false, true}) {
    opcode("bfe." + w.type(isSigned ? "s" : "u"), w.registers(2) + "rr", {w.values(), COUNTS, COUNTS},
           [=](Bits a, Bits b, Bits c, Bits) { return extract(w, isSigned, a, b, c); });
  }
  opcode("bfi." + w.type("b"), w.registers(3) + "rr", {{0, ~0ull & w.mask(), 0x12345678}, {0, 0xdeadbeef}, COUNTS, COUNTS},
         [=](Bits a, Bits b, Bits c, Bits e) { return insert(w, a, b, c, e); });
  opcode("brev." + w.type("b"), w.registers(2), {w.values()}, [=](Bits a, Bits, Bits, Bits) {
    Bits r = 0;
    for (int i = 0; i < w.bits; i++) r |= (a >> i & 1) << (w.bits - 1 - i);
    return r;
  });
  opcode("popc." + w.type("b"), "r" + w.registers(1), {w.values()}, [](Bits a, Bits, Bits, Bits) {
    Bits n = 0;
    for (; a != 0; a &= a - 1) n++;
    return n;
  });
  auto highest = [](Bits a) {
    int at = 63;
    while (at >= 0 && !(a >> at & 1)) at--;
    return at;
  };
  opcode("clz." + w.type("b"), "r" + w.registers(1), {w.values()},
         [=](Bits a, Bits, Bits, Bits) { return static_cast<Bits>(w.bits - 1 - highest(a)); });
  opcode("bfind." + w.type("u"), "r" + w.registers(1), {w.values()},
         [=](Bits a, Bits, Bits, Bits) { return Bits{static_cast<uint32_t>(highest(a))}; });
  opcode("bfind." + w.type("s"), "r" + w.registers(1), {w.values()}, [=](Bits a, Bits, Bits, Bits) {
    return Bits{static_cast<uint32_t>(highest(w.sign(a) < 0 ? ~a & w.mask() : a))};
  });
  opcode("bfind.shiftamt." + w.type("u"), "r" + w.registers(1), {w.values()}, [=](Bits a, Bits, Bits, Bits) {
    int at = highest(a);
    return Bits{static_cast<uint32_t>(at < 0 ? -1 : w.bits - 1 - at)};
  });
}

void funnels() {
  auto both = [](Bits low, Bits high) { return high << 32 | low; };
  auto clamp = [](Bits n) { return n > 32 ? 32 : n; };
  std::vector<Values> operands = {INTS32, INTS32, COUNTS};
  opcode("shf.l.wrap.b32", "rrrr", operands, [=](Bits a, Bits b, Bits n, Bits) { return both(a, b) << (n & 31) >> 32; });
  opcode("shf.r.wrap.b32", "rrrr", operands, [=](Bits a, Bits b, Bits n, Bits) { return both(a, b) >> (n & 31) & 0xffffffff; });
  opcode("shf.l.clamp.b32", "rrrr", operands, [=](Bits a, Bits b, Bits n, Bits) { return both(a, b) << clamp(n) >> 32; });
  opcode("shf.r.clamp.b32", "rrrr", operands, [=](Bits a, Bits b, Bits n, Bits) { return both(a, b) >> clamp(n) & 0xffffffff; });
}

void bytes() {
  const Values words = {0x33221100, 0x80ff7f01};
  auto byteOf = [](Bits a, Bits b, Bits k) { return (b << 32 | a) >> (8 * k) & 255; };
  opcode("prmt.b32", "rrrr", {words, {0xf7e6d5c4, 0}, {0x3210, 0x7654, 0x0123, 0xfedc, 0x8f94, 0xffff0000}},
         [=](Bits a, Bits b, Bits s, Bits) {
           Bits r = 0;
           for (int k = 0; k < 4; k++) {
             Bits n = s >> (4 * k) & 15;
             Bits v = byteOf(a, b, n & 7);
             r |= (n & 8 ? (v & 128 ? 255 : 0) : v) << (8 * k);
           }
           return r;
         });
  opcode("prmt.b32.f4e", "rrrr", {{0x33221100}, {0x77665544}, {0, 1, 2, 3}},
         [](Bits, Bits, Bits n, Bits) { return (Bits{0x7766554433221100} >> (8 * n)) & 0xffffffff; });
  opcode("prmt.b32.b4e", "rrrr", {{0x33221100}, {0x77665544}, {1}},
         [](Bits, Bits, Bits, Bits) { return Bits{0x66770011}; });
  opcode("prmt.b32.rc8", "rrrr", {{0x33221100}, {0x77665544}, {2}},
         [](Bits, Bits, Bits, Bits) { return Bits{0x22222222}; });
  opcode("prmt.b32.ecl", "rrrr", {{0x33221100}, {0}, {1}}, [](Bits, Bits, Bits, Bits) { return Bits{0x33221111}; });
  opcode("prmt.b32.ecr", "rrrr", {{0x33221100}, {0}, {1}}, [](Bits, Bits, Bits, Bits) { return Bits{0x11111100}; });
  opcode("prmt.b32.rc16", "rrrr", {{0x33221100}, {0}, {1}}, [](Bits, Bits, Bits, Bits) { return Bits{0x33223322}; });
  opcode("dp4a.s32.u32", "rrrr", {{0x80ff7f01}, {0xff02ff03}, {10}}, [](Bits, Bits, Bits, Bits) {
    return Bits{static_cast<uint32_t>(10 - 128 * 255 - 1 * 2 + 127 * 255 + 1 * 3)};
  });
}

void lookup() {
  for (int table : {0x00, 0x80, 0xe8, 0x96, 0xca, 0xff, 0x01}) {
    opcode("lop3.b32", "rrrr", {{0, 0xffffffff, 0xf0f0f0f0}, {0xcccccccc, 0x12345678}, {0xaaaaaaaa, 0}},
           [=](Bits a, Bits b, Bits c, Bits) {
             Bits r = 0;
             for (int i = 0; i < 32; i++) {
               int row = static_cast<int>((a >> i & 1) << 2 | (b >> i & 1) << 1 | (c >> i & 1));
               r |= static_cast<Bits>(table >> row & 1) << i;
             }
             return r;
           },
           ", " + std::to_string(table));
  }
}

void predicates() {
  const Values both = {0, 1};
  opcode("and.pred", "ppp", {both, both}, [](Bits a, Bits b, Bits, Bits) { return a & b; });
  opcode("or.pred", "ppp", {both, both}, [](Bits a, Bits b, Bits, Bits) { return a | b; });
  opcode("xor.pred", "ppp", {both, both}, [](Bits a, Bits b, Bits, Bits) { return a ^ b; });
  opcode("not.pred", "pp", {both}, [](Bits a, Bits, Bits, Bits) { return a ^ 1; });
  opcode("mov.pred", "pp", {both}, [](Bits a, Bits, Bits, Bits) { return a; });
}

void compare(const std::string& test, bool isSigned, const Width& w, bool (*holds)(int64_t, int64_t)) {
  opcode("setp." + test + "." + w.type(isSigned ? "s" : "u"), "p" + w.registers(2), {w.values(), w.values()},
         [=](Bits a, Bits b, Bits, Bits) {
           // The order of unsigned values is that of signed ones with the top bit turned.
           Bits top = isSigned ? 0 : 1ull << (w.bits - 1);
           return Bits{holds(w.sign(a ^ top), w.sign(b ^ top))};
         });
}

void comparisons(const Width& w) {
  for (bool isSigned : {false, true}) {
    compare("eq", isSigned, w, [](int64_t x, int64_t y) { return x == y; });
    compare("ne", isSigned, w, [](int64_t x, int64_t y) { return x != y; });
    compare("lt", isSigned, w, [](int64_t x, int64_t y) { return x < y; });
    compare("le", isSigned, w, [](int64_t x, int64_t y) { return x <= y; });
    compare("gt", isSigned, w, [](int64_t x, int64_t y) { return x > y; });
    compare("ge", isSigned, w, [](int64_t x, int64_t y) { return x >= y; });
  }
  compare("lo", false, w, [](int64_t x, int64_t y) { return x < y; });
  compare("hs", false, w, [](int64_t x, int64_t y) { return x >= y; });
}

void selections() {
  opcode("selp.b32", "rrrp", {{5, 0xffffffff}, {6}, {0, 1}}, [](Bits a, Bits b, Bits p, Bits) { return p ? a : b; });
  opcode("selp.f64", "gggp", {DOUBLES, {1}, {0, 1}}, [](Bits a, Bits b, Bits p, Bits) { return p ? a : b; });
  opcode("selp.u16", "hhhp", {{5, 0xffff}, {6}, {0, 1}}, [](Bits a, Bits b, Bits p, Bits) { return p ? a : b; });
  opcode("slct.u32.s32", "rrrr", {{5}, {6}, INTS32}, [](Bits a, Bits b, Bits c, Bits) { return c >> 31 ? b : a; });
  opcode("slct.b64.f32", "dddf", {{5}, {6}, FLOATS}, [](Bits a, Bits b, Bits c, Bits) { return asFloat(c) >= 0 ? a : b; });
  opcode("setp.lt.and.s32", "prrp", {INTS32, INTS32, {0, 1}}, [](Bits a, Bits b, Bits p, Bits) {
    return Bits{static_cast<int32_t>(a) < static_cast<int32_t>(b)} & p;
  });
  opcode("setp.ne.xor.u32", "prrp", {INTS32, INTS32, {0, 1}}, [](Bits a, Bits b, Bits p, Bits) { return Bits{a != b} ^ p; });
}

}  // namespace

void testBits() {
  for (int bits : {16, 32, 64}) {
    logic({bits});
    shifts({bits});
    comparisons({bits});
  }
  fields({32});
  fields({64});
  funnels();
  bytes();
  lookup();
  predicates();
  selections();
}

}  // namespace tests
