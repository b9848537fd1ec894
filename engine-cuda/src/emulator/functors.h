// SPDX-License-Identifier: Apache-2.0

// Handlers for a functor over one type, and the operands that go with them.
#pragma once

#include "decoder.h"
#include "lanes.h"

namespace emulator {

template <class F>
struct Unary {
  template <class T>
  struct Of {
    static constexpr Handler run = unary<T, T, F>;
  };
};

template <class F>
struct Binary {
  template <class T>
  struct Of {
    static constexpr Handler run = binary<T, T, T, F>;
  };
};

// Second operand u32: shifts.
template <class F>
struct Shift {
  template <class T>
  struct Of {
    static constexpr Handler run = binary<T, T, u32, F>;
  };
};

template <class F>
struct Ternary {
  template <class T>
  struct Of {
    static constexpr Handler run = ternary<T, T, T, T, F>;
  };
};

inline void operandsDA(Decoder& d, Inst& i, const std::string& to, const std::string& a) {
  i.d = d.destination(to);
  d.comma();
  i.a = d.operand(a);
}

inline void operandsDAB(Decoder& d, Inst& i, const std::string& to, const std::string& a,
                        const std::string& b) {
  operandsDA(d, i, to, a);
  d.comma();
  i.b = d.operand(b);
}

inline void operandsDABC(Decoder& d, Inst& i, const std::string& to, const std::string& a,
                         const std::string& b, const std::string& c) {
  operandsDAB(d, i, to, a, b);
  d.comma();
  i.c = d.operand(c);
}

}  // namespace emulator
