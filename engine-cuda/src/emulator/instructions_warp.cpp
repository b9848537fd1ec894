// SPDX-License-Identifier: Apache-2.0

// Control flow, barriers, and what lanes of a warp do together. A warp instruction runs once all
// lanes of its member mask have come (machine.cpp).

#include <cstring>

#include "functors.h"
#include "text.h"

namespace emulator {

namespace {

enum ShuffleMode : u8 { UP, DOWN, BUTTERFLY, INDEX };

// c has the clamp in its lower 5 bits, the segment mask in bits 8 to 12.
void shuffle(Warp& w, const Inst& i) {
  u32 from[LANES], results[LANES] = {};
  std::memcpy(from, registerAt<u32>(w, i.a), sizeof from);
  const u32* b = registerAt<u32>(w, i.b);
  const u32* c = registerAt<u32>(w, i.c);
  u32 inRange = 0;
  for (u32 rest = w.mask; rest != 0; rest &= rest - 1) {
    int l = __builtin_ctz(rest);
    int by = static_cast<int>(b[l] & 31);
    int clamp = static_cast<int>(c[l] & 31), segment = static_cast<int>(c[l] >> 8 & 31);
    int last = (l & segment) | (clamp & ~segment);
    int source = i.mode == UP          ? l - by
                 : i.mode == DOWN      ? l + by
                 : i.mode == BUTTERFLY ? l ^ by
                                       : (l & segment) | (by & ~segment);
    bool inside = i.mode == UP ? source >= last : source <= last;
    if (!inside) source = l;
    if (!(w.mask >> source & 1)) {
      stop(Fault::Uninitialised, w, i, l,
           text("uninitialised: reads register of lane %d, which does not execute this", source));
    }
    results[l] = from[source];
    inRange |= static_cast<u32>(inside) << l;
  }
  blend(registerAt<u32>(w, i.d), results, w.mask);
  if (i.v[0] != 0) setPredicate(w, i.v[0], inRange);
}

enum VoteMode : u8 { ALL, ANY, UNIFORM, BALLOT };

void vote(Warp& w, const Inst& i) {
  u32 yes = (predicate(w, i.a) ^ static_cast<u32>(i.imm)) & w.mask;
  bool result = i.mode == ALL ? yes == w.mask : i.mode == ANY ? yes != 0 : yes == w.mask || yes == 0;
  if (i.mode == BALLOT) {
    eachLane<u32>(w, i.d, [=](int) { return yes; });
  } else {
    setPredicate(w, i.d, result ? ALL_LANES : 0);
  }
}

template <class T>
void matchAny(Warp& w, const Inst& i) {
  const T* a = registerAt<T>(w, i.a);
  u32 results[LANES] = {};
  for (int l = 0; l < LANES; l++) {
    for (int k = 0; k < LANES; k++) results[l] |= a[k] == a[l] ? 1u << k : 0;
    results[l] &= w.mask;
  }
  blend(registerAt<u32>(w, i.d), results, w.mask);
}

template <class T>
void matchAll(Warp& w, const Inst& i) {
  const T* a = registerAt<T>(w, i.a);
  T first = a[__builtin_ctz(w.mask)];
  bool same = true;
  for (u32 rest = w.mask; rest != 0; rest &= rest - 1) same &= a[__builtin_ctz(rest)] == first;
  u32 result = same ? w.mask : 0;
  eachLane<u32>(w, i.d, [=](int) { return result; });
  if (i.v[0] != 0) setPredicate(w, i.v[0], same ? ALL_LANES : 0);
}

struct Add { template <class T> static T of(T x, T y) { return static_cast<T>(static_cast<u32>(x) + static_cast<u32>(y)); } };
struct Least { template <class T> static T of(T x, T y) { return x < y ? x : y; } };
struct Most { template <class T> static T of(T x, T y) { return x > y ? x : y; } };
struct And { template <class T> static T of(T x, T y) { return x & y; } };
struct Or { template <class T> static T of(T x, T y) { return x | y; } };
struct Xor { template <class T> static T of(T x, T y) { return x ^ y; } };

template <class T, class F>
void reduce(Warp& w, const Inst& i) {
  const T* a = registerAt<T>(w, i.a);
  T result = a[__builtin_ctz(w.mask)];
  for (u32 rest = w.mask & (w.mask - 1); rest != 0; rest &= rest - 1) {
    result = F::of(result, a[__builtin_ctz(rest)]);
  }
  eachLane<T>(w, i.d, [=](int) { return result; });
}

void activeMask(Warp& w, const Inst& i) {
  u32 mask = w.mask;
  eachLane<u32>(w, i.d, [=](int) { return mask; });
}

void nothing(Warp&, const Inst&) {}

// ---- decoders

void memberMask(Decoder& d, Inst& i) {
  i.kind = Kind::Collective;
  d.comma();
  i.e = d.operand("b32");
}

void decodeShuffle(Decoder& d, Inst& i) {
  if (!d.take("sync")) d.unknown();
  std::string mode = d.takeOne({"up", "down", "bfly", "idx"});
  i.mode = mode == "up" ? UP : mode == "down" ? DOWN : mode == "bfly" ? BUTTERFLY : INDEX;
  if (d.takeType() != "b32") d.unknown();
  i.d = d.destination("b32");
  if (d.accept("|")) i.v[0] = d.destination("pred");
  d.comma();
  i.a = d.operand("b32");
  d.comma();
  i.b = d.operand("b32");
  d.comma();
  i.c = d.operand("b32");
  memberMask(d, i);
  i.run = shuffle;
}

void decodeVote(Decoder& d, Inst& i) {
  if (!d.take("sync")) d.unknown();
  std::string mode = d.takeOne({"all", "any", "uni", "ballot"});
  i.mode = mode == "all" ? ALL : mode == "any" ? ANY : mode == "uni" ? UNIFORM : BALLOT;
  std::string type = d.takeType();
  if (type != (i.mode == BALLOT ? "b32" : "pred")) d.unknown();
  i.d = d.destination(type);
  d.comma();
  bool negated;
  i.a = d.predicateOperand(&negated);
  i.imm = negated ? -1 : 0;
  memberMask(d, i);
  i.run = vote;
}

void decodeMatch(Decoder& d, Inst& i) {
  bool all = d.takeOne({"any", "all"}) == "all";
  if (!d.take("sync")) d.unknown();
  std::string type = d.takeType();
  if (type != "b32" && type != "b64") d.unknown();
  i.d = d.destination("b32");
  if (all && d.accept("|")) i.v[0] = d.destination("pred");
  d.comma();
  i.a = d.operand(type);
  memberMask(d, i);
  bool wide = type == "b64";
  i.run = all ? (wide ? matchAll<u64> : matchAll<u32>) : (wide ? matchAny<u64> : matchAny<u32>);
}

void decodeReduce(Decoder& d, Inst& i) {
  if (!d.take("sync")) d.unknown();
  std::string operation = d.takeOne({"add", "min", "max", "and", "or", "xor"});
  std::string type = d.takeType();
  if (type != "u32" && type != "s32" && type != "b32") d.unknown();
  operandsDA(d, i, type, type);
  memberMask(d, i);
  bool isSigned = type == "s32";
  bool isBits = type == "b32";
  i.run = d.need(operation == "and"   ? (isBits ? reduce<u32, And> : nullptr)
                 : operation == "or"  ? (isBits ? reduce<u32, Or> : nullptr)
                 : operation == "xor" ? (isBits ? reduce<u32, Xor> : nullptr)
                 : isBits             ? nullptr
                 : operation == "add" ? reduce<u32, Add>
                 : operation == "min" ? (isSigned ? reduce<s32, Least> : reduce<u32, Least>)
                                      : (isSigned ? reduce<s32, Most> : reduce<u32, Most>));
}

void decodeActiveMask(Decoder& d, Inst& i) {
  if (d.takeType() != "b32") d.unknown();
  i.d = d.destination("b32");
  i.run = activeMask;
}

// Only the barrier of all threads: number 0, no thread count.
void decodeBarrier(Decoder& d, Inst& i) {
  if (d.take("warp")) {
    if (!d.take("sync")) d.unknown();
    i.kind = Kind::WarpBarrier;
    i.e = d.operand("b32");
    return;
  }
  d.take("cta");
  if (!d.take("sync")) d.unknown();
  d.take("aligned");
  if (d.number() != 0 || d.peek() == ",") d.refuse("only barrier 0 of all threads is supported");
  i.kind = Kind::Barrier;
}

void decodeFence(Decoder& d, Inst& i) {
  d.takeOne({"sc", "acq_rel", "acquire", "release"}, true);
  d.takeOne({"cta", "gl", "gpu", "sys", "cluster"});
  i.run = nothing;
}

void decodeBranch(Decoder& d, Inst& i) {
  d.take("uni");
  d.label = d.word();
  i.kind = Kind::Branch;
}

void decodeBranchTable(Decoder& d, Inst& i) {
  if (!d.take("idx")) d.unknown();
  d.take("uni");
  i.a = d.operand("u32");
  d.comma();
  d.label = d.word();
  i.kind = Kind::BranchTable;
}

void decodeExit(Decoder& d, Inst& i) {
  d.take("uni");
  i.kind = Kind::Exit;
}

void decodeTrap(Decoder&, Inst& i) { i.kind = Kind::Trap; }

void decodeSleep(Decoder& d, Inst& i) {
  if (d.takeType() != "u32") d.unknown();
  d.operand("u32");
  i.run = nothing;
}

}  // namespace

void addWarpOpcodes(OpcodeTable& table) {
  table["shfl"] = decodeShuffle;
  table["vote"] = decodeVote;
  table["match"] = decodeMatch;
  table["redux"] = decodeReduce;
  table["activemask"] = decodeActiveMask;
  table["bar"] = decodeBarrier;
  table["barrier"] = decodeBarrier;
  table["membar"] = decodeFence;
  table["fence"] = decodeFence;
  table["bra"] = decodeBranch;
  table["brx"] = decodeBranchTable;
  table["ret"] = decodeExit;
  table["exit"] = decodeExit;
  table["trap"] = decodeTrap;
  table["brkpt"] = decodeTrap;
  table["nanosleep"] = decodeSleep;
}

}  // namespace emulator
