// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <stdexcept>
#include <string>
#include <vector>

namespace emulator {

// Why a module is refused; carries the PTX line.
struct Refused : std::runtime_error {
  Refused(int line, const std::string& why)
      : std::runtime_error("PTX line " + std::to_string(line) + ": " + why) {}
};

struct Token {
  std::string text;  // a string keeps its first quote
  int line;
  size_t begin, end;  // in the source
};

// Words (with dots, %, $ and ::), strings, and single characters; ends with an empty token.
std::vector<Token> tokens(const std::string& source);

}  // namespace emulator
