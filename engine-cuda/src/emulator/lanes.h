// SPDX-License-Identifier: Apache-2.0

// Handlers of instructions that compute each lane by itself, from functors with a static `of`.
// All 32 lanes are computed always, and stored where the mask says so: one loop without branches.
#pragma once

#include "warp.h"

namespace emulator {

// 8 and 16-bit values lie in 32-bit registers; what is above them is of no meaning.
template <class T>
struct StoredAs {
  using type = T;
};
template <>
struct StoredAs<u8> {
  using type = u32;
};
template <>
struct StoredAs<s8> {
  using type = u32;
};
template <>
struct StoredAs<u16> {
  using type = u32;
};
template <>
struct StoredAs<s16> {
  using type = u32;
};
template <class T>
using Stored = typename StoredAs<T>::type;

template <class T>
const Stored<T>* source(Warp& w, u32 offset) {
  return registerAt<Stored<T>>(w, offset);
}

template <class S>
void blend(S* to, const S* from, u32 mask) {
#pragma GCC ivdep
  for (int l = 0; l < LANES; l++) to[l] = mask >> l & 1 ? from[l] : to[l];
}

template <class D, class F>
inline __attribute__((always_inline)) void eachLane(Warp& w, u32 destination, F f) {
  using S = Stored<D>;
  S* d = registerAt<S>(w, destination);
  if (w.mask == ALL_LANES) {
#pragma GCC ivdep
    for (int l = 0; l < LANES; l++) d[l] = static_cast<S>(f(l));
    return;
  }
  alignas(64) S results[LANES];
  for (int l = 0; l < LANES; l++) results[l] = static_cast<S>(f(l));
  blend(d, results, w.mask);
}

template <class D, class A, class F>
void unary(Warp& w, const Inst& i) {
  const Stored<A>* a = source<A>(w, i.a);
  eachLane<D>(w, i.d, [=](int l) { return static_cast<D>(F::of(static_cast<A>(a[l]))); });
}

template <class D, class A, class B, class F>
void binary(Warp& w, const Inst& i) {
  const Stored<A>* a = source<A>(w, i.a);
  const Stored<B>* b = source<B>(w, i.b);
  eachLane<D>(w, i.d, [=](int l) {
    return static_cast<D>(F::of(static_cast<A>(a[l]), static_cast<B>(b[l])));
  });
}

template <class D, class A, class B, class C, class F>
void ternary(Warp& w, const Inst& i) {
  const Stored<A>* a = source<A>(w, i.a);
  const Stored<B>* b = source<B>(w, i.b);
  const Stored<C>* c = source<C>(w, i.c);
  eachLane<D>(w, i.d, [=](int l) {
    return static_cast<D>(
        F::of(static_cast<A>(a[l]), static_cast<B>(b[l]), static_cast<C>(c[l])));
  });
}

template <class D, class A, class B, class C, class E, class F>
void quaternary(Warp& w, const Inst& i) {
  const Stored<A>* a = source<A>(w, i.a);
  const Stored<B>* b = source<B>(w, i.b);
  const Stored<C>* c = source<C>(w, i.c);
  const Stored<E>* e = source<E>(w, i.e);
  eachLane<D>(w, i.d, [=](int l) {
    return static_cast<D>(F::of(static_cast<A>(a[l]), static_cast<B>(b[l]),
                                static_cast<C>(c[l]), static_cast<E>(e[l])));
  });
}

// The bits of lanes that a test holds for.
template <class A, class F>
u32 compareLanes(Warp& w, const Inst& i) {
  const Stored<A>* a = source<A>(w, i.a);
  const Stored<A>* b = source<A>(w, i.b);
  alignas(64) u32 bits[LANES];
  for (int l = 0; l < LANES; l++) {
    bits[l] = F::of(static_cast<A>(a[l]), static_cast<A>(b[l])) ? 1u << l : 0u;
  }
  u32 all = 0;
  for (int l = 0; l < LANES; l++) all |= bits[l];
  return all;
}

}  // namespace emulator
