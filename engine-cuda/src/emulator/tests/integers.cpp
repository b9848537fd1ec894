// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <type_traits>

#include "opcodes.h"
#include "testing.h"

namespace tests {

namespace {

using I128 = __int128;
using U128 = unsigned __int128;

template <class T>
struct Type {
  static constexpr int BITS = 8 * sizeof(T);
  static std::string name() { return (std::is_signed_v<T> ? "s" : "u") + std::to_string(BITS); }
  static std::string reg(int count) { return std::string(count, BITS == 16 ? 'h' : BITS == 32 ? 'r' : 'd'); }
  static const Values& values() { return BITS == 16 ? INTS16 : BITS == 32 ? INTS32 : INTS64; }
  static Bits bits(I128 x) { return static_cast<Bits>(static_cast<std::make_unsigned_t<T>>(x)); }
};

template <class T, class F>
void two(const std::string& operation, F expected) {
  using Y = Type<T>;
  opcode(operation + "." + Y::name(), Y::reg(3), {Y::values(), Y::values()}, [=](Bits a, Bits b, Bits, Bits) {
    return Y::bits(expected(I128{static_cast<T>(a)}, I128{static_cast<T>(b)}));
  });
}

template <class T, class F>
void three(const std::string& operation, F expected) {
  using Y = Type<T>;
  opcode(operation + "." + Y::name(), Y::reg(4), {Y::values(), Y::values(), Y::values()},
         [=](Bits a, Bits b, Bits c, Bits) {
           return Y::bits(expected(I128{static_cast<T>(a)}, I128{static_cast<T>(b)}, I128{static_cast<T>(c)}));
         });
}

// Wraps; of 64-bit products only the low bits count, which I128 keeps as unsigned.
I128 product(I128 x, I128 y) { return static_cast<I128>(static_cast<U128>(x) * static_cast<U128>(y)); }

template <class T>
void arithmetic() {
  constexpr int BITS = Type<T>::BITS;
  two<T>("add", [](I128 x, I128 y) { return x + y; });
  two<T>("sub", [](I128 x, I128 y) { return x - y; });
  two<T>("mul.lo", [](I128 x, I128 y) { return product(x, y); });
  two<T>("mul.hi", [](I128 x, I128 y) { return static_cast<I128>(product(x, y) >> BITS); });
  two<T>("min", [](I128 x, I128 y) { return std::min(x, y); });
  two<T>("max", [](I128 x, I128 y) { return std::max(x, y); });
  two<T>("div", [](I128 x, I128 y) { return y == 0 ? I128{-1} : x / y; });
  two<T>("rem", [](I128 x, I128 y) { return y == 0 ? x : x % y; });
  three<T>("mad.lo", [](I128 x, I128 y, I128 z) { return product(x, y) + z; });
  three<T>("mad.hi", [](I128 x, I128 y, I128 z) { return static_cast<I128>(product(x, y) >> BITS) + z; });
  three<T>("sad", [](I128 x, I128 y, I128 z) { return z + (x > y ? x - y : y - x); });
}

template <class T>
void signOnly() {
  using Y = Type<T>;
  opcode("neg." + Y::name(), Y::reg(2), {Y::values()},
         [](Bits a, Bits, Bits, Bits) { return Y::bits(-I128{static_cast<T>(a)}); });
  opcode("abs." + Y::name(), Y::reg(2), {Y::values()}, [](Bits a, Bits, Bits, Bits) {
    I128 x = static_cast<T>(a);
    return Y::bits(x < 0 ? -x : x);
  });
}

template <class T, class W>
void wide() {
  using Y = Type<T>;
  std::string registers = Type<W>::reg(1) + Y::reg(2);
  opcode("mul.wide." + Y::name(), registers, {Y::values(), Y::values()}, [](Bits a, Bits b, Bits, Bits) {
    return Type<W>::bits(I128{static_cast<T>(a)} * static_cast<T>(b));
  });
  opcode("mad.wide." + Y::name(), registers + Type<W>::reg(1), {Y::values(), Y::values(), Type<W>::values()},
         [](Bits a, Bits b, Bits c, Bits) {
           return Type<W>::bits(I128{static_cast<T>(a)} * static_cast<T>(b) + static_cast<W>(c));
         });
}

Bits low24(Bits x) { return x & 0xffffff; }
int64_t low24s(Bits x) { return static_cast<int32_t>(static_cast<uint32_t>(x) << 8) >> 8; }

void special() {
  auto saturate = [](int64_t x) {
    return static_cast<Bits>(static_cast<uint32_t>(std::clamp<int64_t>(x, INT32_MIN, INT32_MAX)));
  };
  opcode("add.sat.s32", "rrr", {INTS32, INTS32}, [=](Bits a, Bits b, Bits, Bits) {
    return saturate(int64_t{static_cast<int32_t>(a)} + static_cast<int32_t>(b));
  });
  opcode("sub.sat.s32", "rrr", {INTS32, INTS32}, [=](Bits a, Bits b, Bits, Bits) {
    return saturate(int64_t{static_cast<int32_t>(a)} - static_cast<int32_t>(b));
  });
  opcode("mul24.lo.u32", "rrr", {INTS32, INTS32},
         [](Bits a, Bits b, Bits, Bits) { return low24(a) * low24(b) & 0xffffffff; });
  opcode("mul24.hi.u32", "rrr", {INTS32, INTS32},
         [](Bits a, Bits b, Bits, Bits) { return low24(a) * low24(b) >> 16; });
  opcode("mul24.lo.s32", "rrr", {INTS32, INTS32},
         [](Bits a, Bits b, Bits, Bits) { return static_cast<Bits>(low24s(a) * low24s(b)) & 0xffffffff; });
  opcode("mul24.hi.s32", "rrr", {INTS32, INTS32}, [](Bits a, Bits b, Bits, Bits) {
    return static_cast<Bits>(low24s(a) * low24s(b) >> 16) & 0xffffffff;
  });
  opcode("mad24.lo.s32", "rrrr", {INTS32, INTS32, INTS32}, [](Bits a, Bits b, Bits c, Bits) {
    return (static_cast<Bits>(low24s(a) * low24s(b)) + c) & 0xffffffff;
  });
}

// 64-bit sums and products by halves, through the condition code.
void carries() {
  std::vector<uint32_t> in;
  for (Bits a : INTS64) {
    for (uint32_t word : {a, a >> 32, ~a * 3, (~a * 3) >> 32}) in.push_back(word);
  }
  size_t count = in.size() / 4;
  Buffer input(in), out(std::vector<uint32_t>(count * 6));
  auto module = load(kernel(R"(
  mul.wide.u32 %rd1, %tid, 16; add.u64 %rd1, %rd1, %in0;
  mul.wide.u32 %rd2, %tid, 24; add.u64 %rd2, %rd2, %in1;
  ld.global.v4.u32 {%r1, %r2, %r3, %r4}, [%rd1];
  add.cc.u32 %r5, %r1, %r3; addc.u32 %r6, %r2, %r4;
  st.global.v2.u32 [%rd2], {%r5, %r6};
  sub.cc.u32 %r5, %r1, %r3; subc.u32 %r6, %r2, %r4;
  st.global.v2.u32 [%rd2+8], {%r5, %r6};
  mad.lo.cc.u32 %r5, %r1, %r3, %r2; madc.hi.u32 %r6, %r1, %r3, %r4;
  st.global.v2.u32 [%rd2+16], {%r5, %r6};)"));
  auto faults = launch(*module, Arguments().add(input).add(out), {1, static_cast<unsigned>(count), 0});
  check(faults.empty(), "carry");
  std::vector<uint32_t> words = out.words();
  for (size_t i = 0; i < count; i++) {
    auto pair = [&](const std::vector<uint32_t>& from, size_t at) { return from[at] | Bits{from[at + 1]} << 32; };
    Bits a = pair(in, 4 * i), b = pair(in, 4 * i + 2);
    Bits product = (a & 0xffffffff) * (b & 0xffffffff) + (a >> 32) + (b >> 32 << 32);
    check(pair(words, 6 * i) == a + b, "add.cc");
    check(pair(words, 6 * i + 2) == a - b, "sub.cc");
    check(pair(words, 6 * i + 4) == product, "mad.lo.cc");
  }
}

}  // namespace

void testIntegers() {
  arithmetic<int16_t>();
  arithmetic<uint16_t>();
  arithmetic<int32_t>();
  arithmetic<uint32_t>();
  arithmetic<int64_t>();
  arithmetic<uint64_t>();
  signOnly<int16_t>();
  signOnly<int32_t>();
  signOnly<int64_t>();
  wide<int16_t, int32_t>();
  wide<uint16_t, uint32_t>();
  wide<int32_t, int64_t>();
  wide<uint32_t, uint64_t>();
  special();
  carries();
}

}  // namespace tests
