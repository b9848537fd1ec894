// SPDX-License-Identifier: Apache-2.0

// atom and red. Lanes go one after the other; other blocks may run at the same time.

#include "access.h"
#include "floats.h"

namespace emulator {

namespace {

struct Add { template <class T> static T of(T old, T x, T) { return static_cast<T>(old + x); } };
struct AddFlushed { static float of(float old, float x, float) { return flush(flush(old) + flush(x)); } };
struct Exchange { template <class T> static T of(T, T x, T) { return x; } };
struct CompareAndSwap { template <class T> static T of(T old, T x, T y) { return old == x ? y : old; } };
struct Minimum { template <class T> static T of(T old, T x, T) { return x < old ? x : old; } };
struct Maximum { template <class T> static T of(T old, T x, T) { return x > old ? x : old; } };
struct And { template <class T> static T of(T old, T x, T) { return old & x; } };
struct Or { template <class T> static T of(T old, T x, T) { return old | x; } };
struct Xor { template <class T> static T of(T old, T x, T) { return old ^ x; } };
struct Increment { template <class T> static T of(T old, T x, T) { return old >= x ? 0 : old + 1; } };
struct Decrement { template <class T> static T of(T old, T x, T) { return old == 0 || old > x ? x : old - 1; } };

template <class T>
using BitsOf = std::conditional_t<sizeof(T) == 8, u64, u32>;

template <class T>
T as(BitsOf<T> bits) {
  T value;
  std::memcpy(&value, &bits, sizeof(T));
  return value;
}

template <class T, class F>
void atomic(Warp& w, const Inst& i) {
  using B = BitsOf<T>;
  u64 at[LANES];
  resolve(w, i, sizeof(T), Does::Atomic, at);
  const B* x = registerAt<B>(w, i.b);
  const B* y = registerAt<B>(w, i.c);
  B* d = registerAt<B>(w, i.d);
  for (u32 rest = w.mask; rest != 0; rest &= rest - 1) {
    int l = __builtin_ctz(rest);
    B* cell = reinterpret_cast<B*>(at[l]);
    B old = __atomic_load_n(cell, __ATOMIC_RELAXED);
    B next;
    do {
      T value = F::of(as<T>(old), as<T>(x[l]), as<T>(y[l]));
      std::memcpy(&next, &value, sizeof(T));
    } while (!__atomic_compare_exchange_n(cell, &old, next, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
    d[l] = old;
  }
}

template <class F>
Handler byWidth(const std::string& type) {
  return sizeOfType(type) == 4 ? atomic<u32, F> : sizeOfType(type) == 8 ? atomic<u64, F> : nullptr;
}

template <class F>
Handler byOrder(const std::string& type) {
  return type == "u32"   ? atomic<u32, F>
         : type == "s32" ? atomic<s32, F>
         : type == "u64" ? atomic<u64, F>
         : type == "s64" ? atomic<s64, F>
                         : nullptr;
}

Handler addition(const std::string& type, Space space) {
  // Single precision in global memory flushes, in shared memory it does not.
  if (type == "f32") return space == Space::Global ? atomic<float, AddFlushed> : atomic<float, Add>;
  if (type == "f64") return atomic<double, Add>;
  return type[0] == 'b' ? nullptr : byWidth<Add>(type);
}

Handler handlerOf(const std::string& operation, const std::string& type, Space space) {
  if (operation == "add") return addition(type, space);
  if (operation == "min") return byOrder<Minimum>(type);
  if (operation == "max") return byOrder<Maximum>(type);
  if (operation == "inc") return type == "u32" ? atomic<u32, Increment> : nullptr;
  if (operation == "dec") return type == "u32" ? atomic<u32, Decrement> : nullptr;
  if (type[0] != 'b') return nullptr;
  if (operation == "exch") return byWidth<Exchange>(type);
  if (operation == "cas") return byWidth<CompareAndSwap>(type);
  if (operation == "and") return byWidth<And>(type);
  if (operation == "or") return byWidth<Or>(type);
  return operation == "xor" ? byWidth<Xor>(type) : nullptr;
}

void decodeAtomic(Decoder& d, Inst& i, bool hasResult) {
  d.takeOne({"relaxed", "acquire", "release", "acq_rel"}, true);
  d.takeOne({"cta", "gpu", "sys", "cluster"}, true);
  std::string space = d.takeOne({"global", "shared"}, true);
  if (space == "shared") d.take("cta");
  i.space = space == "shared" ? Space::Shared : space.empty() ? Space::Generic : Space::Global;
  std::string operation =
      d.takeOne({"add", "min", "max", "inc", "dec", "exch", "cas", "and", "or", "xor"});
  std::string type = d.takeType();
  if (hasResult) {
    i.d = d.destination(type);
    d.comma();
  }
  d.address(i);
  d.comma();
  i.b = d.operand(type);
  if (operation == "cas") {
    d.comma();
    i.c = d.operand(type);
  }
  i.run = d.need(handlerOf(operation, type, i.space));
}

}  // namespace

void addAtomicOpcodes(OpcodeTable& table) {
  table["atom"] = [](Decoder& d, Inst& i) { decodeAtomic(d, i, true); };
  table["red"] = [](Decoder& d, Inst& i) { decodeAtomic(d, i, false); };
}

}  // namespace emulator
