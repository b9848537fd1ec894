// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <cstdio>
#include <string>
#include <type_traits>

namespace emulator {

// 64-bit integers go through `long long`, whatever uint64_t is here.
template <class T>
auto printable(T value) {
  if constexpr (std::is_integral_v<T> && sizeof(T) == 8) {
    if constexpr (std::is_signed_v<T>) {
      return static_cast<long long>(value);
    } else {
      return static_cast<unsigned long long>(value);
    }
  } else {
    return value;
  }
}

// printf into a string of one line.
template <class... A>
std::string text(const char* format, A... arguments) {
  char line[1024];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-security"
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  std::snprintf(line, sizeof line, format, printable(arguments)...);
#pragma GCC diagnostic pop
  return line;
}

}  // namespace emulator
