// SPDX-License-Identifier: Apache-2.0

// mov with packing and unpacking, address conversion.

#include "functors.h"

namespace emulator {

namespace {

template <class T>
void move(Warp& w, const Inst& i) {
  const T* a = registerAt<T>(w, i.a);
  eachLane<T>(w, i.d, [=](int l) { return a[l]; });
}

void movePredicate(Warp& w, const Inst& i) { setPredicate(w, i.d, predicate(w, i.a)); }

// inst.mode bits for each part, inst.vector parts.
void pack(Warp& w, const Inst& i) {
  u64 packed[LANES] = {};
  u64 mask = (1ull << i.mode) - 1;
  for (int k = 0; k < i.vector; k++) {
    const u32* part = registerAt<u32>(w, i.v[k]);
    for (int l = 0; l < LANES; l++) packed[l] |= (part[l] & mask) << (k * i.mode);
  }
  if (i.mode * i.vector == 64) {
    blend(registerAt<u64>(w, i.d), packed, w.mask);
  } else {
    eachLane<u32>(w, i.d, [&](int l) { return static_cast<u32>(packed[l]); });
  }
}

template <class T>
void unpack(Warp& w, const Inst& i) {
  T whole[LANES];
  const T* a = registerAt<T>(w, i.a);
  for (int l = 0; l < LANES; l++) whole[l] = a[l];
  u32 mask = static_cast<u32>((1ull << i.mode) - 1);
  for (int k = 0; k < i.vector; k++) {
    eachLane<u32>(w, i.v[k], [&](int l) { return static_cast<u32>(whole[l] >> (k * i.mode)) & mask; });
  }
}

std::string partType(Decoder& d, int bytes, int parts) {
  if (parts == 1 || bytes % parts != 0 || bytes / parts > 4) d.unknown();
  return "b" + std::to_string(8 * bytes / parts);
}

// How many operands a {...} has.
int countParts(Decoder& d, Inst& i) {
  return d.vectorOperands(i, "b8", true, false);
}

void decodeMove(Decoder& d, Inst& i) {
  std::string type = d.takeType();
  int bytes = sizeOfType(type);
  if (d.peek() == "{") {
    i.vector = static_cast<u8>(countParts(d, i));
    i.mode = static_cast<u8>(8 * bytes / i.vector);
    partType(d, bytes, i.vector);
    d.comma();
    i.a = d.operand(type);
    i.run = bytes == 8 ? unpack<u64> : unpack<u32>;
    return;
  }
  i.d = d.destination(type);
  d.comma();
  if (d.peek() == "{") {
    i.vector = static_cast<u8>(countParts(d, i));
    i.mode = static_cast<u8>(8 * bytes / i.vector);
    partType(d, bytes, i.vector);
    i.run = pack;
    return;
  }
  i.a = d.operand(type);
  i.run = bytes == 0 ? movePredicate : bytes == 8 ? move<u64> : move<u32>;
}

template <bool TO>
struct Convert64 {
  template <u64 WINDOW>
  struct By {
    static u64 of(u64 x) { return TO ? x - WINDOW : x + WINDOW; }
  };
};

void decodeAddress(Decoder& d, Inst& i) {
  bool to = d.take("to");
  std::string space = d.takeOne({"global", "shared", "local", "const", "param"});
  if (space == "shared") d.take("cta");
  std::string type = d.takeType();
  if (type != "u64" || space == "param") d.unknown();
  operandsDA(d, i, type, type);
  if (space == "shared") {
    i.run = to ? unary<u64, u64, Convert64<true>::By<SHARED_WINDOW>>
               : unary<u64, u64, Convert64<false>::By<SHARED_WINDOW>>;
  } else if (space == "local") {
    i.run = to ? unary<u64, u64, Convert64<true>::By<LOCAL_WINDOW>>
               : unary<u64, u64, Convert64<false>::By<LOCAL_WINDOW>>;
  } else {
    i.run = move<u64>;
  }
}

void isInSpace(Warp& w, const Inst& i) {
  const u64* a = registerAt<u64>(w, i.a);
  u32 result = 0;
  for (int l = 0; l < LANES; l++) {
    bool shared = a[l] - SHARED_WINDOW < WINDOW_BYTES;
    bool local = a[l] - LOCAL_WINDOW < WINDOW_BYTES;
    bool yes = i.space == Space::Shared ? shared : i.space == Space::Local ? local : !shared && !local;
    result |= yes ? 1u << l : 0;
  }
  setPredicate(w, i.d, result);
}

void decodeIsInSpace(Decoder& d, Inst& i) {
  std::string space = d.takeOne({"global", "shared", "local"});
  i.space = space == "shared" ? Space::Shared : space == "local" ? Space::Local : Space::Global;
  operandsDA(d, i, "pred", "u64");
  i.run = isInSpace;
}

}  // namespace

void addMoveOpcodes(OpcodeTable& table) {
  table["mov"] = decodeMove;
  table["cvta"] = decodeAddress;
  table["isspacep"] = decodeIsInSpace;
}

}  // namespace emulator
