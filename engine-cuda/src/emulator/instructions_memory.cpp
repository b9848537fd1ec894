// SPDX-License-Identifier: Apache-2.0

// Loads and stores of one to four elements.

#include <cstring>

#include "access.h"
#include "functors.h"

namespace emulator {

namespace {

// M: what lies in memory, R: the register's lanes.
template <class M, class R, int N>
void load(Warp& w, const Inst& i) {
  u64 at[LANES];
  resolve(w, i, sizeof(M) * N, Does::Read, at);
  for (int k = 0; k < N; k++) {
    R* d = registerAt<R>(w, i.v[k]);
    if (w.mask == ALL_LANES) {
      for (int l = 0; l < LANES; l++) d[l] = static_cast<R>(reinterpret_cast<const M*>(at[l])[k]);
    } else {
      for (u32 rest = w.mask; rest != 0; rest &= rest - 1) {
        int l = __builtin_ctz(rest);
        d[l] = static_cast<R>(reinterpret_cast<const M*>(at[l])[k]);
      }
    }
  }
}

template <class M, class R, int N>
void store(Warp& w, const Inst& i) {
  u64 at[LANES];
  resolve(w, i, sizeof(M) * N, Does::Write, at);
  for (int k = 0; k < N; k++) {
    const R* from = registerAt<R>(w, i.v[k]);
    for (u32 rest = w.mask; rest != 0; rest &= rest - 1) {
      int l = __builtin_ctz(rest);
      reinterpret_cast<M*>(at[l])[k] = static_cast<M>(from[l]);
    }
  }
}

template <class M, class R, int N>
struct Load {
  static constexpr Handler run = load<M, R, N>;
};
template <class M, class R, int N>
struct Store {
  static constexpr Handler run = store<M, R, N>;
};
// Parameters are the same for all lanes.
template <class M, class R, int N>
struct LoadParameter {
  static void run(Warp& w, const Inst& i) {
    for (int k = 0; k < N; k++) {
      M value;
      std::memcpy(&value, w.worker->launch->parameters + i.imm + k * static_cast<s64>(sizeof(M)), sizeof(M));
      eachLane<R>(w, i.v[k], [=](int) { return static_cast<R>(value); });
    }
  }
};

template <template <class, class, int> class H, class M, class R>
Handler byCount(int count) {
  return count == 1   ? H<M, R, 1>::run
         : count == 2 ? H<M, R, 2>::run
         : count == 4 && sizeof(M) <= 4 ? H<M, R, 4>::run
                      : nullptr;
}

template <template <class, class, int> class H>
Handler byTypes(const std::string& type, int width, int count) {
  bool isSigned = type[0] == 's';
  bool wide = width == 8;
  switch (sizeOfType(type)) {
    case 1:
      if (isSigned) return wide ? byCount<H, s8, u64>(count) : byCount<H, s8, u32>(count);
      return wide ? byCount<H, u8, u64>(count) : byCount<H, u8, u32>(count);
    case 2:
      if (isSigned) return wide ? byCount<H, s16, u64>(count) : byCount<H, s16, u32>(count);
      return wide ? byCount<H, u16, u64>(count) : byCount<H, u16, u32>(count);
    case 4:
      if (isSigned && wide) return byCount<H, s32, u64>(count);
      return wide ? byCount<H, u32, u64>(count) : byCount<H, u32, u32>(count);
    case 8: return byCount<H, u64, u64>(count);
    default: return nullptr;
  }
}

// Cache operators and prefetch sizes mean nothing here; scopes and orders only for races.
void takeQualifiers(Decoder& d, Inst& i) {
  i.unordered = !d.takeOne({"volatile", "relaxed", "acquire", "release", "mmio"}, true).empty();
  d.takeOne({"weak"}, true);
  d.takeOne({"cta", "gpu", "sys", "cluster"}, true);
  std::string space = d.takeOne({"global", "shared", "local", "param", "const"}, true);
  i.space = space == "shared"  ? Space::Shared
            : space == "local" ? Space::Local
            : space == "param" ? Space::Param
            : space.empty()    ? Space::Generic
                               : Space::Global;
  if (space == "shared") d.take("cta");
  d.takeOne({"nc"}, true);
  d.takeOne({"ca", "cg", "cs", "lu", "cv", "wb", "wt"}, true);
  d.takeOne({"L1::evict_normal", "L1::evict_unchanged", "L1::evict_first", "L1::evict_last",
             "L1::no_allocate"}, true);
  d.takeOne({"L2::64B", "L2::128B", "L2::256B"}, true);
}

int takeVector(Decoder& d) {
  std::string vector = d.takeOne({"v2", "v4"}, true);
  return vector.empty() ? 1 : vector[1] - '0';
}

void decodeLoad(Decoder& d, Inst& i) {
  takeQualifiers(d, i);
  int count = takeVector(d);
  std::string type = d.takeType();
  if (d.vectorOperands(i, type, true, true) != count) d.refuse("as many destinations as the opcode says");
  int width = d.lastWidth;
  d.comma();
  d.address(i);
  if (i.space == Space::Param) {
    size_t bytes = static_cast<size_t>(sizeOfType(type) * count);
    if (static_cast<size_t>(i.imm) + bytes > d.scope.program->parameterBytes) {
      d.refuse("out of bounds: a load beyond the parameters");
    }
    i.run = d.need(byTypes<LoadParameter>(type, width, count));
  } else {
    i.run = d.need(byTypes<Load>(type, width, count));
  }
}

void decodeStore(Decoder& d, Inst& i) {
  takeQualifiers(d, i);
  int count = takeVector(d);
  std::string type = d.takeType();
  if (i.space == Space::Param) d.unknown();
  d.address(i);
  d.comma();
  d.lastWidth = sizeOfType(type);
  if (d.vectorOperands(i, type, true, false) != count) d.refuse("as many sources as the opcode says");
  i.run = d.need(byTypes<Store>(type[0] == 's' ? "u" + type.substr(1) : type, d.lastWidth, count));
}

void nothing(Warp&, const Inst&) {}

void decodePrefetch(Decoder& d, Inst& i) {
  d.takeOne({"global", "local"}, true);
  d.takeOne({"L1", "L2"}, true);
  d.address(i);
  i.run = nothing;
}

}  // namespace

void addMemoryOpcodes(OpcodeTable& table) {
  table["ld"] = decodeLoad;
  table["ldu"] = decodeLoad;
  table["st"] = decodeStore;
  table["prefetch"] = decodePrefetch;
  table["prefetchu"] = decodePrefetch;
}

}  // namespace emulator
